#include <algorithm>

#include "base/text.hpp"
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

Told told_of(const Offer& offer, const Probed& probed) {
  const auto& survey = probed.survey;
  if (auto why = unusable(probed); !why.empty()) return Unknown{why};
  if (auto told = told_of_name(offer, survey)) return std::move(*told);
  std::optional<std::uint8_t> alert;
  for (const auto version : offer.versions) {
    const auto* found = survey.version(version);
    if (!found) continue;
    if (auto why = unknown_in(*found); !why.empty()) return Unknown{why};
    if (found->spoken == Known::no && !alert) alert = found->alert;
    if (found->spoken != Known::yes) continue;
    auto nameless = offer;
    nameless.sni.reset();
    return negotiate(nameless, policy_of(probed, version));
  }
  return Refusal{Party::server, Reason::no_shared_version, alert, std::nullopt};
}

}  // namespace

std::optional<Outcome> foretell(const Offer& offer, const Probed& probed) {
  auto told = told_of(offer, probed);
  if (auto* outcome = std::get_if<Outcome>(&told)) return std::move(*outcome);
  return std::nullopt;
}

std::string unknown_to(const Offer& offer, const Probed& probed) {
  auto told = told_of(offer, probed);
  return std::holds_alternative<Unknown>(told) ? std::get<Unknown>(told).why : "";
}

}  // namespace bothends::policy
