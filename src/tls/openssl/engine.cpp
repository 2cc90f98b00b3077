#include "tls/openssl/engine.hpp"

#include <openssl/err.h>

#include <array>

#include "base/text.hpp"
#include "tls/openssl/library.hpp"
#include "tls/openssl/verdict.hpp"
#include "wire/codes.hpp"

namespace bothends::tls::ossl {

namespace {

// The library may touch the octets of a step only during that step.
class Lent {
 public:
  Lent(Octets& octets, View in, Bytes& out) : octets_(octets) {
    octets_.in = in;
    octets_.out = &out;
    ERR_clear_error();
  }
  ~Lent() {
    octets_ = {};
    ERR_clear_error();
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  Octets& octets_;
};

std::string failure_of(const SSL* ssl) {
  auto text = take_error();
  const auto verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) text += std::string(": ") + X509_verify_cert_error_string(verdict);
  return text;
}

}  // namespace

OpensslEngine::OpensslEngine(std::shared_ptr<const void> context, const Judge& judge, SslPtr ssl, std::string name)
    : context_(std::move(context)), judge_(judge), name_(std::move(name)), ssl_(std::move(ssl)) {
  auto* bio = new_bio(octets_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  witness_.watch(ssl_.get(), handshake_.transcript);
}

OpensslEngine::~OpensslEngine() {
  // Without it OpenSSL takes the connection for truncated, and its session for not resumable.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Phase OpensslEngine::step(View from_peer, Bytes& to_peer) {
  if (done()) {
    if (phase_ == Phase::failed && watch_.awaits_alert()) note_overlooked_alert(from_peer);
    return phase_;
  }
  watch_.feed(from_peer, handshake_.transcript);
  {
    const Lent lent(octets_, from_peer, to_peer);
    if (phase_ == Phase::handshaking) shake_hands();
    if (phase_ == Phase::open) read_all();
  }
  // OpenSSL usually noticed too, and may have sent an alert. It is more patient with what looks like SSLv2.
  if (!done() && watch_.foreign()) give_up("the peer does not speak TLS");
  if (!done() && watch_.malformed()) give_up("the peer's records make no sense");
  if (phase_ == Phase::failed) {
    judge_what_was_not_judged();
    note_overlooked_alert({});
  }
  return phase_;
}

// OpenSSL drops records of another version than it settled on: also the one in which a peer refuses that very version.
void OpensslEngine::note_overlooked_alert(View rest) {
  watch_.feed(rest, handshake_.transcript);
  const auto alert = wire::parse_alert(watch_.plain_alert());
  if (!alert.complete() || alert.value->level != wire::fatal) return;
  if (handshake_.transcript.fatal_alert(wire::Direction::received)) return;
  witness_.overlooked(watch_.plain_alert());
}

void OpensslEngine::shake_hands() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1)
    opened();
  else
    stopped(result);
}

void OpensslEngine::opened() {
  phase_ = Phase::open;
  handshake_.complete = true;
  // Up to TLS 1.2 a resumed connection announces no new session: the old one, with a new ticket if there was one,
  // serves on.
  const bool client = SSL_is_server(ssl_.get()) == 0;
  if (client && SSL_session_reused(ssl_.get()) != 0 && SSL_version(ssl_.get()) < TLS1_3_VERSION)
    keep_session(SSL_get1_session(ssl_.get()));
}

void OpensslEngine::read_all() {
  std::array<std::uint8_t, SSL3_RT_MAX_PLAIN_LENGTH> piece;
  std::size_t count = 0;
  int result = 0;
  while ((result = SSL_read_ex(ssl_.get(), piece.data(), piece.size(), &count)) == 1)
    append(plain_, View(piece).first(count));
  stopped(result);
}

void OpensslEngine::stopped(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      phase_ = Phase::closed;
      SSL_shutdown(ssl_.get());  // RFC 8446 section 6.1 lets us answer at once, and RFC 5246 demands it
      return;
    default:
      give_up(failure_of(ssl_.get()));
  }
}

void OpensslEngine::give_up(std::string note) {
  phase_ = Phase::failed;
  handshake_.note = std::move(note);
}

void OpensslEngine::write(View plain, Bytes& to_peer) {
  if (phase_ != Phase::open || closing_ || plain.empty()) return;
  const Lent lent(octets_, {}, to_peer);
  while (!plain.empty()) {
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &count);
    if (result != 1) return stopped(result);
    plain = plain.subspan(count);
  }
}

void OpensslEngine::close(Bytes& to_peer) {
  if (phase_ != Phase::open || closing_) return;
  closing_ = true;
  const Lent lent(octets_, {}, to_peer);
  SSL_shutdown(ssl_.get());
}

void OpensslEngine::accept_chain(X509* leaf, unsigned sent) { handshake_.chain = description_of(leaf, sent); }

void OpensslEngine::refuse_chain(const std::vector<Bytes>& chain, const std::string& objection) {
  auto& verdict =
      handshake_.chain.emplace(verdict_on(chain, Grounds{judge_.trust, {}, name_, judge_.of_server, judge_.weak}));
  if (verdict.ok()) verdict.problems.push_back({policy::Defect::other, 0, verdict.subject, printable(objection)});
}

// A chain that OpenSSL could not even parse never comes to its verification.
void OpensslEngine::judge_what_was_not_judged() {
  if (!judge_.wanted || handshake_.chain) return;
  const auto& transcript = handshake_.transcript;
  const auto sent = judge_.of_server ? transcript.server_certificate() : transcript.client_certificate();
  if (!sent || sent->entries.empty()) return;
  std::vector<Bytes> chain;
  for (const auto& entry : sent->entries) chain.push_back(entry.der);
  refuse_chain(chain, "it could not be read");
}

}  // namespace bothends::tls::ossl
