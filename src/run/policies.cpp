#include "run/policies.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "run/scenario_fields.hpp"

namespace bothends::run {

std::span<const EmbeddedFile> embedded_policies();

namespace {

using policy::GradePolicy;
using policy::Key;
using Type = Value::Type;

using Sources = std::map<std::string, GradePolicy::Source>;

constexpr std::initializer_list<Key> leaf_keys{Key::rsa,        Key::rsa_pss, Key::ecdsa_p256, Key::ecdsa_p384,
                                               Key::ecdsa_p521, Key::ed25519, Key::ed448};

void read_codes(Fields& fields, std::string_view key, wire::Registry registry, wire::Codes& into) {
  wire::Codes read, once;
  fields.codes(key, registry, read);
  for (const std::uint16_t code : read)
    if (std::ranges::find(once, code) == once.end()) once.push_back(code);
  if (!once.empty()) into = std::move(once);
}

void read_versions(Fields& fields, const Value& table, GradePolicy& into) {
  read_codes(fields, "versions", wire::Registry::version, into.versions);
  std::ranges::sort(into.versions, std::greater<>());
  for (const std::uint16_t version : into.versions)
    if (version < wire::ssl3 || version > wire::tls1_3)
      fields.fail_at(table.find("versions")->place, fields.path_of("versions") + " are from SSLv3 to TLSv1.3, not " +
                                                        wire::name(wire::Registry::version, version));
}

void read_certificate(Fields& fields, GradePolicy& into) {
  const Value* table = fields.value("certificate", Type::table);
  if (!table) return;
  Fields inner(*table, fields.path_to("certificate"));
  std::vector<std::string> keys;
  inner.names("keys", keys, words_for(leaf_keys), "kind of key");
  for (const std::string& key : keys) into.keys.push_back(policy::key_of(key).value_or(Key::other));
  inner.number("rsa_bits", into.rsa_bits, 512, 16384);
  inner.number("days", into.days, 1, 36500);
  if (auto good = inner.finish(); !good) fields.fail_with(good.error());
}

/// What a policy of one's own may say too.
void read_demands(Fields& fields, const Value& table, GradePolicy& into) {
  fields.text("id", into.id);
  fields.text("note", into.note);
  read_versions(fields, table, into);
  read_codes(fields, "suites", wire::Registry::suite, into.suites);
  read_codes(fields, "groups", wire::Registry::group, into.groups);
  read_codes(fields, "signature_schemes", wire::Registry::signature_scheme, into.schemes);
  bool by_server = false;
  fields.flag("server_preference", by_server);
  if (fields.has("server_preference")) into.server_preference = by_server;
  fields.flag("complete", into.complete);
  fields.flag("allows_less", into.allows_less);
  unsigned dh_bits = 0;
  fields.number("dh_bits", dh_bits, 512, 16384);
  into.dh_bits = static_cast<std::uint16_t>(dh_bits);
  read_certificate(fields, into);
}

void read_origin(Fields& fields, const Sources& sources, GradePolicy& into) {
  using Leg = GradePolicy::Leg;
  using Status = GradePolicy::Status;
  fields.text("vendor", into.vendor);
  fields.texts("aliases", into.aliases);
  fields.texts("uncertain_aliases", into.uncertain_aliases);
  fields.word("leg", into.leg, {Leg::client, Leg::origin, Leg::server, Leg::both});
  fields.word("status", into.status, {Status::documented, Status::measured, Status::uncertain});
  std::vector<std::string> names;
  Words known;
  for (const auto& [name, source] : sources) known.push_back(name);
  fields.names("source", names, known, "source");
  for (const std::string& name : names)
    if (const auto at = sources.find(name); at != sources.end()) into.sources.push_back(at->second);
}

/// A list that an earlier policy has said already.
void read_shared(Fields& fields, const std::vector<GradePolicy>& earlier, std::string_view key,
                 wire::Codes GradePolicy::*list, GradePolicy& into) {
  Words known;
  for (const GradePolicy& one : earlier) known.push_back(one.id);
  std::string id;
  fields.name(key, id, known, "policy above");
  for (const GradePolicy& one : earlier)
    if (!id.empty() && one.id == id) into.*list = one.*list;
}

Result<GradePolicy> read_shipped(const Value& table, const Sources& sources, const std::vector<GradePolicy>& earlier) {
  GradePolicy read;
  Fields fields(table, {"policy"});
  read_demands(fields, table, read);
  read_origin(fields, sources, read);
  read_shared(fields, earlier, "suites_of", &GradePolicy::suites, read);
  read_shared(fields, earlier, "groups_of", &GradePolicy::groups, read);
  read_shared(fields, earlier, "signature_schemes_of", &GradePolicy::schemes, read);
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  return read;
}

Result<Sources> read_sources(const Value& file) {
  Sources sources;
  const Value* table = file.find("source");
  if (!table) return sources;
  for (const Member& member : table->members) {
    GradePolicy::Source source;
    Fields fields(member.value, {"source", member.key});
    fields.text("title", source.title);
    fields.text("version", source.version);
    fields.text("url", source.url);
    if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
    sources.emplace(member.key, std::move(source));
  }
  return sources;
}

Result<std::vector<GradePolicy>> read_all() {
  const auto file = parse_document(embedded_policies().front().content, "policies.toml");
  if (!file) return tl::unexpected(file.error());
  auto sources = read_sources(*file);
  if (!sources) return tl::unexpected(sources.error());
  std::vector<GradePolicy> all;
  if (const Value* list = file->find("policy"))
    for (const Value& table : list->items) {
      auto one = read_shipped(table, *sources, all);
      if (!one) return tl::unexpected(one.error());
      all.push_back(std::move(*one));
    }
  return all;
}

bool is_named(const std::vector<std::string>& names, const std::string& lowered) {
  return std::ranges::any_of(names, [&](const std::string& one) { return lower(one) == lowered; });
}

bool says_something(const GradePolicy& policy) {
  return !policy.versions.empty() || !policy.suites.empty() || !policy.groups.empty() || !policy.schemes.empty() ||
         !policy.keys.empty() || policy.dh_bits > 0 || policy.rsa_bits > 0 || policy.days > 0;
}

bool looks_like_file(const std::string& name) {
  std::error_code unknown;
  return name.find('/') != name.npos || name.ends_with(".toml") || std::filesystem::exists(name, unknown);
}

}  // namespace

Result<std::vector<GradePolicy>> grade_policies() {
  static const auto all = read_all();
  return all;
}

std::vector<std::string> grade_policy_names() {
  std::vector<std::string> names;
  const auto all = grade_policies();
  if (!all) return names;
  for (const GradePolicy& policy : *all) {
    names.push_back(policy.id);
    for (const auto* aliases : {&policy.aliases, &policy.uncertain_aliases})
      names.insert(names.end(), aliases->begin(), aliases->end());
  }
  return names;
}

Result<GradePolicy> read_policy(std::string_view text, const std::string& name) {
  const auto file = parse_document(text, name);
  if (!file) return tl::unexpected(file.error());
  GradePolicy read{.id = std::filesystem::path(name).stem().string()};
  Fields fields(*file, {});
  read_demands(fields, *file, read);
  if (auto good = fields.finish(); !good) return tl::unexpected(good.error());
  if (says_something(read)) return read;
  return fail(ErrorCode::value, "this policy demands nothing: say versions, suites, groups, or what else it asks for",
              file->place);
}

Result<GradePolicy> grade_policy(const std::string& name_or_file) {
  const auto all = grade_policies();
  if (!all) return tl::unexpected(all.error());
  const std::string lowered = lower(name_or_file);
  for (const GradePolicy& policy : *all) {
    if (lower(policy.id) == lowered || is_named(policy.aliases, lowered)) return policy;
    if (!is_named(policy.uncertain_aliases, lowered)) continue;
    GradePolicy found = policy;
    found.alias = name_or_file;
    return found;
  }
  if (!looks_like_file(name_or_file)) {
    auto hint = suggestion(name_or_file, grade_policy_names());
    if (hint.empty()) hint = "; it is a name from docs/policies.md or a TOML file of your own";
    return fail(ErrorCode::value, "there is no policy \"" + printable(name_or_file, 80) + "\"" + hint);
  }
  auto text = read_document(name_or_file);
  if (!text) return tl::unexpected(text.error());
  return read_policy(*text, printable(name_or_file));
}

}  // namespace bothends::run
