#include "tls/openssl/verdict.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/text.hpp"
#include "tls/openssl/facts.hpp"
#include "tls/openssl/path.hpp"

namespace bothends::tls::ossl {

namespace {

using policy::ChainProblem;
using policy::ChainVerdict;
using policy::Defect;

// RSA of 2048 bits and P-224.
constexpr int enough_strength = 112;

class Examination {
 public:
  Examination(const std::vector<Bytes>& chain, const Grounds& grounds) : grounds_(grounds) {
    for (const auto& der : chain) sent_.push_back(parse_certificate(der));
    ERR_clear_error();
    verdict_.sent = static_cast<unsigned>(chain.size());
  }

  ChainVerdict run();

 private:
  void check_trust();
  void judge_untrusted();
  void check_link(unsigned depth);
  void check_dates(unsigned depth);
  void check_authority(unsigned depth);
  void check_purpose(unsigned depth);
  void check_strength(unsigned depth);
  void check_name();
  std::string gap_text(std::size_t depth) const;
  bool is_unrelated(std::size_t sent) const;
  void add(Defect defect, unsigned depth, std::string detail);
  X509* at(std::size_t depth) const { return path_.links[depth].certificate; }

  const Grounds& grounds_;
  std::vector<X509Ptr> sent_;
  Path path_;
  std::int64_t now_ = std::time(nullptr);
  ChainVerdict verdict_;
};

void Examination::add(Defect defect, unsigned depth, std::string detail) {
  auto subject = depth < path_.links.size() ? subject_of(at(depth)) : std::string();
  verdict_.problems.push_back({defect, depth, std::move(subject), printable(detail)});
}

bool Examination::is_unrelated(std::size_t sent) const {
  auto* certificate = sent_[sent].get();
  if (certificate == nullptr || is_self_issued(certificate)) return false;
  return std::none_of(path_.links.begin(), path_.links.end(),
                      [&](const Link& link) { return X509_cmp(link.certificate, certificate) == 0; });
}

std::string Examination::gap_text(std::size_t depth) const {
  std::string text = "its issuer " + issuer_of(at(depth)) + " was not sent";
  for (std::size_t i = 1; i < sent_.size(); ++i)
    if (is_unrelated(i)) return text + "; an unrelated certificate was (" + subject_of(sent_[i].get()) + ")";
  return text;
}

void Examination::check_trust() {
  const Certificates all = {sent_, grounds_.trust, grounds_.known};
  path_ = find_path(all, {.with_known = false, .demand_signatures = true});
  if (path_.trusted) return;
  path_ = find_path(all, {.with_known = true, .demand_signatures = true});
  if (path_.trusted) {
    for (std::size_t i = 0; i + 1 < path_.links.size(); ++i)
      if (path_.links[i + 1].source == Source::known)
        return add(Defect::incomplete, static_cast<unsigned>(i), gap_text(i));
    return;
  }
  auto by_name = find_path(all, {.with_known = true, .demand_signatures = false});
  if (by_name.trusted || by_name.links.size() > path_.links.size()) {
    path_ = std::move(by_name);
    for (std::size_t i = 0; i + 1 < path_.links.size(); ++i)
      if (!is_signed_by(at(i), at(i + 1)))
        add(Defect::bad_signature, static_cast<unsigned>(i), "was not signed by " + issuer_of(at(i)));
  }
  if (!path_.trusted) judge_untrusted();
}

void Examination::judge_untrusted() {
  const auto depth = static_cast<unsigned>(path_.links.size() - 1);
  auto* top = at(depth);
  if (!is_self_issued(top)) {
    const bool strange = std::any_of(sent_.begin() + 1, sent_.end(), [&](const X509Ptr& certificate) {
      return is_unrelated(static_cast<std::size_t>(&certificate - sent_.data()));
    });
    return add(Defect::unknown_issuer, depth,
               strange ? gap_text(depth) : "its issuer " + issuer_of(top) + " is neither sent nor trusted");
  }
  if (!is_signed_by(top, top)) return add(Defect::bad_signature, depth, "was not signed by itself, as it claims");
  if (depth == 0) return add(Defect::self_signed, depth, "signed by itself and not trusted");
  add(Defect::unknown_issuer, depth, "ends in " + subject_of(top) + ", which is not trusted");
}

void Examination::check_dates(unsigned depth) {
  const auto begin = seconds_of(X509_get0_notBefore(at(depth)));
  const auto end = seconds_of(X509_get0_notAfter(at(depth)));
  if (begin > now_) add(Defect::not_yet_valid, depth, "begins in " + duration_text(begin - now_));
  if (end >= now_) return;
  const auto detail = "ended " + duration_text(now_ - end) + " ago";
  add(depth == 0 ? Defect::expired : Defect::issuer_expired, depth, detail);
}

void Examination::check_authority(unsigned depth) {
  if (depth == 0) return;
  if (X509_check_ca(at(depth)) == 0)
    return add(Defect::not_a_ca, depth, "issued a certificate but is not a certificate authority");
  if ((X509_get_key_usage(at(depth)) & KU_KEY_CERT_SIGN) == 0)
    return add(Defect::not_a_ca, depth, "its key usage does not allow it to sign certificates");
  long below = 0;  // RFC 5280 section 4.2.1.9: intermediates between it and the leaf, self-issued ones not counted
  for (unsigned i = 1; i < depth; ++i) below += is_self_issued(at(i)) ? 0 : 1;
  const auto allowed = X509_get_pathlen(at(depth));
  if (allowed >= 0 && below > allowed)
    add(Defect::path_too_long, depth,
        "allows " + std::to_string(allowed) + " intermediates below it, there are " + std::to_string(below));
}

void Examination::check_purpose(unsigned depth) {
  const auto wanted = static_cast<std::uint32_t>(grounds_.server ? XKU_SSL_SERVER : XKU_SSL_CLIENT);
  const char* role = grounds_.server ? "TLS servers" : "TLS clients";
  // UINT32_MAX without the extension: for everything.
  if ((X509_get_extended_key_usage(at(depth)) & (wanted | XKU_ANYEKU)) == 0)
    return add(Defect::wrong_purpose, depth, std::string("its extended key usage is not for ") + role);
  if (depth != 0) return;
  const auto usage = grounds_.server ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT
                                     : KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT;
  if ((X509_get_key_usage(at(depth)) & static_cast<std::uint32_t>(usage)) == 0)
    add(Defect::wrong_purpose, depth, std::string("its key usage is not for ") + role);
}

void Examination::check_strength(unsigned depth) {
  if (grounds_.weak) return;
  if (key_strength(at(depth)) < enough_strength) add(Defect::weak_key, depth, key_text(at(depth)));
  // Nobody relies on the signature of an anchor, nor on one that a certificate put on itself.
  if (depth + 1 == path_.links.size() && (path_.trusted || is_self_issued(at(depth)))) return;
  const auto signature = signature_of(at(depth));
  if (signature.is_weak) add(Defect::weak_signature, depth, "signed with " + signature.digest);
}

void Examination::check_name() {
  if (grounds_.name.empty()) return;
  auto* leaf = at(0);
  auto name = grounds_.name;
  constexpr unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  if (X509_check_ip_asc(leaf, name.c_str(), 0) == 1) return;
  if (name.ends_with('.')) name.pop_back();
  if (X509_check_host(leaf, name.data(), name.size(), flags, nullptr) == 1) return;
  if (verdict_.names.empty())
    return add(Defect::no_subject_alt_name, 0, "has no subjectAltName, asked for " + grounds_.name);
  auto some = verdict_.names;
  const auto more = some.size() > 5 ? " and " + std::to_string(some.size() - 5) + " more" : std::string();
  some.resize(std::min<std::size_t>(5, some.size()));
  add(Defect::wrong_name, 0, "is for " + join(some, ", ") + more + ", asked for " + grounds_.name);
}

void Examination::check_link(unsigned depth) {
  check_dates(depth);
  check_authority(depth);
  check_purpose(depth);
  check_strength(depth);
}

unsigned rank(Defect defect) {
  constexpr std::array order = {Defect::none_sent,     Defect::other,
                                Defect::bad_signature, Defect::self_signed,
                                Defect::incomplete,    Defect::unknown_issuer,
                                Defect::revoked,       Defect::not_a_ca,
                                Defect::path_too_long, Defect::issuer_expired,
                                Defect::expired,       Defect::not_yet_valid,
                                Defect::wrong_name,    Defect::no_subject_alt_name,
                                Defect::wrong_purpose, Defect::weak_key,
                                Defect::weak_signature};
  return static_cast<unsigned>(std::find(order.begin(), order.end(), defect) - order.begin());
}

ChainVerdict Examination::run() {
  if (sent_.empty()) {
    add(Defect::none_sent, 0, "no certificate was sent");
    return verdict_;
  }
  for (unsigned i = 0; i < sent_.size(); ++i)
    if (!sent_[i]) add(Defect::other, i, "is not a certificate");
  if (!sent_.front()) return verdict_;
  auto problems = std::move(verdict_.problems);
  verdict_ = description_of(sent_.front().get(), static_cast<unsigned>(sent_.size()));
  verdict_.problems = std::move(problems);
  check_trust();
  for (unsigned depth = 0; depth < path_.links.size(); ++depth) check_link(depth);
  check_name();
  ERR_clear_error();
  std::stable_sort(verdict_.problems.begin(), verdict_.problems.end(),
                   [](const ChainProblem& a, const ChainProblem& b) { return rank(a.defect) < rank(b.defect); });
  return verdict_;
}

}  // namespace

ChainVerdict description_of(X509* leaf, unsigned sent) {
  return {.names = names_of(leaf),
          .subject = subject_of(leaf),
          .issuer = issuer_of(leaf),
          .not_before = seconds_of(X509_get0_notBefore(leaf)),
          .not_after = seconds_of(X509_get0_notAfter(leaf)),
          .sent = sent};
}

ChainVerdict verdict_on(const std::vector<Bytes>& chain, const Grounds& grounds) {
  return Examination(chain, grounds).run();
}

}  // namespace bothends::tls::ossl
