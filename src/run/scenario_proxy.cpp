// [proxy] and its routes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "certs/names.hpp"
#include "run/scenario_parts.hpp"

namespace bothends::run {
namespace {

using Type = Value::Type;
using From = proxy::NameSource::From;

std::string_view word_of(const proxy::NameSource& source) {
  constexpr std::string_view words[] = {"none", "host", "fixed", "upstream"};
  return words[static_cast<std::size_t>(source.from)];
}

/// The first place that says it, wherever several routes do. Defaults that nobody wrote have no place.
void note(ProxySpec& proxy, const std::string& key, std::string_view word, const Place& place) {
  if (!place.known()) return;
  proxy.said.emplace(key, place);
  if (!word.empty()) proxy.said.emplace(fmt::format("{}={}", key, word), place);
}

std::string_view word_of(const RouteSpec& route, std::string_view key) {
  if (key == "sni") return word_of(route.sni);
  if (key == "verify_name") return word_of(route.verify_name);
  if (key == "verify") return policy::name(route.verify);
  if (key == "tls") return route.tls ? "true" : "false";
  return key == "stack" ? std::string_view(route.stack) : "";
}

std::string_view word_of(const ProxySpec& proxy, std::string_view key) {
  if (key == "strict_sni") return proxy.strict_sni ? "true" : "false";
  if (key == "client_certificate") return policy::name(proxy.client_certificate);
  return key == "stack" ? std::string_view(proxy.stack) : "";
}

Result<void> check_match(const Member& member) {
  const auto& match = member.key;
  if (match == "default") return {};
  auto good = certs::check_names(std::span(&match, 1));
  bool slip = match.find('.') == match.npos && did_you_mean(match, Words{"default"});
  if (good && !slip) return {};
  auto reason = good ? "did you mean \"default\"?" : good.error().what;
  auto what = fmt::format("a route is for a host name, \"*.\" and a name, or \"default\": {}", reason);
  return fail(ErrorCode::value, std::move(what), member.place);
}

/// Without `to` there must be exactly one origin to mean.
void read_target(Fields& fields, const StageSpec& stage, RouteSpec& route) {
  Words origins;
  for (const auto& origin : stage.origins) origins.push_back(origin.name);
  fields.name("to", route.to, origins, "origin");
  if (fields.has("to")) return;
  if (origins.size() == 1)
    route.to = origins.front();
  else
    fields.fail_at(route.place, fmt::format("{} is missing{}", fields.path_of("to"), choice_hint("", origins)));
}

void read_upstream(Fields& fields, const Value& table, RouteSpec& route) {
  fields.text("upstream", route.upstream);
  const Value* found = table.find("upstream");
  if (!found || !found->is(Type::text)) return;
  const auto good = certs::check_names(std::span(&route.upstream, 1));
  if (!good) return fields.fail_at(found->place, fields.path_of("upstream") + ": " + good.error().what);
  if (route.upstream.find('*') != route.upstream.npos)
    fields.fail_at(found->place, fields.path_of("upstream") + " is one host: a name or an address, without a star");
}

Result<RouteSpec> read_route(const Member& member, const StageSpec& stage) {
  using policy::Verify;
  if (auto good = check_match(member); !good) return tl::unexpected(good.error());
  RouteSpec route;
  route.match = lower(member.key);
  route.place = member.place;
  Fields fields(member.value, {"proxy", "routes", member.key});
  read_target(fields, stage, route);
  fields.flag("tls", route.tls);
  fields.name("stack", route.stack, stack_names(), "TLS stack");
  read_tls(fields, member.value, route);
  read_upstream(fields, member.value, route);
  fields.name_source("sni", route.sni, {"none", "host", "upstream"});
  fields.word("verify", route.verify, {Verify::none, Verify::chain, Verify::full});
  fields.name_source("verify_name", route.verify_name, {"host", "upstream"});
  fields.names("trust", route.trust, trust_names(stage), "trust anchor");
  fields.name("certificate", route.certificate, certificate_names(stage), "certificate");
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  return route;
}

Result<void> read_routes(const Value& table, const StageSpec& stage, ProxySpec& proxy) {
  for (const auto& member : table.members) {
    auto route = read_route(member, stage);
    if (!route) return tl::unexpected(route.error());
    auto same = [&](const RouteSpec& known) { return known.match == route->match; };
    if (std::any_of(proxy.routes.begin(), proxy.routes.end(), same)) {
      auto what = fmt::format("there is a route for \"{}\" already", route->match);
      return fail(ErrorCode::value, std::move(what), member.place);
    }
    for (const auto& key : member.value.members) {
      note(proxy, "routes." + key.key, word_of(*route, key.key), key.place);
    }
    if (route->match.starts_with('*')) note(proxy, "routes.match", "wildcard", member.place);
    proxy.routes.push_back(std::move(*route));
  }
  return {};
}

/// HOST:PORT with a name, an IPv4 address, or an IPv6 address in brackets.
bool is_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == text.npos) return false;
  auto port = text.substr(colon + 1);
  unsigned number = 0;
  auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  std::string host(text.substr(0, colon));
  bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  return problem == std::errc() && end == port.data() + port.size() && number > 0 && number <= 65535 &&
         bracketed == (host.find(':') != host.npos) && host.find('*') == host.npos &&
         certs::check_names(std::span(&host, 1));
}

void read_address(Fields& fields, const Value& table, ProxySpec& proxy) {
  fields.text("address", proxy.address);
  if (proxy.address.empty() || is_address(proxy.address)) return;
  fields.fail_at(table.find("address")->place, fmt::format("proxy.address cannot be \"{}\": write HOST:PORT, an IPv6 "
                                                           "address in brackets",
                                                           printable(proxy.address, 80)));
}

void read_timeout(Fields& fields, ProxySpec& proxy) {
  std::chrono::milliseconds timeout{0};
  fields.span("timeout", timeout, std::chrono::milliseconds(1), std::chrono::minutes(10));
  if (fields.has("timeout")) proxy.origin_timeout = timeout;
}

}  // namespace

Result<ProxySpec> read_proxy(const Value& root, const StageSpec& stage) {
  using policy::ClientCertificate;
  static const Value nothing;
  const Value* found = root.find("proxy");
  const Value& table = found ? *found : nothing;
  ProxySpec proxy;
  proxy.place = found && found->place.known() ? found->place : root.place;
  Fields fields(table, {"proxy"});
  fields.text("use", proxy.use);
  read_address(fields, table, proxy);
  fields.name("stack", proxy.stack, stack_names(), "TLS stack");
  read_tls(fields, table, proxy);
  fields.names("certs", proxy.certs, certificate_names(stage), "certificate");
  fields.flag("strict_sni", proxy.strict_sni);
  std::size_t setting = 0;
  fields.choice("setting", setting, {"told", "default"});
  proxy.told = setting == 0;
  fields.word("client_certificate", proxy.client_certificate,
              {ClientCertificate::none, ClientCertificate::optional, ClientCertificate::required});
  fields.names("trust", proxy.trust, trust_names(stage), "trust anchor");
  read_timeout(fields, proxy);
  const Value* routes = fields.value("routes", Type::table);
  if (fields.has("certs") && proxy.certs.empty()) {
    fields.fail_at(table.find("certs")->place, "proxy.certs needs at least one certificate");
  }
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());

  for (const auto& member : table.members) {
    if (member.key != "routes") note(proxy, member.key, word_of(proxy, member.key), member.place);
  }
  if (routes) {
    if (auto good = read_routes(*routes, stage, proxy); !good) return tl::unexpected(good.error());
  }
  if (!proxy.address.empty()) return proxy;
  if (proxy.certs.empty()) proxy.certs = {std::string(proxy_default_name)};
  if (proxy.routes.empty()) {
    return fail(ErrorCode::value,
                "the proxy has no routes: with several origins say which host leads where, as in "
                "[proxy.routes.\"shop.test\"]",
                proxy.place);
  }
  return proxy;
}

}  // namespace bothends::run
