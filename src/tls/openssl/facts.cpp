#include "tls/openssl/facts.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace bothends::tls::ossl {

namespace {

constexpr std::size_t names_limit = 1000;
constexpr std::size_t text_limit = 1024;

std::string text_of_name(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, std::min(static_cast<std::size_t>(size), text_limit)};
}

View octets_of(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

GeneralNamesPtr alternative_names(X509* certificate) {
  return GeneralNamesPtr(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
}

// IPv6 by RFC 5952 but for the longest run of zeros: certificates are compared, not admired.
std::string address_text(View octets) {
  if (octets.size() == 4) {
    std::string text;
    for (const auto octet : octets) text += (text.empty() ? "" : ".") + std::to_string(octet);
    return text;
  }
  std::string text;
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    std::array<char, 6> group{};
    std::snprintf(group.data(), group.size(), "%x", octets[i] << 8 | octets[i + 1]);
    text += (text.empty() ? "" : ":") + std::string(group.data());
  }
  return text;
}

}  // namespace

std::string subject_of(X509* certificate) { return text_of_name(X509_get_subject_name(certificate)); }
std::string issuer_of(X509* certificate) { return text_of_name(X509_get_issuer_name(certificate)); }

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

std::size_t name_count(X509* certificate) {
  const auto all = alternative_names(certificate);
  std::size_t count = 0;
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const auto type = sk_GENERAL_NAME_value(all.get(), i)->type;
    count += type == GEN_DNS || type == GEN_IPADD ? 1 : 0;
  }
  return count;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const auto all = alternative_names(certificate);
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()) && names.size() < names_limit; ++i) {
    const auto* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) names.emplace_back(text_of(octets_of(name->d.dNSName)).substr(0, text_limit));
    if (name->type == GEN_IPADD)
      names.push_back(address_text(
          octets_of(name->d.iPAddress).first(std::min<std::size_t>(16, octets_of(name->d.iPAddress).size()))));
  }
  return names;
}

std::string key_text(X509* certificate) {
  auto* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "a key that cannot be understood";
  const char* type = EVP_PKEY_get0_type_name(key);
  std::string text = type != nullptr ? type : "key";
  if (EVP_PKEY_get_bits(key) > 0) text += " of " + std::to_string(EVP_PKEY_get_bits(key)) + " bits";
  return text;
}

int key_strength(X509* certificate) {
  auto* key = X509_get0_pubkey(certificate);
  return key == nullptr ? -1 : EVP_PKEY_get_security_bits(key);
}

Signature signature_of(X509* certificate) {
  int digest = NID_undef;
  int key = NID_undef;
  if (X509_get_signature_info(certificate, &digest, &key, nullptr, nullptr) != 1 || digest == NID_undef) return {};
  const bool weak = digest == NID_md2 || digest == NID_md4 || digest == NID_md5 || digest == NID_sha1 ||
                    digest == NID_md5_sha1 || digest == NID_sha || digest == NID_ripemd160;
  return {OBJ_nid2sn(digest), weak};
}

std::string duration_text(std::int64_t seconds) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr std::array units = {Unit{86400, "day"}, Unit{3600, "hour"}, Unit{60, "minute"}, Unit{1, "second"}};
  for (const auto& unit : units) {
    const auto count = seconds / unit.seconds;
    if (count > 0) return std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
  }
  return "0 seconds";
}

}  // namespace bothends::tls::ossl
