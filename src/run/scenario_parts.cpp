#include "run/scenario_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "certs/names.hpp"
#include "run/fault.hpp"
#include "run/profiles.hpp"
#include "run/reach.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {
namespace {

using Type = Value::Type;

/// Versions are a range, because that is what both stacks can be told.
void read_versions(Fields& fields, const Value& table, TlsSpec& into) {
  wire::Codes versions;
  fields.codes("versions", wire::Registry::version, versions);
  if (versions.empty()) return;
  std::sort(versions.begin(), versions.end());
  const Place& place = table.find("versions")->place;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions[i] < wire::ssl3 || versions[i] > wire::tls1_3) {
      return fields.fail_at(place, fmt::format("{}: no stack speaks {}", fields.path_of("versions"),
                                               wire::name(wire::Registry::version, versions[i])));
    }
    if (i > 0 && versions[i] - versions[i - 1] > 1) {
      auto left_out = static_cast<std::uint16_t>(versions[i] - 1);
      return fields.fail_at(
          place, fmt::format("{} leaves out {}: versions must be a range without gaps", fields.path_of("versions"),
                             wire::name(wire::Registry::version, left_out)));
    }
  }
  into.min_version = versions.front();
  into.max_version = versions.back();
}

Result<void> check_protocol(const Value& item) {
  if (!item.text.empty() && item.text.size() <= 255) return {};
  return fail(ErrorCode::value, "a protocol's name has 1 to 255 octets (RFC 7301 section 3.1)");
}

void read_like(Fields& fields, const Value& table, ClientSpec& client) {
  fields.text("like", client.like);
  if (client.like.empty()) return;
  auto profile = client_profile(client.like);
  if (!profile) fields.fail_at(table.find("like")->place, fields.path_of("like") + ": " + profile.error().what);
}

/// The words of `speaks`: those that are no protocol are faults by another name.
void read_speaks(Fields& fields, OriginSpec& origin) {
  static const Words words = {"tls", "http", "nothing", "garbage", "half-record", "refuses", "closes"};
  static const Words faults = {"", "", "hello-blackhole", "garbage", "server-hello-blackhole", "refuse", "connect-fin"};
  std::size_t speaks = 0;
  fields.choice("speaks", speaks, words);
  origin.speaks = speaks == 1 ? OriginSpec::Speaks::http : OriginSpec::Speaks::tls;
  if (faults[speaks].empty()) return;
  if (const auto fault = fault_named(path::Leg::origin, faults[speaks])) origin.conduct = fault->conduct;
}

void read_validity(Fields& fields, std::string_view key, std::optional<std::chrono::seconds>& into) {
  constexpr std::chrono::milliseconds reach = std::chrono::hours(24 * 365 * 100);
  std::chrono::milliseconds span{0};
  fields.span(key, span, -reach, reach);
  if (fields.has(key)) into = std::chrono::floor<std::chrono::seconds>(span);
}

void read_key(Fields& fields, const Value& table, policy::Key& into) {
  using policy::Key;
  const Value* found = table.find("key");
  if (found && found->text.starts_with("rsa-") && found->text != "rsa-pss") {
    fields.fail_at(found->place,
                   fmt::format("{} is a kind only: write key = \"rsa\" and bits = 2048", fields.path_of("key")));
  }
  fields.word("key", into,
              {Key::rsa, Key::rsa_pss, Key::ecdsa_p256, Key::ecdsa_p384, Key::ecdsa_p521, Key::ed25519, Key::ed448});
}

Result<certs::Recipe> read_recipe(const Member& member, const Words& hosts) {
  certs::Recipe recipe;
  recipe.name = member.key;
  Fields fields(member.value, {"certs", member.key});
  std::size_t kind = 0;
  fields.choice("kind", kind, certs::kind_names());
  recipe.kind = static_cast<certs::Kind>(kind);
  read_key(fields, member.value, recipe.key);
  fields.number("bits", recipe.bits, 1024, 8192);
  bool client = recipe.kind == certs::Kind::client;
  recipe.names = client ? Words{member.key} : hosts;
  fields.checked("names", [&](const Value& item) {
    return client ? certs::check_common_names(std::span(&item.text, 1)) : certs::check_names(std::span(&item.text, 1));
  });
  fields.texts("names", recipe.names);
  if (recipe.names.empty()) fields.fail_at(member.value.place, fields.path_of("names") + " is an empty list");
  read_validity(fields, "from", recipe.from);
  read_validity(fields, "until", recipe.until);
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  return recipe;
}

void read_listen(Fields& fields, const Value& table, OriginSpec& origin) {
  fields.text("listen", origin.listen);
  const Value* found = table.find("listen");
  if (!found || !found->is(Type::text)) return;
  const auto at = endpoint_of(origin.listen);
  const bool bracketed = origin.listen.starts_with('[');
  if (at && !certs::address_octets(at->host).empty() && bracketed == (at->host.find(':') != std::string::npos)) return;
  fields.fail_at(found->place, fmt::format("{} cannot be \"{}\": write ADDRESS:PORT, an IPv6 address in brackets",
                                           fields.path_of("listen"), printable(origin.listen, 80)));
}

Result<OriginSpec> read_origin(const Member& member, const StageSpec& stage) {
  using policy::ClientCertificate;
  OriginSpec origin;
  origin.name = member.key;
  origin.place = member.place;
  Fields fields(member.value, {"origin", member.key});
  fields.name("stack", origin.stack, stack_names(), "TLS stack");
  read_tls(fields, member.value, origin);
  fields.names("certs", origin.certs, certificate_names(stage), "certificate");
  fields.flag("strict_sni", origin.strict_sni);
  fields.flag("strict_host", origin.strict_host);
  fields.flag("server_preference", origin.server_preference);
  fields.word("client_certificate", origin.client_certificate,
              {ClientCertificate::none, ClientCertificate::optional, ClientCertificate::required});
  fields.names("trust", origin.trust, trust_names(stage), "trust anchor");
  read_speaks(fields, origin);
  fields.number("status", origin.status, 200, 599);
  fields.text("body", origin.body);
  fields.headers("headers", origin.headers);
  read_listen(fields, member.value, origin);
  if (fields.has("certs") && origin.certs.empty()) {
    fields.fail_at(member.value.find("certs")->place, fields.path_of("certs") + " needs at least one certificate");
  }
  if (origin.certs.empty()) origin.certs = {std::string(origin_default_name)};
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  return origin;
}

/// The matrix may put anything there.
Result<void> check_table(std::string_view key, const Value& value) {
  if (value.is(Type::table)) return {};
  return fail(ErrorCode::value, fmt::format("{} is {}; it must be a table", key, kind_of_value(value)), value.place);
}

/// One that nobody described, if anybody uses it.
void add_default_certificate(StageSpec& stage, std::string_view name, bool used, const Words& hosts) {
  if (!used) return;
  certs::Recipe recipe;
  recipe.name = name;
  recipe.names = hosts;
  stage.certs.push_back(std::move(recipe));
}

bool uses(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Words stack_names() {
  Words names;
  for (const auto* stack : tls::stacks()) names.emplace_back(stack->name());
  return names;
}

Words certificate_names(const StageSpec& stage) {
  Words names;
  for (const auto& recipe : stage.certs) {
    if (recipe.name != origin_default_name && recipe.name != proxy_default_name) names.push_back(recipe.name);
  }
  return names;
}

Words trust_names(const StageSpec& stage) {
  Words names = certificate_names(stage);
  names.emplace_back(root_name);
  names.emplace_back(unknown_root_name);
  return names;
}

Result<void> check_word(std::string_view what, const Member& member) {
  const auto& key = member.key;
  bool plain = !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (plain) return {};
  auto sentence = fmt::format("\"{}\" cannot name {}: use 1 to 64 letters, digits, hyphens and underscores",
                              printable(key, 80), what);
  return fail(ErrorCode::value, std::move(sentence), member.place);
}

void read_tls(Fields& fields, const Value& table, TlsSpec& into) {
  read_versions(fields, table, into);
  fields.codes("suites", wire::Registry::suite, into.suites);
  fields.codes("groups", wire::Registry::group, into.groups);
  fields.codes("signature_schemes", wire::Registry::signature_scheme, into.signature_schemes);
  fields.checked("alpn", check_protocol);
  fields.texts("alpn", into.alpn);
}

Result<std::vector<certs::Recipe>> read_certs(const Value& root, const Words& hosts) {
  const Value* table = root.find("certs");
  std::vector<certs::Recipe> recipes;
  if (!table) return recipes;
  if (auto good = check_table("certs", *table); !good) return tl::unexpected(good.error());
  for (const auto& member : table->members) {
    if (auto good = check_word("a certificate", member); !good) return tl::unexpected(good.error());
    for (auto reserved : {root_name, unknown_root_name, origin_default_name, proxy_default_name}) {
      if (member.key != reserved) continue;
      auto what = fmt::format("\"{}\" is there always: give this certificate another name", reserved);
      return fail(ErrorCode::value, std::move(what), member.place);
    }
    auto recipe = read_recipe(member, hosts);
    if (!recipe) return tl::unexpected(recipe.error());
    recipes.push_back(std::move(*recipe));
  }
  return recipes;
}

Result<std::vector<OriginSpec>> read_origins(const Value& root, const StageSpec& stage) {
  const Value* table = root.find("origin");
  std::vector<OriginSpec> origins;
  if (!table) return origins;
  if (auto good = check_table("origin", *table); !good) return tl::unexpected(good.error());
  for (const auto& member : table->members) {
    if (!member.value.is(Type::table)) {
      auto what = fmt::format("\"origin.{}\" is {}: every origin has a name, as in [origin.shop]",
                              printable(member.key, 80), kind_of_value(member.value));
      return fail(ErrorCode::value, std::move(what), member.place);
    }
    if (auto good = check_word("an origin", member); !good) return tl::unexpected(good.error());
    auto origin = read_origin(member, stage);
    if (!origin) return tl::unexpected(origin.error());
    origins.push_back(std::move(*origin));
  }
  return origins;
}

Result<ClientSpec> read_client(const Value& root, const StageSpec& stage) {
  using policy::Verify;
  static const Value nothing;
  const Value* table = root.find("client");
  ClientSpec client;
  client.place = table && table->place.known() ? table->place : root.place;
  Fields fields(table ? *table : nothing, {"client"});
  fields.name("stack", client.stack, stack_names(), "TLS stack");
  if (table) read_like(fields, *table, client);
  read_tls(fields, table ? *table : nothing, client);
  fields.name_source("sni", client.sni, {"none", "host"});
  fields.word("verify", client.verify, {Verify::none, Verify::chain, Verify::full});
  fields.names("trust", client.trust, trust_names(stage), "trust anchor");
  fields.name("certificate", client.certificate, certificate_names(stage), "certificate");
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  return client;
}

Result<std::optional<FaultSpec>> read_fault_word(const Value& root) {
  const Value* table = root.find("fault");
  if (!table) return std::nullopt;
  Fields fields(*table, {"fault"});
  std::optional<FaultSpec> found;
  for (const auto leg : {path::Leg::origin, path::Leg::client}) {
    std::string word;
    fields.text(path::name(leg), word);
    const Value* said = table->find(path::name(leg));
    if (!said || !said->is(Type::text) || word == "none") continue;
    const Place& place = said->place;
    if (found) fields.fail_at(place, "a try has one fault: on the client leg or on the origin leg");
    if (const auto fault = fault_named(leg, word); !fault) fields.fail_at(place, fault.error().what);
    found = FaultSpec{leg, word};
  }
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  return found;
}

Result<StageSpec> read_stage(const Value& root, const Words& hosts) {
  StageSpec stage;
  stage.hosts = hosts;
  auto recipes = read_certs(root, hosts);
  if (!recipes) return tl::unexpected(recipes.error());
  stage.certs = std::move(*recipes);
  auto origins = read_origins(root, stage);
  if (!origins) return tl::unexpected(origins.error());
  stage.origins = std::move(*origins);
  auto proxy = read_proxy(root, stage);
  if (!proxy) return tl::unexpected(proxy.error());
  stage.proxy = std::move(*proxy);

  bool for_origins = std::any_of(stage.origins.begin(), stage.origins.end(),
                                 [](const auto& origin) { return uses(origin.certs, origin_default_name); });
  add_default_certificate(stage, origin_default_name, for_origins, hosts);
  add_default_certificate(stage, proxy_default_name, uses(stage.proxy.certs, proxy_default_name), hosts);
  for (const char* part : {"certs", "origin", "proxy"}) {
    const Value* table = root.find(part);
    stage.key += table ? canonical(*table) : "-";
    if (part != std::string_view("origin")) stage.proxy_key += table ? canonical(*table) : "-";
  }
  return stage;
}

const OriginSpec* StageSpec::origin(std::string_view name) const {
  auto found = std::find_if(origins.begin(), origins.end(), [&](const auto& one) { return one.name == name; });
  return found == origins.end() ? nullptr : &*found;
}

}  // namespace bothends::run
