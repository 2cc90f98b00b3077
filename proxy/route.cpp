#include "proxy/route.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace bothends::proxy {

namespace {

std::string_view without_last_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

/// "*.a.test" covers "x.a.test" and "y.x.a.test".
bool covers(std::string_view match, std::string_view host) {
  return match.starts_with("*.") && host.size() + 1 > match.size() && host.ends_with(match.substr(1));
}

}  // namespace

const Route* route_for(const std::vector<Route>& routes, std::string_view host) {
  const std::string name = lower(without_last_dot(host));
  const Route* best = nullptr;
  std::size_t best_length = 0;
  for (const Route& route : routes) {
    const std::string match = lower(without_last_dot(route.match));
    if (match == "default" && !best) best = &route;
    if (match == name && !name.empty()) return &route;
    if (!covers(match, name) || match.size() <= best_length) continue;
    best = &route;
    best_length = match.size();
  }
  return best;
}

OriginLeg settled(OriginLeg leg) {
  using From = NameSource::From;
  const NameSource name{From::fixed, leg.host};
  const bool by_address = is_address(leg.host);
  if (leg.verify_name.from == From::upstream ||
      (by_address && leg.sni.from == From::upstream && leg.verify_name.from == From::none))
    leg.verify_name = name;
  if (leg.sni.from == From::upstream) leg.sni = by_address ? NameSource{} : name;
  return leg;
}

std::optional<std::string> host_of(std::string_view authority) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' || c == ':';
  };
  const bool literal = authority.starts_with('[');
  const auto end = literal ? authority.find(']') : authority.find(':');
  if (literal && end == std::string_view::npos) return std::nullopt;
  const auto host = literal ? authority.substr(1, end - 1) : authority.substr(0, end);
  const auto rest = end == std::string_view::npos ? std::string_view{} : authority.substr(literal ? end + 1 : end);
  const auto port = rest.substr(rest.empty() ? 0 : 1);
  const bool port_is_one =
      rest.empty() || (rest.front() == ':' && port.size() <= 5 && std::all_of(port.begin(), port.end(), ::isdigit));
  if (host.empty() || !port_is_one || !std::all_of(host.begin(), host.end(), fits)) return std::nullopt;
  return std::string(host);
}

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || std::all_of(host.begin(), host.end(), [](char c) {
           return c == '.' || std::isdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace bothends::proxy
