// The engine of both roles: octets through the library, and the tap beside it.
#pragma once

#include "tls/engine.hpp"
#include "tls/mbedtls/context.hpp"
#include "tls/mbedtls/tap.hpp"
#include "tls/mbedtls/verdict.hpp"

namespace bothends::tls::mbed {

class Endpoint : public Engine {
 public:
  Phase step(View from_peer, Bytes& to_peer) final;
  void write(View plain, Bytes& to_peer) final;
  void close(Bytes& to_peer) final;
  Bytes take_plain() final { return std::exchange(plain_, {}); }
  Phase phase() const final { return phase_; }
  const policy::Handshake& handshake() const final { return handshake_; }
  void clock(std::chrono::microseconds now) final { tap_.clock(now); }

 protected:
  /// `verified`: the library judges the peer's chain, against `name` where that is not empty.
  Endpoint(std::shared_ptr<const Context> context, bool is_client, bool verified, std::string name);
  /// Ties the library's connection to this object. Once, before anything else.
  Result<void> begin();

  mbedtls_ssl_context* connection() const { return connection_.get(); }
  /// Called before each step of the handshake.
  virtual void before_handshake_step() {}
  /// The server has granted something to resume.
  virtual void granted() {}

 private:
  static int give(void* self, const unsigned char* octets, std::size_t count);
  static int take(void* self, unsigned char* to, std::size_t room);
  static void exported(void* self, mbedtls_ssl_key_export_type type, const unsigned char* secret, std::size_t size,
                       const unsigned char client_random[32], const unsigned char server_random[32],
                       mbedtls_tls_prf_types prf);

  void run();
  int shake_hands();
  int read();
  int read_once();
  bool worth_another_call(std::size_t left_before) const;
  void stop(int status);
  void witness_chain();
  unsigned certificates_sent() const;
  void log_key(mbedtls_ssl_key_export_type type, View secret, View client_random);

  std::shared_ptr<const Context> context_;  // outlives connection_
  bool is_client_;
  bool verified_;
  policy::Handshake handshake_;
  Tap tap_;
  ChainWitness witness_;
  Connection connection_;
  Phase phase_ = Phase::handshaking;
  bool closed_by_us_ = false;
  View input_;               // only within step
  Bytes* output_ = nullptr;  // only within step, write and close
  Bytes plain_;
};

}  // namespace bothends::tls::mbed
