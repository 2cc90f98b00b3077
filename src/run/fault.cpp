#include "run/fault.hpp"

#include <algorithm>
#include <charconv>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "path/rules.hpp"
#include "proxy/route.hpp"
#include "run/scenario_parts.hpp"

namespace bothends::run {

std::span<const EmbeddedFile> embedded_faults();

namespace {

using Type = Value::Type;
using When = tls::Fault::When;
using Then = tls::Fault::Then;

constexpr std::string_view any_alert = "alert-N";
// Those that a matrix of all faults has in the place of alert-N: what servers send most.
constexpr std::uint8_t usual_alerts[] = {40, 42, 48, 70, 80, 112, 116, 120};

Result<Bytes> octets_of(std::string_view hex) {
  Bytes octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    std::uint8_t octet = 0;
    const auto [end, problem] = std::from_chars(hex.data() + i, hex.data() + i + 2, octet, 16);
    if (problem != std::errc() || end != hex.data() + i + 2) return fail(ErrorCode::value, "this is not hexadecimal");
    octets.push_back(octet);
  }
  return octets;
}

void read_octets(Fields& fields, std::string_view key, Bytes& into) {
  std::string hex;
  fields.text(key, hex);
  if (auto octets = octets_of(hex); octets && !hex.empty()) into = std::move(*octets);
}

std::optional<Then> read_then(Fields& fields, std::string_view key) {
  std::size_t index = 3;
  fields.choice(key, index, {"silence", "fin", "reset"});
  return index < 3 ? std::optional(static_cast<Then>(index)) : std::nullopt;
}

void read_wire(Fields& fields, tls::Fault& wire) {
  std::size_t when = 0;
  fields.choice("strikes", when, {"never", "start", "hello", "opened"});
  wire.when = static_cast<When>(when);
  wire.then = read_then(fields, "then").value_or(Then::silence);
  std::string says;
  fields.text("says", says);
  wire.says = bytes_of(view_of(says));
  read_octets(fields, "octets", wire.says);
  read_octets(fields, "before", wire.before);
  fields.flag("own_hello", wire.own_hello);
  unsigned hello = 0, records = 0, after = 0, takes = 0;
  fields.number("hello_octets", hello, 1, 65536);
  fields.number("record_octets", records, 1, 16384);
  fields.number("pause_after", after, 0, 65536);  // 0: the first record
  fields.number("takes", takes, 6, 65536);
  fields.span("pause", wire.pause, std::chrono::milliseconds(1), std::chrono::hours(24));
  wire.hello_octets = hello;
  wire.record_octets = records;
  wire.takes = takes;
  if (wire.pause.count() > 0) wire.pause_after = after ? after : tls::first_record;
}

void read_conduct(Fields& fields, Conduct& conduct) {
  std::size_t reach = 0;
  fields.choice("reach", reach, {"normal", "refused", "deaf"});
  conduct.reach = static_cast<Conduct::Reach>(reach);
  conduct.after_request = read_then(fields, "after_request");
  fields.flag("foreign_ticket", conduct.foreign_ticket);
  read_wire(fields, conduct.wire);
}

void read_certificate(Fields& fields, Fault& fault) {
  std::size_t kind = 0;
  fields.choice("certificate", kind, certs::kind_names());
  if (fields.has("certificate")) fault.certificate = static_cast<certs::Kind>(kind);
  policy::Key key = policy::Key::ecdsa_p256;
  using policy::Key;
  fields.word("key", key, {Key::rsa, Key::ecdsa_p256, Key::ecdsa_p521, Key::ed25519});
  if (fields.has("key")) fault.key = key;
  fields.text("default_name", fault.default_name);
}

Fault read_fault(path::Leg leg, const Member& member) {
  Fault fault{.name = member.key, .leg = leg};
  Fields fields(member.value, {member.key});
  fields.text("about", fault.about);
  fields.texts("causes", fault.causes);
  fields.flag("fresh", fault.fresh);
  read_certificate(fields, fault);
  read_tls(fields, member.value, fault.tls);
  fields.flag("no_alpn", fault.no_alpn);
  fields.flag("wants_certificate", fault.wants_certificate);
  fields.flag("other_trust", fault.other_trust);
  fields.flag("strict_sni", fault.strict_sni);
  proxy::NameSource sni;
  fields.name_source("sni", sni, {"none", "host"});
  if (fields.has("sni")) fault.sni = sni;
  read_conduct(fields, fault.conduct);
  // The file is ours and embedded: a mistake in it is a bug, which the catalogue's test finds.
  if (const auto good = fields.finish(); !good) fault.about = good.error().message(), fault.causes.clear();
  return fault;
}

std::optional<std::uint8_t> alert_number(std::string_view name) {
  if (!name.starts_with("alert-")) return std::nullopt;
  name.remove_prefix(6);
  std::uint8_t number = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
  return problem == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

Fault with_alert(Fault fault, std::uint8_t number) {
  fault.name = "alert-" + std::to_string(number);
  fault.about += ", which is " + wire::name(wire::Registry::alert, number);
  if (const auto causes = path::causes_of_alert(number); causes.size() == 1) fault.causes = causes;
  fault.conduct.wire.says = {wire::alert, 3, 3, 0, 2, wire::fatal, number};
  return fault;
}

}  // namespace

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> read;
    const auto file = parse_document(embedded_faults().front().content, "faults.toml");
    for (const auto leg : {path::Leg::origin, path::Leg::client})
      if (const Value* table = file ? file->find(path::name(leg)) : nullptr)
        for (const Member& member : table->members) read.push_back(read_fault(leg, member));
    return read;
  }();
  return all;
}

Result<Fault> fault_named(path::Leg leg, std::string_view name) {
  const auto alert = alert_number(name);
  std::vector<std::string> names;
  for (const Fault& fault : faults()) {
    if (fault.leg != leg) continue;
    if (fault.name == any_alert && alert) return with_alert(fault, *alert);
    if (fault.name == name && name != any_alert) return fault;
    if (fault.name != any_alert) names.push_back(fault.name);
  }
  if (name.starts_with("alert-"))
    return fail(ErrorCode::value,
                "there is no fault \"" + printable(name, 80) + "\": alerts are numbered, from alert-0 to alert-255");
  return fail(ErrorCode::value, "there is no fault \"" + printable(name, 80) + "\" of the " +
                                    std::string(path::name(leg)) + " leg" + choice_hint(name, names));
}

std::vector<std::string> fault_names(path::Leg leg) {
  std::vector<std::string> names;
  for (const Fault& fault : faults()) {
    if (fault.leg != leg) continue;
    if (fault.name != any_alert) {
      names.push_back(fault.name);
      continue;
    }
    for (const std::uint8_t alert : usual_alerts) names.push_back("alert-" + std::to_string(alert));
  }
  return names;
}

namespace {

void overlay(const Fault& of, TlsSpec& onto) {
  const TlsSpec& fault = of.tls;
  if (fault.max_version) onto.min_version = fault.min_version, onto.max_version = fault.max_version;
  if (!fault.suites.empty()) onto.suites = fault.suites;
  if (!fault.groups.empty()) onto.groups = fault.groups;
  if (!fault.signature_schemes.empty()) onto.signature_schemes = fault.signature_schemes;
  if (of.no_alpn || !fault.alpn.empty()) onto.alpn = fault.alpn;
}

/// Faulty copies take the place of the certificates: others may use the same ones.
void spoil(const Fault& fault, StageSpec& stage, std::vector<std::string>& names) {
  const std::string prefix = "fault-" + std::string(path::name(fault.leg)) + "-";
  if (fault.certificate || fault.key) {
    for (std::string& name : names) {
      const auto found = std::ranges::find(stage.certs, name, &certs::Recipe::name);
      if (found == stage.certs.end()) continue;
      certs::Recipe recipe = *found;
      name = recipe.name = prefix + name;
      recipe.bits = 0;
      recipe.kind = fault.certificate.value_or(recipe.kind);
      recipe.key = fault.key.value_or(recipe.key);
      stage.certs.push_back(std::move(recipe));
    }
  }
  if (fault.default_name.empty()) return;
  stage.certs.push_back({.name = prefix + "default", .names = {fault.default_name}});
  names.insert(names.begin(), prefix + "default");
}

OriginSpec* origin_for(StageSpec& stage, const std::string& host) {
  std::vector<proxy::Route> routes;
  for (const RouteSpec& route : stage.proxy.routes)
    routes.push_back({.match = route.match, .leg = {.origin = route.to}});
  const proxy::Route* route = proxy::route_for(routes, host);
  for (OriginSpec& origin : stage.origins)
    if (!route || origin.name == route->leg.origin) return &origin;
  return nullptr;
}

void apply_to_origin(const Fault& fault, StageSpec& stage, OriginSpec& origin) {
  spoil(fault, stage, origin.certs);
  overlay(fault, origin);
  if (fault.wants_certificate) origin.client_certificate = policy::ClientCertificate::required;
  if (fault.other_trust) origin.trust = {std::string(unknown_root_name)};
  origin.strict_sni = origin.strict_sni || fault.strict_sni;
  origin.conduct = fault.conduct;
}

void apply_to_client(const Fault& fault, StageSpec& stage, ClientSpec& client) {
  const std::size_t certificates = stage.certs.size();
  spoil(fault, stage, stage.proxy.certs);
  overlay(fault, client);
  if (fault.sni) client.sni = *fault.sni;
  if (fault.wants_certificate) {
    stage.proxy.client_certificate = policy::ClientCertificate::required;
    client.certificate.clear();
  }
  if (fault.other_trust) {
    stage.certs.push_back({.name = "fault-client", .kind = certs::Kind::client, .names = {"fault-client"}});
    stage.proxy.trust = {std::string(unknown_root_name)};
    client.certificate = "fault-client";
  }
  stage.proxy.strict_sni = stage.proxy.strict_sni || fault.strict_sni;
  client.conduct = fault.conduct;
  if (certificates == stage.certs.size() && !spoils_front(fault)) return;
  stage.key += "|client fault " + fault.name;
  stage.proxy_key += "|client fault " + fault.name;
}

}  // namespace

bool spoils_front(const Fault& fault) {
  return fault.leg == path::Leg::client &&
         (fault.certificate || fault.key || !fault.default_name.empty() || fault.wants_certificate || fault.strict_sni);
}

std::optional<std::string> apply(const Fault& fault, const std::string& host, StageSpec& stage, ClientSpec& client) {
  if (spoils_front(fault) && !stage.proxy.address.empty())
    return "the fault is one of the proxy's front, and that of a proxy which runs already is not ours";
  if (fault.leg == path::Leg::client) {
    apply_to_client(fault, stage, client);
    return std::nullopt;
  }
  stage.key += "|origin fault " + fault.name;
  OriginSpec* origin = origin_for(stage, host);
  if (!origin) return "no origin of this scenario is there to be faulty";
  const bool beside_tls = fault.conduct.reach != Conduct::Reach::normal || fault.conduct.after_request;
  if (origin->speaks == OriginSpec::Speaks::http && !beside_tls)
    return "the fault is one of TLS, and the origin speaks none";
  apply_to_origin(fault, stage, *origin);
  return std::nullopt;
}

}  // namespace bothends::run
