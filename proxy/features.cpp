// The words by which drivers decline what their proxy's configuration cannot express.
#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "proxy/driver.hpp"
#include "tls/examine.hpp"

namespace bothends::proxy {

namespace {

using From = NameSource::From;

struct Feature {
  std::string word;
  bool (*front)(const tls::ServerSettings&);
  bool (*route)(const Setup&, const Route&);
};

bool old(const tls::CommonSettings& settings) { return versions_of(settings).first < wire::tls1_2; }

bool out_of_date(const tls::Credential& certificate) {
  using enum policy::Defect;
  const auto problems = tls::examine(certificate.chain, {}).problems;
  return std::ranges::any_of(
      problems, [](const auto& problem) { return problem.defect == expired || problem.defect == not_yet_valid; });
}

bool exact(const Route& route) { return route.match != "default" && !route.match.starts_with("*."); }

bool full(const OriginLeg& leg) { return leg.settings.verify == policy::Verify::full; }

// The Host is checked, and it is not the SNI.
bool checks_host(const OriginLeg& leg) {
  if (leg.sni.from == From::host) return false;
  return leg.verify_name.from == From::host || (leg.verify_name.from == From::none && leg.sni.from == From::none);
}

// What a proxy with one setting for all its origins cannot tell apart.
bool differ(const OriginLeg& a, const OriginLeg& b) {
  if (!a.tls || !b.tls) return a.tls != b.tls;
  const tls::ClientSettings &x = a.settings, &y = b.settings;
  const auto lists = [](const tls::ClientSettings& s) {
    return std::tie(s.suites, s.groups, s.signature_schemes, s.alpn, s.trust, s.verify);
  };
  const auto chain = [](const tls::ClientSettings& s) {
    return s.certificate ? s.certificate->chain : std::vector<Bytes>{};
  };
  return versions_of(x) != versions_of(y) || lists(x) != lists(y) || chain(x) != chain(y);
}

const std::vector<Feature>& features() {
  using S = const Setup&;
  using F = const tls::ServerSettings&;
  using R = const Route&;
  static const std::vector<Feature> all{
      {"front.versions<TLSv1.2", [](F f) { return old(f); }, {}},
      {"front.suites", [](F f) { return !f.suites.empty(); }, {}},
      {"front.suites13", [](F f) { return std::ranges::any_of(f.suites, wire::is_tls13_suite); }, {}},
      {"front.groups", [](F f) { return !f.groups.empty(); }, {}},
      {"front.signature_schemes", [](F f) { return !f.signature_schemes.empty(); }, {}},
      {"front.alpn", [](F f) { return !f.alpn.empty(); }, {}},
      {"front.alpn!=http/1.1",
       [](F f) { return !f.alpn.empty() && f.alpn != std::vector<std::string>{"http/1.1"}; },
       {}},
      {"front.strict_sni", [](F f) { return f.strict_sni; }, {}},
      {"front.certificate=out-of-date", [](F f) { return std::ranges::any_of(f.certificates, out_of_date); }, {}},
      {"front.client_certificate", [](F f) { return f.client_certificate != policy::ClientCertificate::none; }, {}},
      {"routes.tls=false", {}, [](S, R r) { return !r.leg.tls; }},
      {"routes.match=wildcard", {}, [](S, R r) { return r.match.starts_with("*."); }},
      {"routes.match=default", {}, [](S, R r) { return r.match == "default"; }},
      {"routes.match!=exact", {}, [](S, R r) { return !exact(r); }},
      {"routes.sni=none", {}, [](S, R r) { return r.leg.tls && r.leg.sni.from == From::none; }},
      {"routes.sni!=none", {}, [](S, R r) { return r.leg.tls && r.leg.sni.from != From::none; }},
      {"routes.sni=host", {}, [](S, R r) { return r.leg.tls && r.leg.sni.from == From::host; }},
      {"routes.sni=fixed", {}, [](S, R r) { return r.leg.tls && r.leg.sni.from == From::fixed; }},
      {"routes.verify=none", {}, [](S, R r) { return r.leg.tls && r.leg.settings.verify == policy::Verify::none; }},
      {"routes.verify=chain", {}, [](S, R r) { return r.leg.tls && r.leg.settings.verify == policy::Verify::chain; }},
      {"routes.verify=full", {}, [](S, R r) { return r.leg.tls && full(r.leg); }},
      {"routes.verify_name=host", {}, [](S, R r) { return r.leg.tls && full(r.leg) && checks_host(r.leg); }},
      {"routes.verify_name!=sni",
       {},
       [](S, R r) {
         const OriginLeg& leg = r.leg;
         return leg.tls && full(leg) && leg.sni.from != From::none && leg.verify_name.from != From::none &&
                leg.sni != leg.verify_name;
       }},
      {"routes.versions<TLSv1.2", {}, [](S, R r) { return r.leg.tls && old(r.leg.settings); }},
      {"routes.versions", {}, [](S, R r) { return r.leg.tls && versions_of(r.leg.settings) != versions_of({}); }},
      {"routes.versions!=front.versions",
       {},
       [](S s, R r) { return r.leg.tls && versions_of(r.leg.settings) != versions_of(s.front); }},
      {"routes.suites", {}, [](S, R r) { return r.leg.tls && !r.leg.settings.suites.empty(); }},
      {"routes.groups", {}, [](S, R r) { return r.leg.tls && !r.leg.settings.groups.empty(); }},
      {"routes.signature_schemes", {}, [](S, R r) { return r.leg.tls && !r.leg.settings.signature_schemes.empty(); }},
      {"routes.alpn", {}, [](S, R r) { return r.leg.tls && !r.leg.settings.alpn.empty(); }},
      {"routes.certificate", {}, [](S, R r) { return r.leg.tls && r.leg.settings.certificate.has_value(); }},
      {"routes.differ",
       {},
       [](S s, R r) {
         return std::ranges::any_of(s.routes, [&](const Route& other) { return differ(r.leg, other.leg); });
       }},
  };
  return all;
}

const Feature* feature_named(std::string_view word) {
  const auto found = std::ranges::find(features(), word, &Feature::word);
  return found == features().end() ? nullptr : &*found;
}

// Where nothing is told of the origin legs, nothing needs words for it.
bool is_told(const Setup& setup, const Feature& feature) {
  return setup.told || feature.word.starts_with("routes.match") || feature.word == "routes.tls=false";
}

bool has(const Setup& setup, const Feature& feature, const Route* route) {
  return feature.front ? feature.front(setup.front) : route && is_told(setup, feature) && feature.route(setup, *route);
}

Setup settled(Setup setup) {
  for (Route& route : setup.routes) route.leg = settled(std::move(route.leg));
  return setup;
}

// One route must have all that is said of routes: another one's SNI is not in this one's way.
bool needs(const Setup& setup, const std::string& words) {
  std::vector<const Feature*> wanted;
  for (const std::string& word : split(words, '&')) wanted.push_back(feature_named(word));
  const auto all_of = [&](const Route* route) {
    return std::ranges::all_of(wanted, [&](const Feature* one) { return one && has(setup, *one, route); });
  };
  return all_of(nullptr) || std::ranges::any_of(setup.routes, [&](const Route& route) { return all_of(&route); });
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

std::set<std::string> features_of(const Setup& of) {
  const Setup setup = settled(of);
  std::set<std::string> words;
  for (const Feature& feature : features())
    if (needs(setup, feature.word)) words.insert(feature.word);
  return words;
}

std::optional<std::string> declines(const Driver& driver, const Setup& of) {
  const Setup setup = settled(of);
  for (const Cannot& cannot : driver.cannot)
    if (needs(setup, cannot.feature)) return cannot.why + " (" + cannot.feature + ")";
  return std::nullopt;
}

}  // namespace bothends::proxy
