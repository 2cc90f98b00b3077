#include "policy/against.hpp"

#include <algorithm>
#include <array>

#include "policy/choose.hpp"
#include "policy/suite.hpp"

namespace bothends::policy {

namespace {

using What = Apart::What;

wire::Codes spoken_by(const Surveyed& survey) {
  wire::Codes versions;
  for (const auto& one : survey.versions)
    if (one.spoken == Known::yes) versions.push_back(one.version);
  return versions;
}

std::optional<What> what_of(Reason reason) {
  switch (reason) {
    case Reason::no_shared_version:
      return What::versions;
    case Reason::no_shared_suite:
      return What::suites;
    case Reason::no_shared_group:
      return What::groups;
    case Reason::no_shared_signature_scheme:
      return What::signature_schemes;
    case Reason::no_shared_alpn:
      return What::alpn;
    default:
      return std::nullopt;
  }
}

template <class Fits>
wire::Codes those(const wire::Codes& codes, const Fits& fits) {
  wire::Codes some;
  std::copy_if(codes.begin(), codes.end(), std::back_inserter(some), fits);
  return some;
}

bool scheme_is_of(std::uint16_t code, std::uint16_t version) {
  const auto scheme = scheme_of(code);
  return !scheme || (version >= wire::tls1_3 ? scheme->tls13 : scheme->tls12);
}

/// Both lists of what keeps them apart, in the version that the server takes.
Apart apart(What what, const Offer& offer, const Surveyed& survey) {
  const auto spoken = spoken_by(survey);
  if (what == What::versions) return {what, 0, offer.versions, spoken, shared(offer.versions, spoken), {}, {}};
  if (what == What::alpn) return {what, 0, {}, {}, {}, offer.alpn, survey.alpn};
  const auto both = shared(offer.versions, spoken);
  const auto version = both.empty() ? std::uint16_t{0} : both.front();
  const auto* found = survey.version(version);
  Apart apart{what, version, {}, {}, {}, {}, {}};
  if (what == What::suites) {
    apart.offered = those(offer.suites, [&](auto code) { return fits(suite_of(code), version); });
    if (found) apart.accepted = found->suites;
  } else if (what == What::groups) {
    apart.offered = those(offer.groups, [&](auto code) { return group_fits(code, version); });
    if (found) apart.accepted = found->groups;
  } else {
    apart.offered = those(offer.signature_schemes, [&](auto code) { return scheme_is_of(code, version); });
    if (found) apart.accepted = found->schemes;
  }
  apart.shared = shared(apart.offered, apart.accepted);
  return apart;
}

}  // namespace

std::string_view name(What what) {
  static constexpr std::array<std::string_view, 5> words{"versions", "suites", "groups", "signature-schemes", "alpn"};
  return words.at(static_cast<std::size_t>(what));
}

Against held_against(const Offer& offer, const Probed& probed) {
  Against against{foretell(offer, probed), std::nullopt, {}};
  if (!against.outcome) against.unknown = unknown_to(offer, probed);
  if (!against.outcome || !std::holds_alternative<Refusal>(*against.outcome)) return against;
  if (const auto what = what_of(std::get<Refusal>(*against.outcome).reason))
    against.apart = apart(*what, offer, probed.survey);
  return against;
}

}  // namespace bothends::policy
