// Sentences for evidence: every one says which end saw it, none holds a raw octet of a peer.
#include <algorithm>

#include "base/text.hpp"
#include "path/rules.hpp"

namespace bothends::path {

namespace {

std::string list(wire::Registry registry, const wire::Codes& codes) {
  std::vector<std::string> names;
  for (const std::uint16_t code : codes) names.push_back(wire::name(registry, code));
  if (names.size() > 6) {
    const std::size_t more = names.size() - 5;
    names.resize(5);
    names.push_back("and " + std::to_string(more) + " more");
  }
  return names.empty() ? "none" : join(names, ", ");
}

std::string protocols(const std::vector<std::string>& alpn) {
  std::vector<std::string> shown;
  for (const std::string& one : alpn) shown.push_back(printable(one, 64));
  return shown.empty() ? "none" : join(shown, ", ");
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

std::string say_start(View octets, std::string_view who) {
  return std::string(who) + " sent: " + printable(text_of(octets.first(std::min<std::size_t>(octets.size(), 40))), 40);
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
