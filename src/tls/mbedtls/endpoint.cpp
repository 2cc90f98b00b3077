#include "tls/mbedtls/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"

namespace bothends::tls::mbed {
namespace {

bool is_client_secret(mbedtls_ssl_key_export_type type) {
  return type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET ||
         type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET;
}

/// The labels of NSS key log files.
const char* key_log_label(mbedtls_ssl_key_export_type type) {
  switch (type) {
    case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET:
      return "CLIENT_RANDOM";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_EARLY_SECRET:
      return "CLIENT_EARLY_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
      return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
      return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
      return "CLIENT_TRAFFIC_SECRET_0";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
      return "SERVER_TRAFFIC_SECRET_0";
    default:
      return nullptr;
  }
}

}  // namespace

Endpoint::Endpoint(std::shared_ptr<const Context> context, bool is_client, bool verified, std::string name)
    : context_(std::move(context)),
      is_client_(is_client),
      verified_(verified),
      tap_(handshake_.transcript, is_client),
      witness_(context_->trust(), std::move(name)) {}

Result<void> Endpoint::begin() {
  int status = mbedtls_ssl_setup(connection(), context_->config());
  if (status != 0) return fail(ErrorCode::resource, "mbedtls cannot begin a connection: " + error_text(status));
  mbedtls_ssl_set_bio(connection(), this, give, take, nullptr);
  mbedtls_ssl_set_export_keys_cb(connection(), exported, this);
  mbedtls_ssl_set_verify(connection(), ChainWitness::callback, &witness_);
  return {};
}

Phase Endpoint::step(View from_peer, Bytes& to_peer) {
  if (phase_ == Phase::closed || phase_ == Phase::failed) return phase_;
  input_ = from_peer;
  output_ = &to_peer;
  run();
  if (phase_ == Phase::failed) tap_.left_over(input_);
  tap_.settle();
  witness_chain();
  input_ = {};
  output_ = nullptr;
  return phase_;
}

void Endpoint::run() {
  int status = 0;
  if (phase_ == Phase::handshaking) status = shake_hands();
  if (phase_ == Phase::open) status = read();
  if (status != 0) stop(status);
}

/// The library says WANT_READ also when it has dealt with something of its own (a ticket, a warning) while more input
/// waits: another call is due until one finds nothing to do.
bool Endpoint::worth_another_call(std::size_t left_before) const {
  return input_.size() < left_before || (phase_ == Phase::open && mbedtls_ssl_is_handshake_over(connection()) != 0 &&
                                         connection()->MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_HANDSHAKE_OVER);
}

int Endpoint::shake_hands() {
  while (mbedtls_ssl_is_handshake_over(connection()) == 0) {
    std::size_t left = input_.size();
    before_handshake_step();
    int status = mbedtls_ssl_handshake_step(connection());
    bool waits = status == MBEDTLS_ERR_SSL_WANT_READ || status == MBEDTLS_ERR_SSL_WANT_WRITE;
    if (waits && !worth_another_call(left)) return 0;
    if (status != 0 && !waits) return status;
  }
  handshake_.complete = true;
  phase_ = Phase::open;
  if (connection()->MBEDTLS_PRIVATE(tls_version) == MBEDTLS_SSL_VERSION_TLS1_2) granted();
  return 0;
}

int Endpoint::read() {
  while (true) {
    std::size_t left = input_.size();
    int status = read_once();
    if (status > 0) continue;
    if (status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
      granted();
      continue;
    }
    if (status != 0 && status != MBEDTLS_ERR_SSL_WANT_READ && status != MBEDTLS_ERR_SSL_WANT_WRITE) return status;
    if (!worth_another_call(left)) return 0;
  }
}

int Endpoint::read_once() {
  std::array<unsigned char, 16384> buffer;
  int count = mbedtls_ssl_read(connection(), buffer.data(), buffer.size());
  if (count <= 0) return count;
  append(plain_, View(buffer.data(), static_cast<std::size_t>(count)));
  tap_.saw_application_data(wire::Direction::received);
  return count;
}

void Endpoint::stop(int status) {
  if (status == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
    if (!closed_by_us_) mbedtls_ssl_close_notify(connection());
    phase_ = Phase::closed;
    return;
  }
  phase_ = Phase::failed;
  handshake_.note = printable(error_text(status));
}

void Endpoint::write(View plain, Bytes& to_peer) {
  if (phase_ != Phase::open || closed_by_us_) return;
  output_ = &to_peer;
  while (!plain.empty()) {
    int count = mbedtls_ssl_write(connection(), plain.data(), plain.size());
    if (count <= 0) {
      stop(count);
      break;
    }
    tap_.saw_application_data(wire::Direction::sent);
    plain = plain.subspan(static_cast<std::size_t>(count));
  }
  tap_.settle();
  output_ = nullptr;
}

void Endpoint::close(Bytes& to_peer) {
  if (phase_ != Phase::open || closed_by_us_) return;
  output_ = &to_peer;
  closed_by_us_ = true;
  mbedtls_ssl_close_notify(connection());
  tap_.settle();
  output_ = nullptr;
}

int Endpoint::give(void* self, const unsigned char* octets, std::size_t count) {
  auto& endpoint = *static_cast<Endpoint*>(self);
  if (endpoint.output_ == nullptr) return MBEDTLS_ERR_SSL_WANT_WRITE;
  append(*endpoint.output_, View(octets, count));
  endpoint.tap_.saw(wire::Direction::sent, View(octets, count));
  return static_cast<int>(count);
}

int Endpoint::take(void* self, unsigned char* to, std::size_t room) {
  auto& endpoint = *static_cast<Endpoint*>(self);
  std::size_t count = std::min(room, endpoint.input_.size());
  if (count == 0) return MBEDTLS_ERR_SSL_WANT_READ;
  View taken = endpoint.input_.first(count);
  std::memcpy(to, taken.data(), count);
  endpoint.tap_.saw(wire::Direction::received, taken);
  endpoint.input_ = endpoint.input_.subspan(count);
  return static_cast<int>(count);
}

void Endpoint::exported(void* self, mbedtls_ssl_key_export_type type, const unsigned char* secret, std::size_t size,
                        const unsigned char client_random[32], const unsigned char server_random[32],
                        mbedtls_tls_prf_types prf) {
  auto& endpoint = *static_cast<Endpoint*>(self);
  View octets(secret, size);
  switch (type) {
    case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET: {
      Master master{bytes_of(octets), {}, {}, prf};
      std::copy_n(client_random, 32, master.client_random.begin());
      std::copy_n(server_random, 32, master.server_random.begin());
      endpoint.tap_.master(std::move(master));
      break;
    }
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
      endpoint.tap_.handshake_secret(is_client_secret(type), octets);
      break;
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
      endpoint.tap_.application_secret(is_client_secret(type), octets);
      break;
    default:
      break;
  }
  if (endpoint.context_->key_log()) endpoint.log_key(type, octets, View(client_random, 32));
}

void Endpoint::log_key(mbedtls_ssl_key_export_type type, View secret, View client_random) {
  if (const char* label = key_log_label(type))
    handshake_.key_log.push_back(fmt::format("{} {} {}", label, to_hex(client_random), to_hex(secret)));
}

unsigned Endpoint::certificates_sent() const {
  const auto& transcript = handshake_.transcript;
  auto message = is_client_ ? transcript.server_certificate() : transcript.client_certificate();
  return message ? static_cast<unsigned>(message->entries.size()) : 0;
}

void Endpoint::witness_chain() {
  if (!verified_ || handshake_.chain || phase_ == Phase::handshaking) return;
  unsigned sent = certificates_sent();
  if (sent == 0) return;
  witness_.add_flags(mbedtls_ssl_get_verify_result(connection()));
  handshake_.chain = witness_.verdict(sent);
}

}  // namespace bothends::tls::mbed
