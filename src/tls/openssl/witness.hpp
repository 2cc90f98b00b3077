// Writes the transcript from OpenSSL's message callback, which hands over every message in the clear.
#pragma once

#include <openssl/ssl.h>

#include <array>

#include "wire/transcript.hpp"

namespace bothends::tls::ossl {

class Witness {
 public:
  /// Must outlive `ssl`, and `transcript` must outlive the witness.
  void watch(SSL* ssl, wire::Transcript& transcript);
  void clock(std::chrono::microseconds now) { now_ = now; }
  /// A plain alert that lay on the wire and that OpenSSL did not care to read.
  void overlooked(View alert);

 private:
  struct Way {
    std::uint8_t record_type = 0;     // of the newest record
    bool change_cipher_spec = false;  // up to TLS 1.2 everything after it is encrypted
  };

  static void on_message(int sent, int version, int type, const void* bytes, std::size_t size, SSL*, void* witness);
  void header(wire::Direction direction, View header);
  void add(wire::Direction direction, int version, std::uint8_t type, View bytes);

  wire::Transcript* transcript_ = nullptr;
  std::chrono::microseconds now_{0};
  std::array<Way, 2> ways_;
  std::size_t kept_ = 0;  // octets in the transcript
};

}  // namespace bothends::tls::ossl
