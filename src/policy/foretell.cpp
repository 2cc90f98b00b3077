#include <algorithm>

#include "base/text.hpp"
#include "policy/manners.hpp"
#include "policy/probed.hpp"
#include "policy/suite.hpp"

namespace bothends::policy {

namespace {

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::vector<Leaf> leaves_of(const Probed& probed, std::uint16_t version) {
  std::vector<Leaf> leaves;
  const auto& presented = probed.survey.presented;
  for (std::size_t at = 0; at < presented.size(); ++at) {
    if (!contains(presented[at].versions, version) || presented[at].chain.empty()) continue;
    Leaf leaf{{}, Key::other, 0, presented[at].chain.front()};
    if (at < probed.chains.size() && !probed.chains[at].certificates.empty()) {
      leaf.key = probed.chains[at].certificates.front().key;
      leaf.bits = probed.chains[at].certificates.front().bits;
      leaf.names = probed.chains[at].certificates.front().names;
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

/// The leaf of a client without a name goes first: it is the one that the server takes when none is better.
void put_default_first(std::vector<Leaf>& leaves, const Surveyed& survey) {
  const auto* line = line_for(survey, std::nullopt);
  if (!line || !line->presented || survey.presented[*line->presented].chain.empty()) return;
  const auto& der = survey.presented[*line->presented].chain.front();
  std::stable_partition(leaves.begin(), leaves.end(), [&](const Leaf& leaf) { return leaf.der == der; });
}

/// In a survey the schemes of one key come in the server's order, and the keys one after the other: how these stand
/// to each other its stack knows.
void merge_by_rank(wire::Codes& schemes, std::span<const std::uint16_t> known) {
  const auto rank = [&](std::uint16_t code) { return std::find(known.begin(), known.end(), code) - known.begin(); };
  std::stable_sort(schemes.begin(), schemes.end(), [&](auto one, auto other) { return rank(one) < rank(other); });
}

/// What a server was seen to say is better known than what its like says.
std::optional<std::uint8_t> alert_seen(const Refusal& refusal, const VersionPolicy& found, const Surveyed& survey) {
  switch (refusal.reason) {
    case Reason::no_shared_suite:
      return found.alert;
    case Reason::no_shared_group:
      return found.group_alert;
    case Reason::no_shared_alpn:
      return survey.alpn_alert;
    default:
      return std::nullopt;
  }
}

}  // namespace

Policy policy_of(const Probed& probed, std::uint16_t version) {
  const auto& survey = probed.survey;
  Policy policy;
  for (const auto& one : survey.versions)
    if (one.spoken == Known::yes) policy.versions.push_back(one.version);
  policy.stack = probed.likeness.stack;
  policy.alpn = survey.alpn;
  policy.leaves = leaves_of(probed, version);
  put_default_first(policy.leaves, survey);
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
  policy.chacha_by_client = found->suites_by == Preference::adaptive;
  return policy;
}

namespace {

struct Unknown {
  std::string why;
};
using Told = std::variant<Outcome, Unknown>;

std::string named(const std::optional<std::string>& sni) {
  return sni ? "the name " + printable(*sni, 256) : "no name";
}

/// Is there anything to foretell from? Else why not.
std::string unusable(const Probed& probed) {
  const auto& survey = probed.survey;
  if (!probed.error.empty()) return "the endpoint could not be asked: " + printable(probed.error, 256);
  if (!survey.foreign.empty()) return "the endpoint does not speak TLS";
  if (!survey.members.empty())
    return std::to_string(survey.members.size()) +
           " unequal servers are behind the address: which one answers is "
           "a matter of luck";
  return survey.versions.empty() ? "nothing was surveyed" : "";
}

bool speaks(const Surveyed& survey) {
  return std::any_of(survey.versions.begin(), survey.versions.end(),
                     [](const VersionPolicy& one) { return one.spoken == Known::yes; });
}

/// What the server makes of the name alone; nullopt: it goes on as with the name that was surveyed.
std::optional<Told> told_of_name(const Offer& offer, const Surveyed& survey) {
  const auto* line = line_for(survey, offer.sni);
  if (offer.sni == survey.sni) {
    if (!line || line->alert != wire::unrecognized_name || speaks(survey)) return std::nullopt;
    return Refusal{Party::server, Reason::unknown_name, line->alert, std::nullopt};
  }
  if (!line || line->kind == Answer::Kind::none)
    return Unknown{"it was surveyed with " + named(survey.sni) + ", and what it makes of " + named(offer.sni) +
                   " is not known"};
  if (line->kind == Answer::Kind::refused)
    return Refusal{Party::server, Reason::unknown_name, line->alert, std::nullopt};
  if (is_same_name(survey, *line)) return std::nullopt;
  return Unknown{"it was surveyed with " + named(survey.sni) + ", and with " + named(offer.sni) +
                 " it presents another certificate, behind which its policy may be another"};
}

std::string counted(std::size_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

std::string unknown_in(const VersionPolicy& found) {
  const auto label = wire::name(wire::Registry::version, found.version);
  if (found.spoken == Known::unknown) return "whether it speaks " + label + " is not known";
  if (found.spoken != Known::yes) return "";
  if (!found.unknown_suites.empty())
    return counted(found.unknown_suites.size(), "suite") + " of " + label + " got no answer";
  if (!found.unknown_groups.empty())
    return counted(found.unknown_groups.size(), "group") + " of " + label + " got no answer";
  return "";
}

}  // namespace

Foreteller::Foreteller(const Probed& probed) : Foreteller(probed, probed.likeness.stack) {}

Foreteller::Foreteller(const Probed& probed, std::string_view stack) : probed_(probed) {
  for (const auto& one : probed.survey.versions) {
    if (one.spoken != Known::yes) continue;
    auto policy = policy_of(probed, one.version);
    policy.stack = stack;
    const auto& manners = manners_of(stack);
    if (one.version == wire::tls1_2 && policy.server_preference)
      merge_by_rank(policy.signature_schemes, manners.knows_schemes);
    if (!manners.leaf_by_hello)
      for (auto& leaf : policy.leaves) leaf.names.clear();
    policies_.emplace(one.version, std::move(policy));
  }
}

Outcome Foreteller::by(Offer offer, const VersionPolicy& found) const {
  const auto& survey = probed_.survey;
  const auto is_served = [&](const std::string& protocol) {
    return std::find(survey.alpn.begin(), survey.alpn.end(), protocol) != survey.alpn.end();
  };
  const bool is_other = !offer.alpn.empty() && std::none_of(offer.alpn.begin(), offer.alpn.end(), is_served);
  if (is_other && survey.alpn_known == Known::yes && !survey.alpn_alert) offer.alpn.clear();
  const auto& policy = policies_.at(found.version);
  if (!manners_of(policy.stack).leaf_by_hello) offer.sni.reset();
  auto outcome = negotiate(offer, policy);
  if (auto* agreed = std::get_if<Agreement>(&outcome); agreed && is_other) agreed->alpn = survey.alpn_otherwise;
  if (auto* refusal = std::get_if<Refusal>(&outcome); refusal && refusal->by == Party::server)
    if (const auto seen = alert_seen(*refusal, found, survey)) refusal->alert = seen;
  return outcome;
}

/// OpenSSL whose level of security forbids the signatures of a version speaks it all the same, and finds out too late:
/// it says internal_error, but handshake_failure where no suite is shared.
std::optional<std::uint8_t> Foreteller::alert_of(Offer offer, const VersionPolicy& found) const {
  if (found.alert != wire::internal_error || policies_.empty()) return found.alert;
  auto policy = policies_.begin()->second;
  policy.versions = offer.versions = {found.version};
  policy.alpn.clear();
  const auto outcome = negotiate(offer, policy);
  const auto* refusal = std::get_if<Refusal>(&outcome);
  return refusal ? refusal->alert : found.alert;
}

std::optional<Outcome> Foreteller::outcome(Offer offer) const {
  const auto& survey = probed_.survey;
  if (!unusable(probed_).empty()) return std::nullopt;
  if (auto told = told_of_name(offer, survey)) {
    if (auto* outcome = std::get_if<Outcome>(&*told)) return std::move(*outcome);
    return std::nullopt;
  }
  std::optional<std::uint8_t> alert;
  for (const auto version : offer.versions) {
    const auto* found = survey.version(version);
    if (!found) continue;
    if (!unknown_in(*found).empty()) return std::nullopt;
    if (found->spoken == Known::no && !alert) alert = alert_of(offer, *found);
    if (found->spoken != Known::yes) continue;
    return by(std::move(offer), *found);
  }
  return Refusal{Party::server, Reason::no_shared_version, alert, std::nullopt};
}

std::optional<Outcome> foretell(const Offer& offer, const Probed& probed) { return Foreteller(probed).outcome(offer); }

std::string unknown_to(const Offer& offer, const Probed& probed) {
  const auto& survey = probed.survey;
  if (auto why = unusable(probed); !why.empty()) return why;
  if (const auto told = told_of_name(offer, survey))
    return std::holds_alternative<Unknown>(*told) ? std::get<Unknown>(*told).why : "";
  for (const auto version : offer.versions) {
    const auto* found = survey.version(version);
    if (!found) continue;
    if (auto why = unknown_in(*found); !why.empty() || found->spoken == Known::yes) return why;
  }
  return "";
}

}  // namespace bothends::policy
