#include "certs/issue.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>

#include "certs/names.hpp"

namespace bothends::certs {
namespace {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    free(what);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Freed<free>>;

using Text = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Integer = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using Number = Owned<BIGNUM, BN_free>;

/// X509V3_ADD_DEFAULT: an extension that is there already is an error.
bool add_extension(X509* to, int nid, void* value, bool critical) {
  return value && X509_add1_ext_i2d(to, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

Text octets(View content) {
  Text text(ASN1_OCTET_STRING_new());
  if (text && ASN1_OCTET_STRING_set(text.get(), content.data(), static_cast<int>(content.size())) != 1) text.reset();
  return text;
}

/// 127 random bits: RFC 5280 section 4.1.2.2 wants a positive number of at most 20 octets.
bool set_serial(X509* to) {
  std::array<std::uint8_t, 16> random;
  if (RAND_bytes(random.data(), random.size()) != 1) return false;
  random[0] = static_cast<std::uint8_t>((random[0] & 0x7f) | 0x40);
  Number number(BN_bin2bn(random.data(), random.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(to)) != nullptr;
}

bool set_time(ASN1_TIME* to, std::chrono::system_clock::time_point when) {
  return ASN1_TIME_set(to, std::chrono::system_clock::to_time_t(when)) != nullptr;
}

bool add_entry(X509_NAME* to, int nid, const std::string& text) {
  return X509_NAME_add_entry_by_NID(to, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool set_subject(X509* to, const Draft& draft) {
  X509_NAME* subject = X509_get_subject_name(to);
  bool good = draft.organization.empty() || add_entry(subject, NID_organizationName, draft.organization);
  for (const auto& name : draft.common_names) good = good && add_entry(subject, NID_commonName, name);
  return good;
}

bool add_basic_constraints(X509* to, Purpose purpose) {
  Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(BASIC_CONSTRAINTS_new());
  if (!constraints) return false;
  constraints->ca = purpose == Purpose::root || purpose == Purpose::intermediate
                        ? 0xff
                        : 0;  // DER: TRUE is all ones (X.690 section 11.1)
  if (purpose == Purpose::intermediate) constraints->pathlen = ASN1_INTEGER_new();  // 0: it signs leaves only
  return add_extension(to, NID_basic_constraints, constraints.get(), true);
}

/// RFC 5280 section 4.2.1.3; keyEncipherment is what the RSA key exchange of TLS 1.2 needs.
bool add_key_usage(X509* to, Purpose purpose, EVP_PKEY* key) {
  constexpr int digital_signature = 0, key_encipherment = 2, key_cert_sign = 5, crl_sign = 6;
  bool authority = purpose == Purpose::root || purpose == Purpose::intermediate;
  Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(ASN1_BIT_STRING_new());
  if (!usage) return false;
  auto set = [&](int bit) { return ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1; };
  bool good = authority ? set(key_cert_sign) && set(crl_sign) : set(digital_signature);
  if (!authority && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) good = good && set(key_encipherment);
  return good && add_extension(to, NID_key_usage, usage.get(), true);
}

bool add_extended_key_usage(X509* to, Purpose purpose) {
  if (purpose == Purpose::root) return true;
  Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(sk_ASN1_OBJECT_new_null());
  if (!usage) return false;
  auto add = [&](int nid) { return sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(nid)) > 0; };
  bool good = true;
  if (purpose != Purpose::client) good = good && add(NID_server_auth);
  if (purpose != Purpose::server) good = good && add(NID_client_auth);
  return good && add_extension(to, NID_ext_key_usage, usage.get(), false);
}

/// RFC 7093 section 2, method 1: the first 160 bits of the key's SHA-256.
bool add_subject_key_id(X509* to) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_pubkey_digest(to, EVP_sha256(), digest.data(), &size) != 1) return false;
  return add_extension(to, NID_subject_key_identifier, octets(View(digest).first(20)).get(), false);
}

bool add_authority_key_id(X509* to, X509* issuer) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(issuer);
  Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free> authority(AUTHORITY_KEYID_new());
  if (!id || !authority) return false;
  authority->keyid = ASN1_OCTET_STRING_dup(id);
  return authority->keyid && add_extension(to, NID_authority_key_identifier, authority.get(), false);
}

Owned<GENERAL_NAME, GENERAL_NAME_free> general_name(const std::string& name) {
  Owned<GENERAL_NAME, GENERAL_NAME_free> general(GENERAL_NAME_new());
  Bytes address = address_octets(name);
  auto text = octets(address.empty() ? view_of(name) : View(address));
  if (!general || !text) return nullptr;
  if (address.empty()) {
    auto* dns = ASN1_IA5STRING_new();
    if (!dns || ASN1_STRING_copy(dns, text.get()) != 1) {
      ASN1_IA5STRING_free(dns);
      return nullptr;
    }
    dns->type = V_ASN1_IA5STRING;
    GENERAL_NAME_set0_value(general.get(), GEN_DNS, dns);
  } else {
    GENERAL_NAME_set0_value(general.get(), GEN_IPADD, text.release());
  }
  return general;
}

/// RFC 5280 section 4.1.2.6: with an empty subject the names here are the only ones and critical.
bool add_names(X509* to, const std::vector<std::string>& names) {
  if (names.empty()) return true;
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> all(sk_GENERAL_NAME_new_null());
  for (const auto& name : names) {
    auto general = general_name(name);
    if (!all || !general || sk_GENERAL_NAME_push(all.get(), general.get()) <= 0) return false;
    general.release();
  }
  bool nameless = X509_NAME_entry_count(X509_get_subject_name(to)) == 0;
  return add_extension(to, NID_subject_alt_name, all.get(), nameless);
}

/// Ed25519 and Ed448 bring their own digest.
bool sign(X509* certificate, EVP_PKEY* key, bool sha1) {
  int type = EVP_PKEY_get_base_id(key);
  bool pure = type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
  return X509_sign(certificate, key, pure ? nullptr : sha1 ? EVP_sha1() : EVP_sha256()) > 0;
}

bool fill(X509* to, const Draft& draft, EVP_PKEY* key, const Issued* issuer) {
  X509* above = issuer ? issuer->certificate.get() : to;
  return X509_set_version(to, X509_VERSION_3) == 1 && set_serial(to) && set_subject(to, draft) &&
         X509_set_issuer_name(to, X509_get_subject_name(above)) == 1 && set_time(X509_getm_notBefore(to), draft.from) &&
         set_time(X509_getm_notAfter(to), draft.until) && X509_set_pubkey(to, key) == 1 &&
         add_basic_constraints(to, draft.purpose) && add_key_usage(to, draft.purpose, key) &&
         add_extended_key_usage(to, draft.purpose) && add_subject_key_id(to) &&
         (!issuer || add_authority_key_id(to, above)) && add_names(to, draft.names);
}

Bytes der_of(X509* certificate) {
  int size = i2d_X509(certificate, nullptr);
  Bytes der(size > 0 ? static_cast<std::size_t>(size) : 0);
  unsigned char* at = der.data();
  if (!der.empty()) i2d_X509(certificate, &at);
  return der;
}

std::string library_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason ? reason : "the library gives no reason";
  ERR_clear_error();
  return text;
}

}  // namespace

Result<Issued> issue(const Draft& draft, KeyPtr key, const Issued* issuer) {
  CertificatePtr certificate(X509_new());
  bool good = key && certificate && fill(certificate.get(), draft, key.get(), issuer) &&
              sign(certificate.get(), issuer ? issuer->key.get() : key.get(), draft.sha1);
  Bytes der = good ? der_of(certificate.get()) : Bytes();
  if (der.empty()) return fail(ErrorCode::tls, "OpenSSL cannot make the certificate: " + library_reason());
  return Issued{std::move(certificate), std::move(key), std::move(der)};
}

}  // namespace bothends::certs
