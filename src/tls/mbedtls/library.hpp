// What every file of this folder needs of mbedTLS itself: ownership, readiness, randomness and its words for errors.
#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <string>

#include "base/result.hpp"

namespace bothends::tls::mbed {

/// A library object that lives in place: mbedTLS keeps pointers to it, so it never moves.
template <class T, void (*init)(T*), void (*release)(T*)>
class Owned {
 public:
  Owned() { init(&value_); }
  ~Owned() { release(&value_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  /// The library takes pointers to mutable objects also where it only reads.
  T* get() const { return &value_; }
  T* operator->() const { return &value_; }

 private:
  mutable T value_;
};

using Chain = Owned<mbedtls_x509_crt, mbedtls_x509_crt_init, mbedtls_x509_crt_free>;
using Key = Owned<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free>;
using Config = Owned<mbedtls_ssl_config, mbedtls_ssl_config_init, mbedtls_ssl_config_free>;
using Connection = Owned<mbedtls_ssl_context, mbedtls_ssl_init, mbedtls_ssl_free>;
using SavedSession = Owned<mbedtls_ssl_session, mbedtls_ssl_session_init, mbedtls_ssl_session_free>;

/// Starts the library's cryptography, once a process. Everything else here needs it.
Result<void> ready();

/// The library's source of randomness, in the form its callbacks want.
int random_octets(void*, unsigned char* to, std::size_t count);

/// "SSL - A fatal alert message was received from our peer (-0x7780)".
std::string error_text(int code);

/// The static description of a suite, or nullptr when the library has none of that number.
const mbedtls_ssl_ciphersuite_t* suite_of(std::uint16_t code);

}  // namespace bothends::tls::mbed
