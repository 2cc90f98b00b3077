// What a driver file says of its proxy beyond how to start it: its own default, its statuses, its other commands.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.hpp"
#include "policy/offer.hpp"
#include "proxy/driver_table.hpp"

namespace bothends::proxy {

namespace {

using Words = TableReader::Words;
using From = NameSource::From;

NameSource source_of(const std::string& word) {
  return {word == "host" ? From::host : word == "upstream" ? From::upstream : From::none, ""};
}

std::vector<policy::Defect> read_minds(TableReader& fields) {
  std::vector<policy::Defect> minds;
  for (const std::string& name : fields.texts("minds")) {
    const auto defect = policy::defect_of(name);
    if (!defect) fields.complain("minds", "no problem of a certificate is called " + in_quotes(name));
    minds.push_back(defect.value_or(policy::Defect::other));
  }
  return minds;
}

void read_versions(TableReader& fields, Defaults& into) {
  for (const std::string& name : fields.texts("versions")) {
    const auto code = wire::code_of(wire::Registry::version, name);
    if (!code) fields.complain("versions", "there is no TLS version " + in_quotes(name));
    if (!code) return;
    into.min_version = into.min_version ? std::min(into.min_version, *code) : *code;
    into.max_version = std::max(into.max_version, *code);
  }
}

/// "SIGHUP": 1; 0 for what is no signal.
int signal_of(const std::string& name) {
  for (int number = 1; number < 32; ++number)
    if (const char* known = sigabbrev_np(number); known && name == "SIG" + std::string(known)) return number;
  return 0;
}

int signal_at(TableReader& driver, std::string_view key) {
  const std::string name = driver.text(key);
  const int number = signal_of(name);
  if (number == 0)
    driver.complain(key, in_quotes(key) + " cannot be " + in_quotes(name) + ": write a signal like \"SIGHUP\"");
  return number;
}

bool is_host(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos && text[0] != '-' && text[0] != '.';
}

/// HOST:PORT, an IPv6 address in brackets.
bool is_host_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return problem == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536 &&
         printable(text) == text && text.find(' ') == std::string_view::npos;
}

}  // namespace

const Defaults& builtin_defaults() {
  static const Defaults defaults = [] {
    Defaults own;
    own.source = "the built-in proxy's own choice: what most proxies do";
    return own;
  }();
  return defaults;
}

std::optional<Defaults> read_defaults(TableReader& driver, const std::string& file, std::optional<Error>& error) {
  static const Words keys{"upstream", "sni", "verify", "minds", "versions", "alpn", "source"};
  const toml::table* table = driver.table("default", "a table");
  if (!table) return std::nullopt;
  TableReader fields(*table, file, "[default]", error);
  fields.check_keys(keys);
  Defaults defaults;
  if (fields.has("upstream")) defaults.upstream = fields.text("upstream");
  if (!is_host(defaults.upstream)) fields.complain("upstream", "\"upstream\" must be a host name or an address");
  defaults.sni = source_of(fields.word("sni", {"none", "upstream", "host"}));
  defaults.verify = policy::verify_of(fields.word("verify", {"none", "chain", "full"})).value_or(policy::Verify::none);
  defaults.minds = read_minds(fields);
  read_versions(fields, defaults);
  defaults.alpn = fields.texts("alpn");
  defaults.source = printable(fields.text("source", true));
  return defaults;
}

FrontLists read_front(TableReader& driver, const std::string& file, std::optional<Error>& error) {
  using wire::Registry;
  const toml::table* table = driver.table("front", "a table");
  if (!table) return {};
  TableReader fields(*table, file, "[front]", error);
  fields.check_keys({"suites", "groups", "signature_schemes"});
  const auto codes = [&](std::string_view key, Registry registry) {
    wire::Codes read;
    for (const std::string& name : fields.texts(key)) {
      const auto code = wire::code_of(registry, name);
      if (!code)
        fields.complain(key, "there is no " + std::string(wire::noun(registry)) + " " + in_quotes(name) +
                                 suggestion(name, wire::names(registry)));
      read.push_back(code.value_or(0));
    }
    return read;
  };
  return {codes("suites", Registry::suite), codes("groups", Registry::group),
          codes("signature_schemes", Registry::signature_scheme)};
}

DriverStatuses read_statuses(TableReader& driver, const std::string& file, std::optional<Error>& error) {
  const toml::table* table = driver.table("statuses", "a table");
  if (!table) return {};
  TableReader fields(*table, file, "[statuses]", error);
  fields.check_keys({"tls", "connect", "time"});
  return {fields.status("tls"), fields.status("connect"), fields.status("time")};
}

void read_version(TableReader& driver, Driver& into) {
  into.version = driver.texts("version");
  into.tested = driver.text("tested");
  if (driver.has("tested") && into.version.empty())
    driver.complain("tested", "\"tested\" needs \"version\": the arguments that make the program print its version");
}

void read_reload(TableReader& driver, Driver& into) {
  const toml::node* found = driver.node("reload");
  if (!found) return;
  if (found->is_array())
    into.reload_command = driver.texts("reload", true);
  else
    into.reload_signal = signal_at(driver, "reload");
}

void read_stop(TableReader& driver, Driver& into) {
  if (driver.has("stop")) into.stop_signal = signal_at(driver, "stop");
}

void read_address(TableReader& driver, Driver& into) {
  into.address = driver.text("address");
  into.origins = driver.text("origins");
  for (const auto& [key, value] : {std::pair{"address", &into.address}, std::pair{"origins", &into.origins}})
    if (driver.has(key) && !is_host_and_port(*value))
      driver.complain(key, in_quotes(key) + " must be HOST:PORT, an IPv6 address in brackets");
  if (!into.address.empty())
    for (const char* key : {"binaries", "start", "files", "environment", "folders", "check", "reload"})
      if (driver.has(key))
        driver.complain(key,
                        in_quotes(key) + " and \"address\" cannot both stand: one that runs already is not started");
  if (!into.origins.empty() && into.address.empty())
    driver.complain("origins", "\"origins\" belongs to a proxy that runs already: write its \"address\"");
}

}  // namespace bothends::proxy
