#include "proxy/describe.hpp"

#include <fmt/format.h>

namespace bothends::proxy {

std::string describe(const policy::Ending& ending) {
  std::string text(policy::name(ending.how));
  if (ending.alert) text += fmt::format(" {} ({})", wire::name(wire::Registry::alert, *ending.alert), *ending.alert);
  text += fmt::format(" at {}", policy::name(ending.stage));
  return ending.note.empty() ? text : text + ": " + ending.note;
}

std::string describe(const Destination& destination) {
  const OriginLeg& leg = destination.route->leg;
  return fmt::format("{} ({})", leg.origin, net::Endpoint{leg.host, leg.port}.text());
}

std::string describe(const policy::Handshake* handshake) {
  if (!handshake || !handshake->chain || handshake->chain->ok()) return "";
  std::string text = "; its chain: ";
  for (const policy::ChainProblem& problem : handshake->chain->problems)
    text += fmt::format("{}{} at {}", text.ends_with(": ") ? "" : ", ", policy::name(problem.defect), problem.depth);
  return text;
}

}  // namespace bothends::proxy
