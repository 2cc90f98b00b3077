#include <algorithm>

#include "policy/probed.hpp"
#include "policy/suite.hpp"

namespace bothends::policy {

namespace {

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// The names of the leaves are left out, so that all of them are for the one name that was asked about.
std::vector<Leaf> leaves_of(const Probed& probed, std::uint16_t version) {
  std::vector<Leaf> leaves;
  const auto& presented = probed.survey.presented;
  for (std::size_t at = 0; at < presented.size(); ++at) {
    if (!contains(presented[at].versions, version) || presented[at].chain.empty()) continue;
    Leaf leaf{{}, Key::other, 0, presented[at].chain.front()};
    if (at < probed.chains.size() && !probed.chains[at].certificates.empty()) {
      leaf.key = probed.chains[at].certificates.front().key;
      leaf.bits = probed.chains[at].certificates.front().bits;
    }
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

const NameAnswer* line_for(const Surveyed& survey, const std::optional<std::string>& sni) {
  const NameAnswer* unknown = nullptr;
  for (const auto& line : survey.names) {
    if (line.which == NameAnswer::Case::unknown) unknown = &line;
    if (sni ? line.which != NameAnswer::Case::none && line.sni == *sni : line.which == NameAnswer::Case::none)
      return &line;
  }
  return sni ? unknown : nullptr;
}

/// The survey is about one name; another one is as good when the same certificate answers to it.
bool is_same_name(const Surveyed& survey, const NameAnswer& line) {
  const auto* own = line_for(survey, survey.sni);
  return own && own->kind == Answer::Kind::accepted && line.presented == own->presented;
}

}  // namespace

Policy policy_of(const Probed& probed, std::uint16_t version) {
  const auto& survey = probed.survey;
  Policy policy;
  for (const auto& one : survey.versions)
    if (one.spoken == Known::yes) policy.versions.push_back(one.version);
  policy.alpn = survey.alpn;
  policy.leaves = leaves_of(probed, version);
  if (survey.certificate_required == Known::yes)
    policy.client_certificate = ClientCertificate::required;
  else if (survey.certificate_asked == Known::yes)
    policy.client_certificate = ClientCertificate::optional;
  const auto* found = survey.version(version);
  if (!found) return policy;
  policy.suites = found->suites;
  policy.groups = found->groups;
  policy.signature_schemes = found->schemes;
  policy.server_preference = found->suites_by == Preference::server || found->suites_by == Preference::adaptive;
  return policy;
}

std::optional<Outcome> foretell(const Offer& offer, const Probed& probed) {
  const auto& survey = probed.survey;
  if (!survey.members.empty() || !survey.foreign.empty()) return std::nullopt;
  if (offer.sni != survey.sni) {
    const auto* line = line_for(survey, offer.sni);
    if (!line || line->kind == Answer::Kind::none) return std::nullopt;
    if (line->kind == Answer::Kind::refused)
      return Refusal{Party::server, Reason::unknown_name, line->alert, std::nullopt};
    if (!is_same_name(survey, *line)) return std::nullopt;
  }
  std::optional<std::uint8_t> alert;
  for (const auto version : offer.versions) {
    const auto* found = survey.version(version);
    if (!found) continue;
    if (found->spoken == Known::unknown) return std::nullopt;
    if (found->spoken == Known::no && !alert) alert = found->alert;
    if (found->spoken != Known::yes) continue;
    if (!found->unknown_suites.empty() || !found->unknown_groups.empty()) return std::nullopt;
    auto named = offer;
    named.sni.reset();
    return negotiate(named, policy_of(probed, version));
  }
  return Refusal{Party::server, Reason::no_shared_version, alert, std::nullopt};
}

}  // namespace bothends::policy
