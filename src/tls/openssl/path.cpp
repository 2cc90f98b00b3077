#include "tls/openssl/path.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace bothends::tls::ossl {

namespace {

constexpr std::size_t depth_limit = 16;
constexpr unsigned budget_of_a_search = 512;  // candidates looked at

class Finder {
 public:
  Finder(const Certificates& certificates, Search search) : certificates_(certificates), search_(search) {}

  Path find() {
    path_.push_back({certificates_.sent.front().get(), Source::sent});
    const bool trusted = extend();
    return {trusted ? path_ : longest_, trusted};
  }

 private:
  bool extend();
  bool extend_from(std::span<const X509Ptr> candidates, Source source);
  bool is_anchor(X509* certificate) const;
  bool is_in_path(X509* certificate) const;
  bool fits(X509* issuer);

  const Certificates& certificates_;
  Search search_;
  unsigned budget_ = budget_of_a_search;
  std::vector<Link> path_;
  std::vector<Link> longest_;
};

bool Finder::is_anchor(X509* certificate) const {
  return std::any_of(certificates_.trust.begin(), certificates_.trust.end(),
                     [&](const X509Ptr& anchor) { return X509_cmp(anchor.get(), certificate) == 0; });
}

bool Finder::is_in_path(X509* certificate) const {
  return std::any_of(path_.begin(), path_.end(),
                     [&](const Link& link) { return X509_cmp(link.certificate, certificate) == 0; });
}

bool Finder::fits(X509* issuer) {
  if (issuer == nullptr || budget_ == 0) return false;
  --budget_;
  auto* subject = path_.back().certificate;
  return names_as_issuer(subject, issuer) && !is_in_path(issuer) &&
         (!search_.demand_signatures || is_signed_by(subject, issuer));
}

bool Finder::extend_from(std::span<const X509Ptr> candidates, Source source) {
  for (const auto& candidate : candidates) {
    if (!fits(candidate.get())) continue;
    path_.push_back({candidate.get(), source});
    if (extend()) return true;
    path_.pop_back();
  }
  return false;
}

bool Finder::extend() {
  if (path_.size() > longest_.size()) longest_ = path_;
  if (is_anchor(path_.back().certificate)) return true;
  if (path_.size() >= depth_limit) return false;
  return extend_from(certificates_.trust, Source::trust) || extend_from(certificates_.sent.subspan(1), Source::sent) ||
         (search_.with_known && extend_from(certificates_.known, Source::known));
}

}  // namespace

bool names_as_issuer(X509* subject, X509* issuer) {
  const int answer = X509_check_issued(issuer, subject);
  // Whether the issuer was allowed to issue is another question.
  return answer == X509_V_OK || answer == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

bool is_signed_by(X509* subject, X509* issuer) {
  auto* key = X509_get0_pubkey(issuer);
  const bool verified = key != nullptr && X509_verify(subject, key) == 1;
  ERR_clear_error();
  return verified;
}

bool is_self_issued(X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

Path find_path(const Certificates& certificates, Search search) { return Finder(certificates, search).find(); }

}  // namespace bothends::tls::ossl
