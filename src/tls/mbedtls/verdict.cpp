#include "tls/mbedtls/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>

#include "base/text.hpp"
#include "tls/mbedtls/certificate.hpp"

namespace bothends::tls::mbed {
namespace {

using policy::Defect;

struct FlagDefect {
  std::uint32_t flags;
  Defect leaf;
  Defect issuer;  // the same finding above the leaf
};

/// Trust and the name are told apart by more than a flag: see untrusted() and wrong_name().
constexpr std::array simple_flags{
    FlagDefect{MBEDTLS_X509_BADCERT_REVOKED, Defect::revoked, Defect::revoked},
    FlagDefect{MBEDTLS_X509_BADCERT_EXPIRED, Defect::expired, Defect::issuer_expired},
    FlagDefect{MBEDTLS_X509_BADCERT_FUTURE, Defect::not_yet_valid, Defect::not_yet_valid},
    FlagDefect{MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE | MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
               Defect::wrong_purpose, Defect::wrong_purpose},
    FlagDefect{MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK, Defect::weak_key, Defect::weak_key},
    FlagDefect{MBEDTLS_X509_BADCERT_BAD_MD, Defect::weak_signature, Defect::weak_signature},
};

/// What names the cause first: a chain that leads nowhere makes the rest moot.
constexpr std::array by_weight{Defect::other,
                               Defect::bad_signature,
                               Defect::self_signed,
                               Defect::incomplete,
                               Defect::unknown_issuer,
                               Defect::revoked,
                               Defect::not_a_ca,
                               Defect::path_too_long,
                               Defect::issuer_expired,
                               Defect::expired,
                               Defect::not_yet_valid,
                               Defect::wrong_name,
                               Defect::no_subject_alt_name,
                               Defect::wrong_purpose,
                               Defect::weak_key,
                               Defect::weak_signature};

auto weight(const policy::ChainProblem& problem) {
  return std::find(by_weight.begin(), by_weight.end(), problem.defect) - by_weight.begin();
}

std::string days(std::int64_t span) {
  auto count = std::abs(span) / 86400;
  return count == 0 ? "less than a day" : count == 1 ? "1 day" : fmt::format("{} days", count);
}

std::string detail_of(Defect defect, const mbedtls_x509_crt& certificate) {
  std::int64_t now = std::time(nullptr);
  switch (defect) {
    case Defect::expired:
    case Defect::issuer_expired:
      return fmt::format("ended {} ago", days(now - seconds(certificate.valid_to)));
    case Defect::not_yet_valid:
      return fmt::format("begins in {}", days(seconds(certificate.valid_from) - now));
    case Defect::weak_key:
      return key_text(certificate);
    default:
      return {};
  }
}

/// The certificate with the issuer's name, among those that follow `list`.
const mbedtls_x509_crt* issuer_in(const mbedtls_x509_crt& child, const mbedtls_x509_crt* list) {
  for (; list != nullptr; list = list->next)
    if (list != &child && list->raw.len > 0 && names_issuer(child, *list)) return list;
  return nullptr;
}

}  // namespace

int ChainWitness::callback(void* self, mbedtls_x509_crt* certificate, int depth, std::uint32_t* flags) {
  auto& witness = *static_cast<ChainWitness*>(self);
  if (depth == 0 && !witness.name_.empty() && names_of(*certificate).empty())
    *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
  witness.look(*certificate, static_cast<unsigned>(depth), *flags);
  return 0;
}

void ChainWitness::look(const mbedtls_x509_crt& certificate, unsigned depth, std::uint32_t flags) {
  verified_ = true;
  path_.push_back(&certificate);
  seen_ |= flags;
  if (depth == 0) describe(certificate);
  note(depth, certificate, flags);
  if (depth == 0) path_.clear();
}

void ChainWitness::describe(const mbedtls_x509_crt& leaf) {
  verdict_.names = names_of(leaf);
  verdict_.subject = name_text(leaf.subject);
  verdict_.issuer = name_text(leaf.issuer);
  verdict_.not_before = seconds(leaf.valid_from);
  verdict_.not_after = seconds(leaf.valid_to);
}

void ChainWitness::note(unsigned depth, const mbedtls_x509_crt& certificate, std::uint32_t flags) {
  for (const auto& row : simple_flags) {
    if ((flags & row.flags) == 0) continue;
    Defect defect = depth == 0 ? row.leaf : row.issuer;
    problem(defect, depth, name_text(certificate.subject), detail_of(defect, certificate));
  }
  if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) wrong_name();
  if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) untrusted(depth, certificate);
}

void ChainWitness::untrusted(unsigned depth, const mbedtls_x509_crt& certificate) {
  std::string subject = name_text(certificate.subject);
  if (is_self_issued(certificate) && signed_by(certificate, certificate))
    return problem(depth == 0 ? Defect::self_signed : Defect::unknown_issuer, depth, subject, "signed by itself");
  // The library passed over every certificate with the issuer's name, or took one whose key did not fit: say why.
  const auto* issuer = path_.size() > 1 ? path_[path_.size() - 2] : nullptr;
  if (issuer == nullptr) issuer = issuer_in(certificate, certificate.next);
  if (issuer == nullptr) issuer = issuer_in(certificate, trust_);
  std::string by = "issued by " + printable(name_text(certificate.issuer));
  if (issuer == nullptr) return problem(Defect::unknown_issuer, depth, subject, by);
  if (issuer->MBEDTLS_PRIVATE(ca_istrue) == 0) return problem(Defect::not_a_ca, depth + 1, name_text(issuer->subject));
  if (!signed_by(certificate, *issuer)) return problem(Defect::bad_signature, depth, subject, by);
  int longest = issuer->MBEDTLS_PRIVATE(max_pathlen);  // one more than what the certificate says; 0: unlimited
  problem(longest > 0 ? Defect::path_too_long : Defect::not_a_ca, depth + 1, name_text(issuer->subject));
}

void ChainWitness::wrong_name() {
  std::string asked = "asked for " + printable(name_);
  if (verdict_.names.empty())
    return problem(Defect::no_subject_alt_name, 0, verdict_.subject, "has no subjectAltName, " + asked);
  problem(Defect::wrong_name, 0, verdict_.subject,
          fmt::format("is for {}, {}", printable(join(verdict_.names, ", ")), asked));
}

void ChainWitness::add_flags(std::uint32_t all) {
  constexpr std::uint32_t broken_off = 0xffffffff;
  if (!verified_ && all == broken_off) return problem(Defect::path_too_long, 0, {}, "longer than mbedtls follows");
  if (!verified_) return problem(Defect::other, 0, {}, "it could not be read");
  std::uint32_t late = all & ~seen_;
  seen_ |= all;
  for (const auto& row : simple_flags)
    if (late & row.flags) problem(row.leaf, 0, verdict_.subject);
}

void ChainWitness::problem(Defect defect, unsigned depth, std::string subject, std::string detail) {
  verdict_.problems.push_back({defect, depth, std::move(subject), std::move(detail)});
}

policy::ChainVerdict ChainWitness::verdict(unsigned sent) const {
  auto verdict = verdict_;
  verdict.sent = sent;
  std::stable_sort(verdict.problems.begin(), verdict.problems.end(),
                   [](const auto& one, const auto& other) { return weight(one) < weight(other); });
  return verdict;
}

}  // namespace bothends::tls::mbed
