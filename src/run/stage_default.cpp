#include "run/stage_default.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "proxy/route.hpp"
#include "run/reach.hpp"

namespace bothends::run {

namespace {

using From = proxy::NameSource::From;

void tell_nothing(const proxy::Defaults& defaults, RouteSpec& route) {
  static_cast<TlsSpec&>(route) = {};
  route.min_version = defaults.min_version;
  route.max_version = defaults.max_version;
  route.alpn = defaults.alpn;
  if (route.upstream.empty()) route.upstream = defaults.upstream;
  route.sni = defaults.sni;
  route.verify = defaults.verify;
  route.verify_name = {};
  route.certificate.clear();
}

const RouteSpec* route_of(const StageSpec& stage, const std::string& host) {
  std::vector<proxy::Route> routes;
  for (const RouteSpec& route : stage.proxy.routes) routes.push_back({.match = route.match, .leg = {}, .place = {}});
  const proxy::Route* found = proxy::route_for(routes, host);
  return found ? &stage.proxy.routes[static_cast<std::size_t>(found - routes.data())] : nullptr;
}

bool covers(const certs::Recipe& recipe, const std::string& host) {
  return std::ranges::any_of(recipe.names, [&](const std::string& name) { return name_matches(name, host); });
}

void add_name(StageSpec& stage, const OriginSpec& origin, const std::string& host, const std::string& name) {
  for (certs::Recipe& recipe : stage.certs) {
    const bool its_own = std::ranges::find(origin.certs, recipe.name) != origin.certs.end();
    if (its_own && covers(recipe, host) && !covers(recipe, name)) recipe.names.push_back(name);
  }
}

}  // namespace

void apply(const proxy::Defaults& defaults, StageSpec& stage) {
  for (RouteSpec& route : stage.proxy.routes) tell_nothing(defaults, route);
  if (defaults.sni.from != From::upstream) return;
  for (const std::string& host : stage.hosts) {
    const RouteSpec* route = route_of(stage, host);
    const OriginSpec* origin = route ? stage.origin(route->to) : nullptr;
    if (origin && !proxy::is_address(route->upstream)) add_name(stage, *origin, host, route->upstream);
  }
}

void place_origins(StageSpec& stage, const proxy::Driver& driver) {
  const auto first = endpoint_of(driver.origins);
  if (!first) return;
  const bool ipv6 = first->host.find(':') != std::string::npos;
  for (std::size_t i = 0; i < stage.origins.size(); ++i)
    if (stage.origins[i].listen.empty())
      stage.origins[i].listen = (ipv6 ? "[" + first->host + "]" : first->host) + ":" + std::to_string(first->port + i);
}

std::string address_to_reach(const std::string& listening) {
  return listening == "0.0.0.0" ? "127.0.0.1" : listening == "::" ? "::1" : listening;
}

}  // namespace bothends::run
