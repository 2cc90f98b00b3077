// Opens the protected records of one direction with secrets that the library exported: mbedTLS has no callback for
// messages, so what went over in a protected record can only be told by opening it a second time.
#pragma once

#include <mbedtls/cipher.h>

#include <array>
#include <memory>

#include "tls/mbedtls/library.hpp"
#include "wire/record.hpp"

namespace bothends::tls::mbed {

/// What was in a protected record.
struct Opened {
  std::uint8_t type = 0;
  Bytes plain;
};

/// RFC 8446 section 7.1, with an empty context.
Bytes expand_label(mbedtls_md_type_t hash, View secret, std::string_view label, std::size_t length);

/// The keys of one direction, and how many records it has protected.
class RecordKeys {
 public:
  virtual ~RecordKeys() = default;
  /// nullopt when these keys do not open it; then it does not count as one of theirs.
  virtual std::optional<Opened> open(const wire::Record& record) = 0;
  /// Counts a record that is known to hold nothing but application data.
  void skip() { ++sequence_; }

 protected:
  std::uint64_t sequence_ = 0;
};

/// RFC 8446 section 5.2 and 7.3. nullptr when the suite is unknown.
std::unique_ptr<RecordKeys> keys_tls13(std::uint16_t suite, View traffic_secret);

/// What TLS 1.2 derives its keys from.
struct Master {
  Bytes secret;
  std::array<std::uint8_t, 32> client_random{};
  std::array<std::uint8_t, 32> server_random{};
  mbedtls_tls_prf_types prf = MBEDTLS_SSL_TLS_PRF_NONE;
};

/// RFC 5246 section 6.3; for CBC suites also RFC 7366. nullptr when the suite's cipher is not one we can open.
std::unique_ptr<RecordKeys> keys_tls12(std::uint16_t suite, const Master& master, bool client_writes,
                                       bool encrypt_then_mac);

}  // namespace bothends::tls::mbed
