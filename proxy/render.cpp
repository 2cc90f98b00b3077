// A setup as the files of one real proxy: its certificates, and its configuration from the driver's templates
// (mustache).
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "proxy/driver.hpp"
#include "proxy/template.hpp"
#include "tls/digest.hpp"
#include "tls/examine.hpp"

namespace bothends::proxy {

namespace {

using From = NameSource::From;
using Files = std::map<std::string, std::string>;

std::string word(const Driver& driver, const std::string& name) {
  const auto found = driver.words.find(name);
  return found == driver.words.end() ? name : found->second;
}

std::vector<std::string> suites_of(const Driver& driver, const wire::Codes& codes, bool tls13) {
  std::vector<std::string> names;
  for (const std::uint16_t code : codes) {
    if (wire::is_tls13_suite(code) != tls13) continue;
    const std::string registered = wire::name(wire::Registry::suite, code);
    const auto openssl = wire::openssl_suite(code);
    names.push_back(driver.words.contains(registered) || !openssl ? word(driver, registered) : std::string(*openssl));
  }
  return names;
}

std::vector<std::string> names_of(const Driver& driver, wire::Registry registry, const wire::Codes& codes) {
  std::vector<std::string> names;
  for (const std::uint16_t code : codes) names.push_back(word(driver, wire::name(registry, code)));
  return names;
}

/// A list twice: with something between, and as NAME_list for proxies that want something else there.
void add_list(Scope& scope, const std::string& name, const std::string& each, const std::vector<std::string>& values,
              const std::string& between = ":") {
  scope.optional(name, join(values, between));
  std::vector<Scope> scopes;
  for (const std::string& value : values) scopes.emplace_back().text(each, value);
  scope.list(name + "_list", std::move(scopes));
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
  add_list(scope, "suites12", "suite", suites_of(driver, settings.suites, false));
  scope.optional("suites13", join(suites_of(driver, settings.suites, true), ":"));
  add_list(scope, "groups", "group", names_of(driver, wire::Registry::group, settings.groups));
  scope.optional("signature_schemes",
                 join(names_of(driver, wire::Registry::signature_scheme, settings.signature_schemes), ":"));
  add_list(scope, "alpn", "protocol", settings.alpn, ",");
}

/// Writes one credential in the forms that proxies want; its files are NAME.crt, NAME.key, NAME.pem, NAME.leaf.pem.
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
  files[name + ".leaf.pem"] = (credential.chain.empty() ? "" : tls::certificate_pem(credential.chain.front())) + key;
  scope.text("leaf_pem", (folder / (name + ".leaf.pem")).string());
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
  const OriginLeg leg = settled(route.leg);
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

void add_client_certificate(Scope& scope, const tls::ServerSettings& front, Files& files,
                            const std::filesystem::path& folder) {
  using policy::ClientCertificate;
  scope.flag("asks_certificate", front.client_certificate != ClientCertificate::none);
  scope.flag("wants_certificate", front.client_certificate == ClientCertificate::required);
  files["front.ca"] = pem_of(front.trust);
  scope.text("front_ca", (folder / "front.ca").string());
}

void add_setup(Scope& scope, const Driver& driver, const Setup& setup, Files& files,
               const std::filesystem::path& folder) {
  add_tls(scope, driver, setup.front);
  if (setup.weak_certificates) scope.flag("weak", true);
  scope.list("certificates", certificate_scopes(setup, files, folder));
  scope.flag("strict_sni", setup.front.strict_sni);
  add_client_certificate(scope, setup.front, files, folder);
  scope.text("connect_ms", std::to_string(setup.connect_timeout.count()));
  scope.text("origin_ms", std::to_string(setup.origin_timeout.count()));
  scope.flag("told", setup.told);
  scope.text("connect_s", std::to_string(std::chrono::ceil<std::chrono::seconds>(setup.connect_timeout).count()));
  scope.text("origin_s", std::to_string(std::chrono::ceil<std::chrono::seconds>(setup.origin_timeout).count()));
  std::vector<Scope> routes;
  const auto order = by_specificity(setup.routes);
  for (std::size_t i = 0; i < order.size(); ++i)
    routes.push_back(route_scope(driver, setup, *order[i], i, files, folder));
  scope.list("routes", std::move(routes));
  scope.flag("has_default", !order.empty() && order.back()->match == "default");
}

Scope site_scope(const Driver& driver, const Site& site, std::size_t number, Files& files,
                 const std::filesystem::path& folder) {
  Scope scope;
  scope.text("folder", folder.string());
  scope.flag("root", ::geteuid() == 0);
  scope.text("site", std::to_string(number));
  scope.text("port", std::to_string(site.port));
  add_setup(scope, driver, site.setup, files, folder);
  return scope;
}

/// The first site's names, and the list of all. Their credentials are the same files, since their setups are the same
/// but for ports.
Scope scope_of(const Driver& driver, const std::vector<Site>& sites, Files& files,
               const std::filesystem::path& folder) {
  Scope scope = site_scope(driver, sites.front(), 0, files, folder);
  std::vector<Scope> all;
  for (std::size_t i = 0; i < sites.size(); ++i) all.push_back(site_scope(driver, sites[i], i, files, folder));
  scope.list("sites", all);
  return scope;
}

/// `bad` is what keeps a setup from being written.
tl::unexpected<Error> unwritable(const Driver& driver, const std::string& bad) {
  return fail(ErrorCode::value,
              "\"" + printable(bad) + "\" cannot be written into the configuration of " + driver.name);
}

Result<void> check_sites(const Driver& driver, const std::vector<Site>& sites) {
  if (sites.size() < 2) return {};
  if (!batches(driver))
    return fail(ErrorCode::usage, driver.name + " serves one site in a process: its templates have no {{#sites}}");
  const auto first = batch_key(driver, sites.front().setup);
  if (!first) return tl::unexpected(first.error());
  for (const Site& site : sites)
    if (const auto key = batch_key(driver, site.setup); !key || *key != *first)
      return fail(ErrorCode::usage, "sites of one " + driver.name + " may differ in ports only");
  return {};
}

/// A scope in which nothing is bad, and the credentials' files.
Result<std::pair<Scope, Files>> writable_scope(const Driver& driver, const std::vector<Site>& sites,
                                               const std::filesystem::path& folder) {
  Files files;
  Scope scope = scope_of(driver, sites, files, folder);
  if (!scope.bad().empty()) return unwritable(driver, scope.bad());
  return std::pair(std::move(scope), std::move(files));
}

Result<std::vector<std::string>> all_rendered(const Driver& driver, const std::string& what,
                                              const std::vector<std::string>& templates, const Scope& scope) {
  std::vector<std::string> texts;
  for (const std::string& one : templates) {
    auto text = rendered(driver, what, one, scope);
    if (!text) return tl::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

/// Every template of the driver, for whatever looks at all of them.
std::vector<std::string> templates_of(const Driver& driver) {
  std::vector<std::string> all = driver.start;
  for (const auto* table : {&driver.files, &driver.environment})
    for (const auto& [name, text] : *table) all.push_back(text);
  return all;
}

void add_part(std::string& key, std::string_view part) {
  key += std::to_string(part.size()) + ":";
  key += part;
}

}  // namespace

std::pair<std::uint16_t, std::uint16_t> versions_of(const tls::CommonSettings& settings) {
  const std::uint16_t high = settings.max_version ? settings.max_version : std::uint16_t{wire::tls1_3};
  return {settings.min_version ? settings.min_version : std::min(std::uint16_t{wire::tls1_2}, high), high};
}

bool batches(const Driver& driver) {
  return std::ranges::any_of(templates_of(driver), [](const std::string& text) { return has_section(text, "sites"); });
}

Result<std::string> batch_key(const Driver& driver, const Setup& setup) {
  Site site{setup, 0};
  for (Route& route : site.setup.routes) route.leg.port = 0;
  const auto files = files_for(driver, {site}, "/scratch");
  if (!files) return tl::unexpected(files.error());
  const auto commands = commands_for(driver, {site}, "/scratch");
  if (!commands) return tl::unexpected(commands.error());
  std::string all;
  add_part(all, driver.name);
  for (const auto& [name, content] : *files) add_part(all, name), add_part(all, content);
  for (const std::string& argument : commands->start) add_part(all, argument);
  for (const auto& [name, value] : commands->environment) add_part(all, name), add_part(all, value);
  return std::string(text_of(tls::sha256(view_of(all))));
}

Result<std::map<std::string, std::string>> files_for(const Driver& driver, const std::vector<Site>& sites,
                                                     const std::filesystem::path& folder) {
  if (auto good = check_sites(driver, sites); !good) return tl::unexpected(good.error());
  auto scope = writable_scope(driver, sites, folder);
  if (!scope) return tl::unexpected(scope.error());
  Files files = std::move(scope->second);
  for (const auto& [name, text] : driver.files) {
    auto content = rendered(driver, name, text, scope->first);
    if (!content) return tl::unexpected(content.error());
    if (!files.emplace(name, std::move(*content)).second)
      return fail(ErrorCode::value, "\"" + printable(name) + "\" is the name of a certificate's file", driver.place);
  }
  return files;
}

Result<Rendered> commands_for(const Driver& driver, const std::vector<Site>& sites,
                              const std::filesystem::path& folder) {
  const auto scope = writable_scope(driver, sites, folder);
  if (!scope) return tl::unexpected(scope.error());
  Rendered commands;
  struct Part {
    const char* name;
    const std::vector<std::string>& templates;
    std::vector<std::string>& into;
  };
  for (const Part& part : {Part{"start", driver.start, commands.start}, Part{"check", driver.check, commands.check},
                           Part{"reload", driver.reload_command, commands.reload}}) {
    auto texts = all_rendered(driver, part.name, part.templates, scope->first);
    if (!texts) return tl::unexpected(texts.error());
    part.into = std::move(*texts);
  }
  for (const auto& [name, text] : driver.environment) {
    auto value = rendered(driver, name, text, scope->first);
    if (!value) return tl::unexpected(value.error());
    commands.environment.emplace_back(name, std::move(*value));
  }
  return commands;
}

}  // namespace bothends::proxy
