// What a certificate says of itself, in plain values.
#pragma once

#include <string>

#include "tls/openssl/handles.hpp"

namespace bothends::tls::ossl {

/// "CN=shop.test,O=Shop" (RFC 4514), raw, at most 1024 octets.
std::string subject_of(X509* certificate);
std::string issuer_of(X509* certificate);
/// Seconds since 1970; 0 when the field makes no sense.
std::int64_t seconds_of(const ASN1_TIME* time);
/// DNS names and addresses of the subjectAltName, raw; at most 1000.
std::vector<std::string> names_of(X509* certificate);
/// How many DNS names and addresses there are, names_of's or not.
std::size_t name_count(X509* certificate);
/// "RSA of 1024 bits", "ED25519"
std::string key_text(X509* certificate);
/// In bits (NIST SP 800-57); negative when there is no key that can be understood.
int key_strength(X509* certificate);
struct Signature {
  std::string digest;    // "SHA1"; empty where the algorithm has none of its own (Ed25519)
  bool is_weak = false;  // MD5, SHA-1 and older
};
Signature signature_of(X509* certificate);
/// "3 days", "1 hour", "20 seconds"
std::string duration_text(std::int64_t seconds);

}  // namespace bothends::tls::ossl
