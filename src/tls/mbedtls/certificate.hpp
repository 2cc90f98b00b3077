// Facts of one parsed certificate.
#pragma once

#include "base/bytes.hpp"
#include "tls/mbedtls/library.hpp"

namespace bothends::tls::mbed {

/// "CN=shop.test,O=Shop", the last part first (RFC 2253).
std::string name_text(const mbedtls_x509_name& name);
/// DNS names and addresses of subjectAltName, raw.
std::vector<std::string> names_of(const mbedtls_x509_crt& certificate);
/// Seconds since 1970.
std::int64_t seconds(const mbedtls_x509_time& time);
bool is_self_issued(const mbedtls_x509_crt& certificate);
/// The parent's name is the one the child gives as its issuer's.
bool names_issuer(const mbedtls_x509_crt& child, const mbedtls_x509_crt& parent);
bool signed_by(const mbedtls_x509_crt& child, const mbedtls_x509_crt& parent);
/// "RSA 1024 bits".
std::string key_text(const mbedtls_x509_crt& certificate);

}  // namespace bothends::tls::mbed
