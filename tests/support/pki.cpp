#include "tests/support/pki.hpp"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <map>
#include <stdexcept>

#include "tls/openssl/handles.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::test {

namespace {

using policy::Key;
using namespace tls::ossl;

EVP_PKEY* generate(Key key, unsigned bits) {
  begin_library();
  const std::size_t size = bits;
  switch (key) {
    case Key::rsa:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size);
    case Key::rsa_pss:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA-PSS", size);
    case Key::ecdsa_p384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
    case Key::ecdsa_p521:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521");
    case Key::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case Key::ed448:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448");
    default:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  }
}

PkeyPtr new_key(Key key, unsigned bits) {
  // RSA keys take long to find: one of each size serves all.
  static std::map<std::pair<Key, unsigned>, PkeyPtr> kept;
  if (key != Key::rsa && key != Key::rsa_pss) return PkeyPtr(generate(key, bits));
  auto& found = kept[{key, bits}];
  if (!found) found.reset(generate(key, bits));
  EVP_PKEY_up_ref(found.get());
  return PkeyPtr(found.get());
}

Bytes pkcs8_of(EVP_PKEY* key) {
  unsigned char* data = nullptr;
  auto* info = EVP_PKEY2PKCS8(key);
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &data);
  PKCS8_PRIV_KEY_INFO_free(info);
  Bytes der(data, data + size);
  OPENSSL_free(data);
  return der;
}

PkeyPtr key_of(const Bytes& pkcs8) {
  const auto* at = pkcs8.data();
  return PkeyPtr(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
}

void set_name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) throw std::runtime_error("bad extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

bool is_address(const std::string& name) {
  auto* octets = a2i_IPADDRESS(name.c_str());
  ASN1_OCTET_STRING_free(octets);
  return octets != nullptr;
}

void add_extensions(X509* certificate, X509* issuer, const Spec& spec) {
  std::string names;
  for (const auto& name : spec.names)
    names += (names.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  const auto length = spec.path_length < 0 ? "" : ",pathlen:" + std::to_string(spec.path_length);
  extend(certificate, issuer, NID_basic_constraints, spec.ca ? "critical,CA:TRUE" + length : "critical,CA:FALSE");
  extend(certificate, issuer, NID_subject_key_identifier, "hash");
  if (issuer != certificate) extend(certificate, issuer, NID_authority_key_identifier, "keyid");
  extend(certificate, issuer, NID_key_usage, spec.ca ? "keyCertSign,cRLSign" : "digitalSignature,keyEncipherment");
  if (!names.empty()) extend(certificate, issuer, NID_subject_alt_name, names);
  if (!spec.purpose.empty()) extend(certificate, issuer, NID_ext_key_usage, spec.purpose);
}

const EVP_MD* digest_for(EVP_PKEY* key, const std::string& name) {
  const int id = EVP_PKEY_get_base_id(key);
  return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? nullptr : EVP_get_digestbyname(name.c_str());
}

}  // namespace

Certificate make(const Spec& spec, const Certificate* issuer) {
  static std::atomic<long> serial{1000};
  const auto key = new_key(spec.key, spec.bits);
  const X509Ptr certificate(X509_new());
  const auto parent = issuer == nullptr ? X509Ptr() : parse_certificate(issuer->der);
  const auto parent_key = issuer == nullptr ? PkeyPtr() : key_of(issuer->key);
  auto* signer = parent ? parent_key.get() : key.get();

  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), spec.from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), spec.until);
  set_name(X509_get_subject_name(certificate.get()), spec.subject);
  set_name(X509_get_issuer_name(certificate.get()), issuer == nullptr ? spec.subject : issuer->spec.subject);
  X509_set_pubkey(certificate.get(), key.get());
  add_extensions(certificate.get(), parent ? parent.get() : certificate.get(), spec);
  if (X509_sign(certificate.get(), signer, digest_for(signer, spec.digest)) == 0)
    throw std::runtime_error(take_error());
  return {der_of(certificate.get()), pkcs8_of(key.get()), spec};
}

Certificate make_root(const std::string& subject) { return make({.subject = subject, .ca = true}); }

Certificate make_intermediate(const Certificate& root, const std::string& subject) {
  return make({.subject = subject, .ca = true}, &root);
}

Certificate make_leaf(const Certificate& issuer, const std::string& name, Key key) {
  return make({.subject = name, .key = key, .names = {name}}, &issuer);
}

tls::Credential credential(const Certificate& leaf, const std::vector<Certificate>& rest) {
  tls::Credential made;
  made.name = leaf.spec.subject;
  made.chain.push_back(leaf.der);
  for (const auto& certificate : rest) made.chain.push_back(certificate.der);
  made.key = leaf.key;
  made.names = leaf.spec.names;
  made.kind = leaf.spec.key;
  made.bits = leaf.spec.bits;
  return made;
}

}  // namespace bothends::test
