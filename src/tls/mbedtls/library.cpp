#include "tls/mbedtls/library.hpp"

#include <fmt/format.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <psa/crypto.h>

namespace bothends::tls::mbed {

Result<void> ready() {
  static const psa_status_t status = psa_crypto_init();
  if (status == PSA_SUCCESS) return {};
  return fail(ErrorCode::tls, fmt::format("mbedtls cannot start its cryptography (PSA status {})", status));
}

int random_octets(void*, unsigned char* to, std::size_t count) {
  return psa_generate_random(to, count) == PSA_SUCCESS ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

std::string error_text(int code) {
  char text[160];
  mbedtls_strerror(code, text, sizeof text);
  return fmt::format("{} (-0x{:04x})", text, static_cast<unsigned>(-code));
}

const mbedtls_ssl_ciphersuite_t* suite_of(std::uint16_t code) { return mbedtls_ssl_ciphersuite_from_id(code); }

}  // namespace bothends::tls::mbed
