#include "tls/mbedtls/engine.hpp"

#include "base/text.hpp"
#include "tls/mbedtls/endpoint.hpp"

namespace bothends::tls::mbed {
namespace {

/// What a client may resume. The library copies it out of one connection and into the next.
class ResumableSession final : public Session {
 public:
  SavedSession saved;
};

class ClientEndpoint final : public Endpoint {
 public:
  ClientEndpoint(std::shared_ptr<const ClientSide> side, const Peer& peer)
      : Endpoint(side, true, side->verify() != policy::Verify::none, checked_name(*side, peer)),
        sni_(peer.sni),
        name_(checked_name(*side, peer)) {}

  Result<void> begin(const std::shared_ptr<const Session>& session) {
    return Endpoint::begin().and_then([&]() -> Result<void> {
      if (!session) return {};
      const auto* ours = dynamic_cast<const ResumableSession*>(session.get());
      if (ours == nullptr) return fail(ErrorCode::usage, "a session of another stack cannot be resumed by mbedtls");
      // A session that these settings cannot resume (its suite, its version) is no reason not to connect.
      if (speaks(*ours->saved.get())) mbedtls_ssl_set_session(connection(), ours->saved.get());
      return {};
    });
  }

  std::shared_ptr<const Session> session() const override { return session_; }

 private:
  static std::string checked_name(const ClientSide& side, const Peer& peer) {
    if (side.verify() != policy::Verify::full) return {};
    return peer.name.ends_with('.') ? peer.name.substr(0, peer.name.size() - 1) : peer.name;
  }

  /// The library takes the version of a session for offered, whatever its settings say.
  bool speaks(const mbedtls_ssl_session& session) const {
    const auto& config = *mbedtls_ssl_context_get_config(connection());
    auto version = session.MBEDTLS_PRIVATE(tls_version);
    return version >= config.MBEDTLS_PRIVATE(min_tls_version) && version <= config.MBEDTLS_PRIVATE(max_tls_version);
  }

  /// The library has one host name for both the SNI and the check of the certificate. We have two, and the states in
  /// which it writes the one and reads the other lie apart.
  void before_handshake_step() override {
    int state = connection()->MBEDTLS_PRIVATE(state);
    if (state == MBEDTLS_SSL_CLIENT_HELLO) host_name(sni_ ? sni_->c_str() : nullptr);
    if (state == MBEDTLS_SSL_SERVER_CERTIFICATE) host_name(name_.empty() ? nullptr : name_.c_str());
  }

  void host_name(const char* name) { mbedtls_ssl_set_hostname(connection(), name); }

  void granted() override {
    auto session = std::make_shared<ResumableSession>();
    if (mbedtls_ssl_get_session(connection(), session->saved.get()) != 0) return;
    bool has_ticket = session->saved->MBEDTLS_PRIVATE(ticket_len) > 0;
    if (has_ticket || session->saved->MBEDTLS_PRIVATE(id_len) > 0) session_ = std::move(session);
  }

  std::optional<std::string> sni_;
  std::string name_;
  std::shared_ptr<const Session> session_;
};

class ServerEndpoint final : public Endpoint {
 public:
  ServerEndpoint(std::shared_ptr<const ServerSide> side, bool verified)
      : Endpoint(std::move(side), false, verified, {}) {}
  using Endpoint::begin;
};

/// The library takes C strings.
Result<void> usable(const std::string& name) {
  if (name.size() <= MBEDTLS_SSL_MAX_HOST_NAME_LEN && name.find('\0') == std::string::npos) return {};
  return fail(ErrorCode::value,
              "mbedtls takes host names of at most 255 octets without NUL, not \"" + printable(name, 64) + "\"");
}

}  // namespace

Result<std::unique_ptr<Engine>> client_engine(std::shared_ptr<const ClientSide> context, const Peer& peer) {
  for (const auto& name : {peer.sni.value_or(std::string()), peer.name})
    if (auto fits = usable(name); !fits) return tl::unexpected(fits.error());
  if (context->verify() == policy::Verify::full && (peer.name.empty() || peer.name == "."))
    return fail(ErrorCode::value, "no name to check the certificate for: \"" + printable(peer.name) + "\"");
  auto engine = std::make_unique<ClientEndpoint>(std::move(context), peer);
  if (auto begun = engine->begin(peer.session); !begun) return tl::unexpected(begun.error());
  return engine;
}

Result<std::unique_ptr<Engine>> server_engine(std::shared_ptr<const ServerSide> context) {
  bool verified = context->asks_for_certificate();
  auto engine = std::make_unique<ServerEndpoint>(std::move(context), verified);
  if (auto begun = engine->begin(); !begun) return tl::unexpected(begun.error());
  return engine;
}

}  // namespace bothends::tls::mbed
