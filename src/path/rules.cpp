#include "path/rules.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace bothends::path {

using policy::Defect;
using policy::Reason;

Finding finding(std::string_view cause, Leg leg, std::optional<Side> refused_by, policy::Stage stage,
                Certainty certainty, std::vector<std::string> evidence) {
  Finding found{.cause = std::string(cause),
                .leg = leg,
                .refused_by = refused_by,
                .stage = stage,
                .certainty = certainty,
                .evidence = std::move(evidence)};
  if (const Cause* known = cause_of(cause)) found.remedy = known->remedy;
  return found;
}

std::string_view cause_of_chain(const policy::ChainVerdict& chain, std::string_view name_cause) {
  if (chain.ok()) return "cert-invalid";
  switch (chain.problems.front().defect) {
    case Defect::expired:
      return "cert-expired";
    case Defect::not_yet_valid:
      return "cert-not-yet-valid";
    case Defect::self_signed:
      return "self-signed";
    case Defect::unknown_issuer:
      return "unknown-ca";
    case Defect::incomplete:
      return chain.sent > 1 ? "broken-chain" : "missing-intermediate";
    case Defect::issuer_expired:
      return "intermediate-expired";
    case Defect::wrong_name:
      return name_cause;
    case Defect::no_subject_alt_name:
      return "cert-no-san";
    case Defect::wrong_purpose:
      return "cert-wrong-purpose";
    case Defect::weak_key:
    case Defect::weak_signature:
      return "cert-weak";
    default:
      return "cert-invalid";
  }
}

namespace {

bool is_address(std::string_view name) {
  return name.find(':') != name.npos || (!name.empty() && name.find_first_not_of("0123456789.") == name.npos);
}

/// The certificate is the Host's own; what is wrong is the name that was looked for in it.
std::string_view cause_of_checked(const Observation& seen, const std::string& host, const std::string& checked) {
  if (!seen.chain || checked.empty() || checked == host) return "";
  const auto fits = [&](const std::string& name) { return name_matches(name, host); };
  if (!std::ranges::any_of(seen.chain->names, fits)) return "";
  if (is_address(checked)) return "backend-by-ip";
  return checked.find('.') == checked.npos ? "wrong-upstream-name" : "";
}

}  // namespace

std::string_view cause_of_name(const Observation& seen, const std::optional<policy::Policy>& server,
                               const std::string& host, const std::string& checked) {
  if (const auto cause = cause_of_checked(seen, host, checked); !cause.empty()) return cause;
  const auto hello = seen.handshake.transcript.client_hello();
  const auto serves = [&](const policy::Leaf& leaf) {
    return std::ranges::any_of(leaf.names, [&](const std::string& name) { return name_matches(name, host); });
  };
  if (!hello || !server || !std::ranges::any_of(server->leaves, serves)) return "cert-name-mismatch";
  const auto sni = hello->sni();
  if (!sni) return seen.leg == Leg::origin ? "origin-needs-sni" : "client-sends-no-sni";
  return name_matches(host, *sni) ? "cert-name-mismatch" : "sni-wrong-certificate";
}

namespace {

// Ranges of versions that do not meet: the side that stands apart names the cause.
std::string_view version_cause(const policy::Offer& offer, const policy::Policy& policy, Leg leg) {
  if (offer.versions.empty() || policy.versions.empty()) return "no-shared-version";
  const auto [server_low, server_high] = std::ranges::minmax(policy.versions);
  const std::uint16_t client_low = std::max(offer.min_version, std::ranges::min(offer.versions));
  if (server_high < wire::tls1_2) return "outdated-versions-only";
  if (leg == Leg::origin && client_low > server_high) return "proxy-stricter-than-origin";
  return "no-shared-version";
}

}  // namespace

std::string_view cause_of_refusal(const policy::Refusal& refusal, const policy::Offer& offer,
                                  const policy::Policy& policy, Leg leg) {
  switch (refusal.reason) {
    case Reason::no_shared_version:
      return version_cause(offer, policy, leg);
    case Reason::no_shared_suite:
      return "no-shared-suite";
    case Reason::no_shared_group:
      return "no-shared-group";
    case Reason::no_certificate:
    case Reason::no_shared_signature_scheme:
      return "no-shared-signature-scheme";
    case Reason::no_shared_alpn:
      return "alpn-mismatch";
    case Reason::unknown_name:
      if (offer.sni) return "sni-unknown";
      return leg == Leg::origin ? "origin-needs-sni" : "client-sends-no-sni";
    case Reason::client_certificate_required:
      return "client-certificate-wanted";
    case Reason::client_certificate_refused:
      return "client-certificate-refused";
    default:
      return "tls-refused";
  }
}

std::vector<std::string> causes_of_alert(std::uint8_t alert) {
  switch (alert) {
    case wire::protocol_version:
      return {"no-shared-version"};
    case wire::no_application_protocol:
      return {"alpn-mismatch"};
    case wire::unrecognized_name:
      return {"sni-unknown"};
    case wire::certificate_required:
      return {"client-certificate-wanted"};
    case wire::certificate_expired:
      return {"cert-expired"};
    case wire::unknown_ca:
      return {"unknown-ca", "missing-intermediate", "self-signed"};
    case wire::bad_certificate:
    case wire::certificate_unknown:
      return {"cert-invalid", "unknown-ca", "cert-name-mismatch", "cert-weak"};
    case wire::unsupported_certificate:
      return {"cert-wrong-purpose", "no-shared-signature-scheme"};
    case wire::handshake_failure:
      return {"no-shared-suite", "no-shared-group", "no-shared-signature-scheme", "client-certificate-wanted",
              "origin-needs-sni"};
    default:
      return {"no-shared-version", "cert-invalid", "connection-lost"};
  }
}

Finding finding_by_alert(std::uint8_t alert, Leg leg, Side refused_by, policy::Stage stage,
                         std::vector<std::string> evidence) {
  std::vector<std::string> candidates = causes_of_alert(alert);
  if (candidates.size() == 1)
    return finding(candidates.front(), leg, refused_by, stage, Certainty::inferred, std::move(evidence));
  Finding found = finding("tls-refused", leg, refused_by, stage, Certainty::undecided, std::move(evidence));
  found.candidates = std::move(candidates);
  return found;
}

policy::ChainVerdict minded(const policy::ChainVerdict& chain, const Known& known) {
  policy::ChainVerdict kept = minded(chain, known.proxy_verifies);
  for (const policy::ChainProblem& problem : chain.problems) {
    const bool minds = std::ranges::find(known.proxy_minds, problem.defect) != known.proxy_minds.end();
    if (minds && std::ranges::find(kept.problems, problem) == kept.problems.end()) kept.problems.push_back(problem);
  }
  return kept;
}

policy::ChainVerdict minded(const policy::ChainVerdict& chain, policy::Verify verify) {
  policy::ChainVerdict kept = chain;
  std::erase_if(kept.problems, [&](const policy::ChainProblem& problem) {
    if (verify == policy::Verify::none) return true;
    const bool of_name = problem.defect == Defect::wrong_name || problem.defect == Defect::no_subject_alt_name;
    return of_name && verify != policy::Verify::full;
  });
  return kept;
}

std::optional<FirstAlert> first_alert(const wire::Transcript& transcript) {
  const auto sent = transcript.fatal_alert(wire::Direction::sent);
  const auto received = transcript.fatal_alert(wire::Direction::received);
  for (const wire::Event& event : transcript.events) {
    if (event.type != wire::alert) continue;
    const auto alert = wire::parse_alert(event.bytes);
    if (alert.value && alert.value == (event.direction == wire::Direction::sent ? sent : received))
      return FirstAlert{event.direction, alert.value->description};
  }
  return std::nullopt;
}

const Observation* last_origin(const PathRecord& record) {
  return record.origins.empty() ? nullptr : &record.origins.back();
}

bool answered(const PathRecord& record) {
  return std::ranges::any_of(record.client.exchanges, [](const Exchange& e) { return e.response && e.complete; });
}

unsigned client_status(const PathRecord& record) {
  for (const Exchange& exchange : record.client.exchanges)
    if (exchange.response) return exchange.response->status;
  return 0;
}

bool served(const PathRecord& record) {
  return std::ranges::any_of(record.origins, [](const Observation& origin) {
    return std::ranges::any_of(origin.exchanges, [](const Exchange& e) { return e.request && e.complete; });
  });
}

}  // namespace bothends::path
