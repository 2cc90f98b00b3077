// The words by which drivers decline what their proxy's configuration cannot express.
#include <algorithm>

#include "proxy/driver.hpp"

namespace bothends::proxy {

namespace {

using From = NameSource::From;

struct Feature {
  std::string word;
  bool (*front)(const tls::ServerSettings&);
  bool (*route)(const Route&);
};

bool old(const tls::CommonSettings& settings) {
  return settings.min_version != 0 && settings.min_version < wire::tls1_2;
}

bool same(const NameSource& a, const NameSource& b) { return a.from == b.from && a.fixed == b.fixed; }

bool exact(const Route& route) { return route.match != "default" && !route.match.starts_with("*."); }

// The Host is checked, and it is not the SNI.
bool checks_host(const OriginLeg& leg) {
  if (leg.verify_name.from == From::host) return leg.sni.from != From::host;
  return leg.verify_name.from == From::none && leg.sni.from == From::none;
}

const std::vector<Feature>& features() {
  using F = const tls::ServerSettings&;
  using R = const Route&;
  static const std::vector<Feature> all{
      {"front.versions<TLSv1.2", [](F f) { return old(f); }, nullptr},
      {"front.suites", [](F f) { return !f.suites.empty(); }, nullptr},
      {"front.groups", [](F f) { return !f.groups.empty(); }, nullptr},
      {"front.signature_schemes", [](F f) { return !f.signature_schemes.empty(); }, nullptr},
      {"front.alpn", [](F f) { return !f.alpn.empty(); }, nullptr},
      {"front.strict_sni", [](F f) { return f.strict_sni; }, nullptr},
      {"front.client_certificate", [](F f) { return f.client_certificate != policy::ClientCertificate::none; },
       nullptr},
      {"routes.tls=false", nullptr, [](R r) { return !r.leg.tls; }},
      {"routes.match=wildcard", nullptr, [](R r) { return r.match.starts_with("*."); }},
      {"routes.sni=none", nullptr, [](R r) { return r.leg.tls && r.leg.sni.from == From::none; }},
      {"routes.sni=host", nullptr, [](R r) { return r.leg.tls && r.leg.sni.from == From::host; }},
      {"routes.sni=fixed", nullptr, [](R r) { return r.leg.tls && r.leg.sni.from == From::fixed; }},
      {"routes.verify=none", nullptr, [](R r) { return r.leg.settings.verify == policy::Verify::none; }},
      {"routes.verify=chain", nullptr, [](R r) { return r.leg.settings.verify == policy::Verify::chain; }},
      {"routes.verify=full", nullptr, [](R r) { return r.leg.settings.verify == policy::Verify::full; }},
      {"routes.verify_name=host", nullptr,
       [](R r) { return r.leg.settings.verify == policy::Verify::full && r.leg.verify_name.from == From::host; }},
      {"routes.verify_name!=sni", nullptr,
       [](R r) {
         return r.leg.settings.verify == policy::Verify::full && r.leg.sni.from != From::none &&
                r.leg.verify_name.from != From::none && !same(r.leg.sni, r.leg.verify_name);
       }},
      {"routes.verify=chain&sni", nullptr,
       [](R r) { return r.leg.settings.verify == policy::Verify::chain && r.leg.sni.from != From::none; }},
      {"routes.verify_name=host&match!=exact", nullptr,
       [](R r) { return r.leg.settings.verify == policy::Verify::full && checks_host(r.leg) && !exact(r); }},
      {"routes.versions<TLSv1.2", nullptr, [](R r) { return old(r.leg.settings); }},
      {"routes.suites", nullptr, [](R r) { return !r.leg.settings.suites.empty(); }},
      {"routes.groups", nullptr, [](R r) { return !r.leg.settings.groups.empty(); }},
      {"routes.signature_schemes", nullptr, [](R r) { return !r.leg.settings.signature_schemes.empty(); }},
      {"routes.alpn", nullptr, [](R r) { return !r.leg.settings.alpn.empty(); }},
      {"routes.certificate", nullptr, [](R r) { return r.leg.settings.certificate.has_value(); }},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& all_features() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> list;
    for (const Feature& feature : features()) list.push_back(feature.word);
    return list;
  }();
  return words;
}

std::set<std::string> features_of(const Setup& setup) {
  std::set<std::string> words;
  for (const Feature& feature : features()) {
    const bool used = feature.front ? feature.front(setup.front) : std::ranges::any_of(setup.routes, feature.route);
    if (used) words.insert(feature.word);
  }
  return words;
}

std::optional<std::string> declines(const Driver& driver, const Setup& setup) {
  const std::set<std::string> used = features_of(setup);
  for (const Cannot& cannot : driver.cannot)
    if (used.contains(cannot.feature)) return cannot.why + " (" + cannot.feature + ")";
  return std::nullopt;
}

}  // namespace bothends::proxy
