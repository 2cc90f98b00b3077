// A setup as the files of one real proxy: its certificates, and its configuration from the driver's templates
// (mustache).
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "proxy/driver.hpp"
#include "proxy/template.hpp"
#include "tls/examine.hpp"

namespace bothends::proxy {

namespace {

using From = NameSource::From;
using Files = std::map<std::string, std::string>;

std::string word(const Driver& driver, const std::string& name) {
  const auto found = driver.words.find(name);
  return found == driver.words.end() ? name : found->second;
}

std::string suites_of(const Driver& driver, const wire::Codes& codes, bool tls13) {
  std::vector<std::string> names;
  for (const std::uint16_t code : codes) {
    if (wire::is_tls13_suite(code) != tls13) continue;
    const std::string registered = wire::name(wire::Registry::suite, code);
    const auto openssl = wire::openssl_suite(code);
    names.push_back(driver.words.contains(registered) || !openssl ? word(driver, registered) : std::string(*openssl));
  }
  return join(names, ":");
}

std::string names_of(const Driver& driver, wire::Registry registry, const wire::Codes& codes) {
  std::vector<std::string> names;
  for (const std::uint16_t code : codes) names.push_back(word(driver, wire::name(registry, code)));
  return join(names, ":");
}

void add_tls(Scope& scope, const Driver& driver, const tls::CommonSettings& settings) {
  const auto [low, high] = versions_of(settings);
  std::vector<Scope> versions;
  for (std::uint16_t version = low; version <= std::min<unsigned>(high, wire::tls1_3); ++version)
    versions.emplace_back().text("version", word(driver, wire::name(wire::Registry::version, version)));
  scope.list("versions", std::move(versions));
  scope.text("min_version", word(driver, wire::name(wire::Registry::version, low)));
  scope.text("max_version", word(driver, wire::name(wire::Registry::version, high)));
  scope.flag("weak", low < wire::tls1_2);
  scope.optional("suites12", suites_of(driver, settings.suites, false));
  scope.optional("suites13", suites_of(driver, settings.suites, true));
  scope.optional("groups", names_of(driver, wire::Registry::group, settings.groups));
  scope.optional("signature_schemes", names_of(driver, wire::Registry::signature_scheme, settings.signature_schemes));
  scope.optional("alpn", join(settings.alpn, ","));
}

/// Writes one credential in the three forms that proxies want; its files are NAME.crt, NAME.key, NAME.pem.
void add_credential(Scope& scope, Files& files, const std::filesystem::path& folder, const std::string& name,
                    const tls::Credential& credential) {
  std::string chain;
  for (const Bytes& der : credential.chain) chain += tls::certificate_pem(der);
  const std::string key = tls::key_pem(credential.key);
  files[name + ".crt"] = chain;
  files[name + ".key"] = key;
  files[name + ".pem"] = chain + key;
  scope.text("crt", (folder / (name + ".crt")).string());
  scope.text("key", (folder / (name + ".key")).string());
  scope.text("pem", (folder / (name + ".pem")).string());
}

std::string pem_of(const std::vector<Bytes>& certificates) {
  std::string pem;
  for (const Bytes& der : certificates) pem += tls::certificate_pem(der);
  return pem;
}

// The front's certificate for a route's name: the first that covers it, else the default.
std::size_t certificate_for(const Setup& setup, const std::string& match) {
  const std::string name = match.starts_with("*.") ? "any" + match.substr(1) : match;
  for (std::size_t i = 0; i < setup.front.certificates.size(); ++i)
    for (const std::string& own : setup.front.certificates[i].names)
      if (name_matches(own, name)) return i;
  return 0;
}

/// The name that is checked with Verify::full: said, else the SNI, else the Host.
NameSource checked(const OriginLeg& leg) {
  if (leg.verify_name.from != From::none) return leg.verify_name;
  if (leg.sni.from != From::none) return leg.sni;
  return {From::host, ""};
}

Scope route_scope(const Driver& driver, const Setup& setup, const Route& route, std::size_t index, Files& files,
                  const std::filesystem::path& folder) {
  const OriginLeg& leg = route.leg;
  const std::string name = "route" + std::to_string(index);
  const std::string front = "front" + std::to_string(certificate_for(setup, route.match));
  const bool exact = route.match != "default" && !route.match.starts_with("*.");
  Scope scope;
  add_tls(scope, driver, leg.settings);
  scope.text("index", std::to_string(index));
  scope.flag("is_first", index == 0);
  scope.name("match", route.match);
  scope.flag("is_default", route.match == "default");
  scope.flag("is_wildcard", route.match.starts_with("*."));
  scope.flag("is_exact", exact);
  scope.text("suffix", route.match.starts_with("*.") ? route.match.substr(1) : "");
  scope.text("front_crt", (folder / (front + ".crt")).string());
  scope.text("front_key", (folder / (front + ".key")).string());
  scope.name("origin_host", leg.host);
  scope.text("origin_port", std::to_string(leg.port));
  scope.flag("tls", leg.tls);
  scope.flag("sni_none", leg.sni.from == From::none);
  scope.flag("sni_host", leg.sni.from == From::host);
  scope.flag("sni_fixed", leg.sni.from == From::fixed);
  scope.name("sni_name", leg.sni.fixed);
  const policy::Verify verify = leg.settings.verify;
  scope.flag("verify", verify != policy::Verify::none);
  scope.flag("verify_none", verify == policy::Verify::none);
  scope.flag("verify_full", verify == policy::Verify::full);
  scope.flag("check_host", verify == policy::Verify::full && checked(leg).from == From::host);
  // For an exact route the Host is known beforehand: a proxy that can only check a fixed name can check it too.
  const bool fixed = checked(leg).from == From::fixed;
  scope.flag("check_fixed", verify == policy::Verify::full && (fixed || exact));
  scope.name("check_name", fixed ? checked(leg).fixed : exact ? route.match : "");
  files[name + ".ca"] = pem_of(leg.settings.trust);
  scope.text("ca", (folder / (name + ".ca")).string());
  scope.flag("has_certificate", leg.settings.certificate.has_value());
  if (leg.settings.certificate) add_credential(scope, files, folder, name, *leg.settings.certificate);
  return scope;
}

// Exact names, then wildcards with the longest first, then the default: proxies that take the first match need it so.
std::vector<const Route*> by_specificity(const std::vector<Route>& routes) {
  std::vector<const Route*> order;
  for (const Route& route : routes) order.push_back(&route);
  const auto rank = [](const Route* route) {
    const int kind = route->match == "default" ? 2 : route->match.starts_with("*.") ? 1 : 0;
    return std::pair(kind, -static_cast<int>(route->match.size()));
  };
  std::ranges::stable_sort(order, {}, rank);
  return order;
}

std::vector<Scope> certificate_scopes(const Setup& setup, Files& files, const std::filesystem::path& folder) {
  std::vector<Scope> scopes;
  for (std::size_t i = 0; i < setup.front.certificates.size(); ++i) {
    Scope& scope = scopes.emplace_back();
    add_credential(scope, files, folder, "front" + std::to_string(i), setup.front.certificates[i]);
    std::vector<Scope> names;
    for (const std::string& name : setup.front.certificates[i].names) names.emplace_back().name("name", name);
    scope.list("names", std::move(names));
    scope.flag("unrouted", std::ranges::none_of(setup.routes, [&](const Route& route) {
                 return certificate_for(setup, route.match) == i;
               }));
  }
  return scopes;
}

Scope setup_scope(const Driver& driver, const Setup& setup, Files& files, const std::filesystem::path& folder) {
  Scope scope;
  add_tls(scope, driver, setup.front);
  scope.list("certificates", certificate_scopes(setup, files, folder));
  scope.flag("strict_sni", setup.front.strict_sni);
  scope.text("connect_ms", std::to_string(setup.connect_timeout.count()));
  scope.text("origin_ms", std::to_string(setup.origin_timeout.count()));
  std::vector<Scope> routes;
  const auto order = by_specificity(setup.routes);
  for (std::size_t i = 0; i < order.size(); ++i)
    routes.push_back(route_scope(driver, setup, *order[i], i, files, folder));
  scope.list("routes", std::move(routes));
  scope.flag("has_default", !order.empty() && order.back()->match == "default");
  return scope;
}

// What is known without a setup.
const std::vector<std::string> place_names{"folder", "port", "root"};

void add_place(Scope& scope, std::uint16_t port, const std::filesystem::path& folder) {
  scope.text("folder", folder.string());
  scope.text("port", std::to_string(port));
  scope.flag("root", ::geteuid() == 0);
}

/// `bad` is what keeps a setup from being written.
tl::unexpected<Error> unwritable(const Driver& driver, const std::string& bad) {
  return fail(ErrorCode::value,
              "\"" + printable(bad) + "\" cannot be written into the configuration of " + driver.name);
}

}  // namespace

std::pair<std::uint16_t, std::uint16_t> versions_of(const tls::CommonSettings& settings) {
  const std::uint16_t high = settings.max_version ? settings.max_version : std::uint16_t{wire::tls1_3};
  return {settings.min_version ? settings.min_version : std::min(std::uint16_t{wire::tls1_2}, high), high};
}

Result<std::map<std::string, std::string>> files_for(const Driver& driver, const Setup& setup, std::uint16_t port,
                                                     const std::filesystem::path& folder) {
  Files files;
  Scope scope = setup_scope(driver, setup, files, folder);
  add_place(scope, port, folder);
  if (!scope.bad().empty()) return unwritable(driver, scope.bad());
  for (const auto& [name, text] : driver.files) {
    auto content = rendered(driver, name, text, scope, template_names());
    if (!content) return tl::unexpected(content.error());
    if (!files.emplace(name, std::move(*content)).second)
      return fail(ErrorCode::value, "\"" + printable(name) + "\" is the name of a certificate's file", driver.place);
  }
  return files;
}

Result<std::vector<std::string>> arguments_for(const Driver& driver, const std::filesystem::path& program,
                                               std::uint16_t port, const std::filesystem::path& folder) {
  Scope scope;
  add_place(scope, port, folder);
  if (!scope.bad().empty()) return unwritable(driver, scope.bad());
  std::vector<std::string> arguments{program.string()};
  for (const std::string& text : driver.start) {
    auto argument = rendered(driver, "start", text, scope, place_names);
    if (!argument) return tl::unexpected(argument.error());
    arguments.push_back(std::move(*argument));
  }
  return arguments;
}

Result<std::vector<std::pair<std::string, std::string>>> environment_for(const Driver& driver, std::uint16_t port,
                                                                         const std::filesystem::path& folder) {
  Scope scope;
  add_place(scope, port, folder);
  if (!scope.bad().empty()) return unwritable(driver, scope.bad());
  std::vector<std::pair<std::string, std::string>> environment;
  for (const auto& [name, text] : driver.environment) {
    auto value = rendered(driver, name, text, scope, place_names);
    if (!value) return tl::unexpected(value.error());
    environment.emplace_back(name, std::move(*value));
  }
  return environment;
}

}  // namespace bothends::proxy
