#include "tls/mbedtls/certificate.hpp"

#include <fmt/format.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>

#include <algorithm>
#include <chrono>

namespace bothends::tls::mbed {
namespace {

bool same(const mbedtls_x509_buf& one, const mbedtls_x509_buf& other) {
  return one.len == other.len && std::equal(one.p, one.p + one.len, other.p);
}

/// IPv6 by RFC 5952 but for the longest run of zeros, as the other stack writes it.
std::string address_text(View octets) {
  std::string text;
  if (octets.size() == 4) {
    for (auto octet : octets) text += (text.empty() ? "" : ".") + std::to_string(octet);
    return text;
  }
  for (std::size_t i = 0; i + 1 < octets.size() && i < 16; i += 2)
    text += fmt::format("{}{:x}", text.empty() ? "" : ":", octets[i] << 8 | octets[i + 1]);
  return text;
}

}  // namespace

std::string name_text(const mbedtls_x509_name& name) {
  std::string text;
  for (const auto* at = &name; at != nullptr; at = at->next) {
    mbedtls_x509_name one = *at;  // borrowed: only its own part is to be written
    one.next = nullptr;
    char part[512];
    int length = mbedtls_x509_dn_gets(part, sizeof part, &one);
    if (length > 0) text = std::string(part, static_cast<std::size_t>(length)) + (text.empty() ? "" : ",") + text;
  }
  return text;
}

std::vector<std::string> names_of(const mbedtls_x509_crt& certificate) {
  std::vector<std::string> names;
  if (!mbedtls_x509_crt_has_ext_type(&certificate, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) return names;
  for (const auto* at = &certificate.subject_alt_names; at != nullptr; at = at->next) {
    const auto& octets = at->buf;
    int kind = octets.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
    if (kind == MBEDTLS_X509_SAN_DNS_NAME)
      names.emplace_back(reinterpret_cast<const char*>(octets.p), octets.len);
    else if (kind == MBEDTLS_X509_SAN_IP_ADDRESS)
      names.push_back(address_text(View(octets.p, octets.len)));
  }
  return names;
}

std::int64_t seconds(const mbedtls_x509_time& time) {
  using namespace std::chrono;
  auto day = sys_days{year{time.year} / static_cast<unsigned>(time.mon) / static_cast<unsigned>(time.day)};
  auto point = day + hours{time.hour} + minutes{time.min} + std::chrono::seconds{time.sec};
  return duration_cast<std::chrono::seconds>(point.time_since_epoch()).count();
}

bool is_self_issued(const mbedtls_x509_crt& certificate) {
  return same(certificate.subject_raw, certificate.issuer_raw);
}

bool names_issuer(const mbedtls_x509_crt& child, const mbedtls_x509_crt& parent) {
  return same(child.issuer_raw, parent.subject_raw);
}

bool signed_by(const mbedtls_x509_crt& child, const mbedtls_x509_crt& parent) {
  const auto* hash = mbedtls_md_info_from_type(child.MBEDTLS_PRIVATE(sig_md));
  unsigned char digest[MBEDTLS_MD_MAX_SIZE];
  if (hash == nullptr || mbedtls_md(hash, child.tbs.p, child.tbs.len, digest) != 0) return false;
  const auto& signature = child.MBEDTLS_PRIVATE(sig);
  auto* key = const_cast<mbedtls_pk_context*>(&parent.pk);  // only read, but not said so by the library
  return mbedtls_pk_verify_ext(child.MBEDTLS_PRIVATE(sig_pk), child.MBEDTLS_PRIVATE(sig_opts), key,
                               child.MBEDTLS_PRIVATE(sig_md), digest, mbedtls_md_get_size(hash), signature.p,
                               signature.len) == 0;
}

std::string key_text(const mbedtls_x509_crt& certificate) {
  return fmt::format("{} {} bits", mbedtls_pk_get_name(&certificate.pk), mbedtls_pk_get_bitlen(&certificate.pk));
}

}  // namespace bothends::tls::mbed
