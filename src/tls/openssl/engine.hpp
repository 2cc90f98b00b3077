// One connection. Both roles are the same machine: contexts make the difference.
#pragma once

#include <utility>

#include "tls/engine.hpp"
#include "tls/openssl/handles.hpp"
#include "tls/openssl/octets.hpp"
#include "tls/openssl/witness.hpp"
#include "tls/record_watch.hpp"

namespace bothends::tls::ossl {

class SslSession : public Session {
 public:
  explicit SslSession(SSL_SESSION* owned) : session_(owned) {}
  SSL_SESSION* handle() const { return session_.get(); }

 private:
  SslSessionPtr session_;
};

/// What a connection needs of the context it was made by.
struct Judge {
  bool wanted = false;    // the peer's chain is judged at all
  bool of_server = true;  // the peer is a server
  bool weak = true;
  std::vector<X509Ptr> trust;
};

class OpensslEngine : public Engine {
 public:
  /// `context` is kept alive; `judge` is part of it. `name` is what the peer's leaf must be for; empty: anything.
  OpensslEngine(std::shared_ptr<const void> context, const Judge& judge, SslPtr ssl, std::string name);
  ~OpensslEngine() override;
  OpensslEngine(const OpensslEngine&) = delete;
  OpensslEngine& operator=(const OpensslEngine&) = delete;

  Phase step(View from_peer, Bytes& to_peer) override;
  void write(View plain, Bytes& to_peer) override;
  void close(Bytes& to_peer) override;
  Bytes take_plain() override { return std::exchange(plain_, {}); }
  Phase phase() const override { return phase_; }
  const policy::Handshake& handshake() const override { return handshake_; }
  std::shared_ptr<const Session> session() const override { return session_; }
  void clock(std::chrono::microseconds now) override { witness_.clock(now); }

  // For the callbacks of contexts.
  static OpensslEngine& of(const SSL* ssl) { return *static_cast<OpensslEngine*>(SSL_get_app_data(ssl)); }
  void accept_chain(X509* leaf, unsigned sent);
  /// `objection`: why OpenSSL does not accept the chain. It counts only if nothing else was found.
  void refuse_chain(const std::vector<Bytes>& chain, const std::string& objection);
  void keep_session(SSL_SESSION* owned) { session_ = std::make_shared<SslSession>(owned); }
  void log_key(const char* line) { handshake_.key_log.emplace_back(line); }

 private:
  bool done() const { return phase_ == Phase::closed || phase_ == Phase::failed; }
  void shake_hands();
  void read_all();
  void opened();
  void stopped(int result);
  void give_up(std::string note);
  void judge_what_was_not_judged();
  void note_overlooked_alert(View rest);

  std::shared_ptr<const void> context_;
  const Judge& judge_;
  std::string name_;
  policy::Handshake handshake_;
  Witness witness_;
  RecordWatch watch_;
  Octets octets_;
  SslPtr ssl_;
  std::shared_ptr<const Session> session_;
  Bytes plain_;
  Phase phase_ = Phase::handshaking;
  bool closing_ = false;
};

}  // namespace bothends::tls::ossl
