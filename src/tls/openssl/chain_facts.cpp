#include "tls/chain_facts.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <set>

#include "tls/examine.hpp"
#include "tls/openssl/facts.hpp"
#include "tls/openssl/library.hpp"
#include "tls/openssl/path.hpp"
#include "tls/openssl/staple.hpp"

namespace bothends::tls {

namespace {

using namespace ossl;
using policy::CertificateFacts;
using policy::ChainFacts;
using policy::Defect;
using policy::Key;

constexpr std::size_t certificates_limit = 100;

std::string object_text(const ASN1_OBJECT* object) {
  std::array<char, 128> text{};
  if (object == nullptr || OBJ_obj2txt(text.data(), text.size(), object, 0) <= 0) return {};
  return text.data();
}

struct Curve {
  std::string_view library, usual;
  Key key;
};
constexpr std::array curves = {Curve{"prime256v1", "P-256", Key::ecdsa_p256},
                               Curve{"secp384r1", "P-384", Key::ecdsa_p384},
                               Curve{"secp521r1", "P-521", Key::ecdsa_p521}};

void describe_curve(EVP_PKEY* key, CertificateFacts& facts) {
  std::array<char, 80> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) {
    facts.key_name = "ECDSA with a curve of its own";
    return;
  }
  const auto* known =
      std::find_if(curves.begin(), curves.end(), [&](const Curve& curve) { return curve.library == name.data(); });
  if (known != curves.end()) facts.key = known->key;
  facts.key_name = "ECDSA " + std::string(known != curves.end() ? known->usual : std::string_view(name.data()));
}

// RFC 9881: this library may be older than these algorithms.
std::string algorithm_text(const ASN1_OBJECT* object) {
  const auto text = object_text(object);
  if (text == "2.16.840.1.101.3.4.3.17") return "ML-DSA-44";
  if (text == "2.16.840.1.101.3.4.3.18") return "ML-DSA-65";
  if (text == "2.16.840.1.101.3.4.3.19") return "ML-DSA-87";
  return text;
}

void describe_key(X509* certificate, CertificateFacts& facts) {
  auto* key = X509_get0_pubkey(certificate);
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate));
  facts.key_name = algorithm_text(algorithm);
  if (key == nullptr) return;
  facts.bits = static_cast<unsigned>(std::max(0, EVP_PKEY_get_bits(key)));
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      facts.key = Key::rsa;
      facts.key_name = "RSA " + std::to_string(facts.bits);
      break;
    case EVP_PKEY_RSA_PSS:
      facts.key = Key::rsa_pss;
      facts.key_name = "RSA-PSS " + std::to_string(facts.bits);
      break;
    case EVP_PKEY_EC:
      describe_curve(key, facts);
      break;
    case EVP_PKEY_ED25519:
      facts.key = Key::ed25519;
      facts.key_name = "Ed25519";
      break;
    case EVP_PKEY_ED448:
      facts.key = Key::ed448;
      facts.key_name = "Ed448";
      break;
    case EVP_PKEY_DSA:
      facts.key = Key::dsa;
      facts.key_name = "DSA " + std::to_string(facts.bits);
      break;
    default:
      break;
  }
}

CertificateFacts facts_of(X509* certificate, View der) {
  CertificateFacts facts;
  facts.sha256 = fingerprint(der);
  if (certificate == nullptr) return facts;
  facts.subject = subject_of(certificate);
  facts.issuer = issuer_of(certificate);
  facts.names = names_of(certificate);
  const auto all = name_count(certificate);
  facts.more_names = all > facts.names.size() ? all - facts.names.size() : 0;
  describe_key(certificate, facts);
  const ASN1_OBJECT* signature = nullptr;
  X509_ALGOR_get0(&signature, nullptr, nullptr, X509_get0_tbs_sigalg(certificate));
  facts.signature = algorithm_text(signature);
  facts.not_before = seconds_of(X509_get0_notBefore(certificate));
  facts.not_after = seconds_of(X509_get0_notAfter(certificate));
  facts.is_ca = X509_check_ca(certificate) != 0;
  facts.self_issued = is_self_issued(certificate);
  return facts;
}

class Chain {
 public:
  Chain(const std::vector<Bytes>& chain, View staple, const ChainSettings& settings)
      : chain_(chain), staple_(staple), settings_(settings) {
    const auto count = std::min(chain.size(), certificates_limit);
    for (std::size_t i = 0; i < count; ++i) sent_.push_back(parse_certificate(chain[i]));
    for (const auto& der : settings.anchors)
      if (auto anchor = parse_certificate(der)) anchors_.push_back(std::move(anchor));
    ERR_clear_error();
  }

  ChainFacts run() {
    for (std::size_t i = 0; i < sent_.size(); ++i) facts_.certificates.push_back(facts_of(sent_[i].get(), chain_[i]));
    facts_.more_certificates = chain_.size() - sent_.size();
    if (leaf() != nullptr) {
      follow();
      judge_order();
      judge_completeness();
    }
    judge_trust();
    facts_.staple = staple_facts(staple_, leaf(), issuers_of_leaf());
    ERR_clear_error();
    return std::move(facts_);
  }

 private:
  X509* leaf() const { return sent_.empty() ? nullptr : sent_.front().get(); }
  bool issued(std::size_t subject, std::size_t issuer) const {
    return names_as_issuer(sent_[subject].get(), sent_[issuer].get());
  }
  void follow();
  void judge_order();
  void judge_completeness();
  void judge_trust();
  void forget_anchors_verdict();
  std::vector<X509*> issuers_of_leaf() const;

  const std::vector<Bytes>& chain_;
  View staple_;
  const ChainSettings& settings_;
  std::vector<X509Ptr> sent_, anchors_;
  std::vector<bool> belongs_;  // to some path from the leaf, by names: a wrong signature is the verdict's to tell
  ChainFacts facts_;
};

void Chain::follow() {
  belongs_.assign(sent_.size(), false);
  std::vector<bool> eligible(sent_.size(), false);
  std::set<std::string_view> met;
  for (std::size_t i = 0; i < sent_.size(); ++i) eligible[i] = sent_[i] && met.insert(text_of(chain_[i])).second;
  std::vector<std::size_t> pending = {0};
  belongs_[0] = true;
  while (!pending.empty()) {
    const auto at = pending.back();
    pending.pop_back();
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      if (!eligible[i] || belongs_[i] || !issued(at, i)) continue;
      belongs_[i] = true;
      pending.push_back(i);
    }
  }
}

void Chain::judge_order() {
  std::size_t last = 0;
  for (std::size_t i = 1; i < sent_.size(); ++i) {
    if (!belongs_[i]) {
      facts_.superfluous.push_back(i);
      continue;
    }
    if (!issued(last, i)) facts_.in_order = false;
    if (is_self_issued(sent_[i].get())) facts_.root_included = true;
    last = i;
  }
}

void Chain::judge_completeness() {
  if (!settings_.anchors_known || is_self_issued(leaf())) return;
  for (std::size_t i = 1; i < sent_.size(); ++i)
    if (sent_[i] && issued(0, i)) return;
  facts_.incomplete = std::none_of(anchors_.begin(), anchors_.end(), [this](const X509Ptr& anchor) {
    return names_as_issuer(leaf(), anchor.get()) || X509_cmp(leaf(), anchor.get()) == 0;
  });
}

void Chain::judge_trust() {
  facts_.trust = examine(chain_, {.trust = settings_.anchors, .known = {}, .name = settings_.name});
  auto& problems = facts_.trust.problems;
  const auto names = [](const policy::ChainProblem& problem) {
    return problem.defect == Defect::wrong_name || problem.defect == Defect::no_subject_alt_name;
  };
  const auto removed = std::erase_if(problems, names);
  if (!settings_.name.empty() && leaf() != nullptr) facts_.named = removed == 0;
  if (!settings_.anchors_known) forget_anchors_verdict();
}

void Chain::forget_anchors_verdict() {
  facts_.trust_known = false;
  std::erase_if(facts_.trust.problems, [](const policy::ChainProblem& problem) {
    return problem.defect == Defect::unknown_issuer || problem.defect == Defect::self_signed ||
           problem.defect == Defect::incomplete;
  });
}

std::vector<X509*> Chain::issuers_of_leaf() const {
  std::vector<X509*> issuers;
  if (leaf() == nullptr) return issuers;
  for (const auto* all : {&sent_, &anchors_})
    for (const auto& candidate : *all)
      if (candidate && names_as_issuer(leaf(), candidate.get())) issuers.push_back(candidate.get());
  return issuers;
}

}  // namespace

ChainFacts chain_facts(const std::vector<Bytes>& chain, View staple, const ChainSettings& settings) {
  begin_library();
  return Chain(chain, staple, settings).run();
}

}  // namespace bothends::tls
