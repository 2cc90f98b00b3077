#include "tls/openssl/names.hpp"

#include <openssl/tls1.h>

#include <algorithm>
#include <array>

#include "wire/codes.hpp"

namespace bothends::tls::ossl {

namespace {

tl::unexpected<Error> lacks(wire::Registry registry, std::uint16_t code) {
  return fail(ErrorCode::tls, "openssl has no " + wire::name(registry, code));
}

void add(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

struct SchemeName {
  std::uint16_t code;
  std::string_view name;
};

// SSL_CTX_set1_sigalgs_list wants these spellings; there is no function that tells them by code point.
constexpr std::array scheme_table = {
    SchemeName{0x0201, "RSA+SHA1"},
    SchemeName{0x0202, "DSA+SHA1"},
    SchemeName{0x0203, "ECDSA+SHA1"},
    SchemeName{0x0301, "RSA+SHA224"},
    SchemeName{0x0302, "DSA+SHA224"},
    SchemeName{0x0303, "ECDSA+SHA224"},
    SchemeName{0x0401, "rsa_pkcs1_sha256"},
    SchemeName{0x0402, "DSA+SHA256"},
    SchemeName{0x0403, "ecdsa_secp256r1_sha256"},
    SchemeName{0x0501, "rsa_pkcs1_sha384"},
    SchemeName{0x0502, "DSA+SHA384"},
    SchemeName{0x0503, "ecdsa_secp384r1_sha384"},
    SchemeName{0x0601, "rsa_pkcs1_sha512"},
    SchemeName{0x0602, "DSA+SHA512"},
    SchemeName{0x0603, "ecdsa_secp521r1_sha512"},
    SchemeName{0x0804, "rsa_pss_rsae_sha256"},
    SchemeName{0x0805, "rsa_pss_rsae_sha384"},
    SchemeName{0x0806, "rsa_pss_rsae_sha512"},
    SchemeName{0x0807, "ed25519"},
    SchemeName{0x0808, "ed448"},
    SchemeName{0x0809, "rsa_pss_pss_sha256"},
    SchemeName{0x080a, "rsa_pss_pss_sha384"},
    SchemeName{0x080b, "rsa_pss_pss_sha512"},
    SchemeName{0x081a, "ecdsa_brainpoolP256r1tls13_sha256"},
    SchemeName{0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
    SchemeName{0x081c, "ecdsa_brainpoolP512r1tls13_sha512"},
    SchemeName{0x0904, "mldsa44"},
    SchemeName{0x0905, "mldsa65"},
    SchemeName{0x0906, "mldsa87"},
};

}  // namespace

Result<SuiteNames> suite_names(SSL* ssl, const wire::Codes& suites) {
  SuiteNames names;
  for (const auto code : suites) {
    const std::array<unsigned char, 2> octets = {static_cast<unsigned char>(code >> 8),
                                                 static_cast<unsigned char>(code & 0xff)};
    const auto* cipher = SSL_CIPHER_find(ssl, octets.data());
    if (cipher == nullptr) return lacks(wire::Registry::suite, code);
    // Not by the code: the integrity-only suites of RFC 9150 (0xc0b4) are of TLS 1.3 too.
    const bool tls13 = std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.3";
    add(tls13 ? names.tls13 : names.tls12, SSL_CIPHER_get_name(cipher));
  }
  return names;
}

Result<std::string> group_names(SSL* ssl, const wire::Codes& groups) {
  std::string names;
  for (const auto code : groups) {
    const char* name = SSL_group_to_name(ssl, TLSEXT_nid_unknown | code);
    if (name == nullptr) return lacks(wire::Registry::group, code);
    add(names, name);
  }
  return names;
}

Result<std::string> scheme_names(const wire::Codes& schemes) {
  std::string names;
  for (const auto code : schemes) {
    const auto* found = std::find_if(scheme_table.begin(), scheme_table.end(),
                                     [code](const SchemeName& entry) { return entry.code == code; });
    if (found == scheme_table.end()) return lacks(wire::Registry::signature_scheme, code);
    add(names, found->name);
  }
  return names;
}

}  // namespace bothends::tls::ossl
