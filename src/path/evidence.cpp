// Sentences for evidence: every one says which end saw it, none holds a raw octet of a peer.
#include <algorithm>

#include "base/text.hpp"
#include "path/rules.hpp"

namespace bothends::path {

namespace {

std::string some(std::vector<std::string> words) {
  if (words.size() > 6) {
    const std::size_t more = words.size() - 5;
    words.resize(5);
    words.push_back("and " + std::to_string(more) + " more");
  }
  return words.empty() ? "none" : join(words, ", ");
}

std::string list(wire::Registry registry, const wire::Codes& codes) {
  std::vector<std::string> names;
  for (const std::uint16_t code : codes) names.push_back(wire::name(registry, code));
  return some(std::move(names));
}

std::string protocols(const std::vector<std::string>& alpn) {
  std::vector<std::string> shown;
  for (const std::string& one : alpn) shown.push_back(printable(one, 64));
  return some(std::move(shown));
}

std::string names_of(const policy::Policy& policy) {
  std::vector<std::string> shown;
  for (const policy::Leaf& leaf : policy.leaves)
    for (const std::string& name : leaf.names) shown.push_back(printable(name, 100));
  return some(std::move(shown));
}

}  // namespace

std::string say_alert(std::string_view who, std::string_view whom, std::uint8_t alert) {
  return std::string(who) + " sent " + std::string(whom) + " the alert " + wire::name(wire::Registry::alert, alert) +
         " (" + std::to_string(alert) + ")";
}

std::string say_problem(const policy::ChainProblem& problem, std::string_view whose) {
  std::string text =
      "the chain that " + std::string(whose) + " sent was examined: " + std::string(policy::name(problem.defect));
  if (problem.depth > 0) text += " at depth " + std::to_string(problem.depth);
  if (!problem.detail.empty()) text += ", " + printable(problem.detail, 200);
  return text;
}

std::string say_offer(const policy::Offer& offer, std::string_view who) {
  return std::string(who) + " offered versions " + list(wire::Registry::version, offer.versions) + "; suites " +
         list(wire::Registry::suite, offer.suites) + "; groups " + list(wire::Registry::group, offer.groups) +
         "; ALPN " + protocols(offer.alpn) + "; SNI " + (offer.sni ? printable(*offer.sni, 100) : "none");
}

std::string say_policy(const policy::Policy& policy, std::string_view who) {
  return std::string(who) + " accepts versions " + list(wire::Registry::version, policy.versions) + "; suites " +
         list(wire::Registry::suite, policy.suites) + "; groups " + list(wire::Registry::group, policy.groups) +
         "; ALPN " + protocols(policy.alpn);
}

void say_disagreement(std::vector<std::string>& evidence, policy::Reason reason, const policy::Offer& offer,
                      std::string_view client, const policy::Policy& policy, std::string_view server) {
  using policy::Reason;
  const auto both = [&](const std::string& what, const std::string& offered, const std::string& accepted) {
    evidence.push_back(std::string(client) + " offered " + what + ": " + offered);
    evidence.push_back(std::string(server) + " accepts " + what + ": " + accepted);
  };
  const auto codes = [&](const std::string& what, wire::Registry registry, const wire::Codes& a, const wire::Codes& b) {
    both(what, list(registry, a), list(registry, b));
  };
  switch (reason) {
    case Reason::no_shared_version:
      return codes("versions", wire::Registry::version, offer.versions, policy.versions);
    case Reason::no_shared_suite:
      return codes("suites", wire::Registry::suite, offer.suites, policy.suites);
    case Reason::no_shared_group:
      return codes("groups", wire::Registry::group, offer.groups, policy.groups);
    case Reason::no_certificate:
    case Reason::no_shared_signature_scheme:
      return codes("signature schemes", wire::Registry::signature_scheme, offer.signature_schemes,
                   policy.signature_schemes);
    case Reason::no_shared_alpn:
      return both("ALPN", protocols(offer.alpn), protocols(policy.alpn));
    case Reason::unknown_name:
      evidence.push_back(std::string(client) + " asked for " +
                         (offer.sni ? printable(*offer.sni, 100) : "no name (no SNI)"));
      evidence.push_back(std::string(server) + " has certificates for " + names_of(policy));
      return;
    case Reason::client_certificate_required:
      evidence.push_back(std::string(server) + " requires a client certificate, and " + std::string(client) +
                         " sent none");
      return;
    case Reason::client_certificate_refused:
      for (const policy::Defect defect : offer.server_finds)
        evidence.push_back(std::string(server) +
                           " examined the client certificate: " + std::string(policy::name(defect)));
      return;
    default:
      evidence.push_back(say_offer(offer, client));
      evidence.push_back(say_policy(policy, server));
  }
}

std::string say_start(View octets, std::string_view who) {
  return std::string(who) + " sent: " + printable(text_of(octets.first(std::min<std::size_t>(octets.size(), 40))), 40);
}

std::string say_client(const PathRecord& record) {
  const unsigned status = client_status(record);
  return status ? "the client got status " + std::to_string(status) : "the client got no answer";
}

bool is_http(View octets) {
  const std::string_view text = text_of(octets);
  for (const std::string_view start :
       {"HTTP/", "GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT "})
    if (text.starts_with(start)) return true;
  return false;
}

bool is_tls(View octets) { return octets.size() >= 2 && octets[0] == wire::handshake && octets[1] == 3; }

}  // namespace bothends::path
