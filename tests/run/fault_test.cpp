// The catalogue of faults, and what each does to a stage and its client.
#include "run/fault.hpp"

#include <set>

#include "path/finding.hpp"
#include "tests/run/scenario_support.hpp"

namespace bothends::run {

namespace {

using path::Leg;
using Then = tls::Fault::Then;
using When = tls::Fault::When;
using Names = std::vector<std::string>;

// Says something of all that a fault may take away.
constexpr auto* base = R"(
[certs]
shop = { names = ["shop.test"] }
[origin.shop]
certs = ["shop"]
alpn = ["h2", "http/1.1"]
[client]
alpn = ["h2", "http/1.1"]
)";

TrySpec only(const std::string& above, const std::string& fault, const ReadOptions& options = {}) {
  auto tries = read(above + "[[try]]\nurl = \"https://shop.test/\"\n" + fault, options).tries;
  REQUIRE(tries.size() == 1);
  return std::move(tries.front());
}

TrySpec with_fault(Leg leg, const std::string& word) {
  return only(base, "fault." + std::string(path::name(leg)) + " = \"" + word + "\"\n");
}

bool same(const TlsSpec& a, const TlsSpec& b) {
  return a.min_version == b.min_version && a.max_version == b.max_version && a.suites == b.suites &&
         a.groups == b.groups && a.signature_schemes == b.signature_schemes && a.alpn == b.alpn;
}

bool same(const ClientSpec& a, const ClientSpec& b) {
  return same(static_cast<const TlsSpec&>(a), b) && a.certificate == b.certificate && a.conduct == b.conduct &&
         a.sni.from == b.sni.from && a.sni.fixed == b.sni.fixed;
}

bool same(const OriginSpec& a, const OriginSpec& b) {
  return same(static_cast<const TlsSpec&>(a), b) && a.certs == b.certs && a.strict_sni == b.strict_sni &&
         a.client_certificate == b.client_certificate && a.trust == b.trust && a.conduct == b.conduct;
}

bool same(const ProxySpec& a, const ProxySpec& b) {
  return a.certs == b.certs && a.strict_sni == b.strict_sni && a.client_certificate == b.client_certificate &&
         a.trust == b.trust;
}

/// The recipe of the origin's first certificate.
const certs::Recipe& recipe(const StageSpec& stage, const std::string& name) {
  const auto found = std::ranges::find(stage.certs, name, &certs::Recipe::name);
  REQUIRE(found != stage.certs.end());
  return *found;
}

constexpr auto* two_origins = R"(
[certs]
shared = { names = ["shop.test", "api.test"] }
[origin.shop]
certs = ["shared"]
[origin.api]
certs = ["shared"]
[proxy]
certs = ["shared"]
[proxy.routes."api.test"]
to = "api"
[proxy.routes.default]
to = "shop"
)";

}  // namespace

TEST_CASE("the catalogue reads without a mistake, and knows only causes that there are") {
  CHECK(faults().size() > 100);
  std::set<std::pair<Leg, std::string>> known;
  for (const Fault& fault : faults()) {
    CAPTURE(fault.name);
    CHECK(known.emplace(fault.leg, fault.name).second);
    CHECK_FALSE(fault.about.empty());
    CHECK_MESSAGE(!fault.causes.empty(), fault.about);  // where the reader says what was wrong
    for (const std::string& cause : fault.causes) CHECK_MESSAGE(path::cause_of(cause), cause);
  }
}

TEST_CASE("what is said or broken off has its moment, and the other way round") {
  for (const Fault& fault : faults()) {
    CAPTURE(fault.name);
    const tls::Fault& wire = fault.conduct.wire;
    const bool acts = !wire.says.empty() || wire.then != Then::silence || wire.own_hello;
    if (acts) CHECK(wire.when != When::never);
    if (wire.hello_octets > 0) CHECK(wire.own_hello);
    CHECK((wire.pause.count() > 0) == (wire.pause_after > 0));
  }
}

TEST_CASE("every word makes of a stage something else, on its own leg, and leaves the twin alone") {
  for (const Leg leg : {Leg::origin, Leg::client}) {
    const TrySpec healthy = only(base, "");
    for (const std::string& word : fault_names(leg)) {
      CAPTURE(word);
      const TrySpec one = with_fault(leg, word);
      REQUIRE(one.control);
      REQUIRE(one.fault);
      CHECK(one.fault->name == word);
      const bool origin = !same(one.stage.origins.front(), healthy.stage.origins.front());
      const bool front = !same(one.stage.proxy, healthy.stage.proxy), client = !same(one.client, healthy.client);
      CHECK(origin == (leg == Leg::origin));
      CHECK((front || client) == (leg == Leg::client));
      if (origin || front) CHECK(one.stage.key != healthy.stage.key);
      CHECK(same(one.control->stage.origins.front(), healthy.stage.origins.front()));
      CHECK(same(one.control->stage.proxy, healthy.stage.proxy));
      CHECK(same(one.control->client, healthy.client));
      CHECK(one.control->stage.certs == healthy.stage.certs);
      CHECK(one.control->stage.key == healthy.stage.key);
      CHECK(one.control->expectations.empty());
      CHECK_FALSE(one.control->fault);
      CHECK_FALSE(one.control->control);
    }
  }
}

TEST_CASE("every alert has a fault of its own, on either leg") {
  for (const Leg leg : {Leg::origin, Leg::client})
    for (unsigned number = 0; number <= 255; ++number) {
      const auto fault = fault_named(leg, "alert-" + std::to_string(number));
      REQUIRE(fault);
      CHECK(fault->name == "alert-" + std::to_string(number));
      CHECK(fault->conduct.wire.says == Bytes{21, 3, 3, 0, 2, 2, static_cast<std::uint8_t>(number)});
      CHECK_FALSE(fault->causes.empty());
    }
  CHECK(says(fault_named(Leg::origin, "alert-45")->about, "certificate_expired"));
  CHECK(fault_named(Leg::origin, "alert-45")->causes == Names{"cert-expired"});
  CHECK(fault_named(Leg::origin, "alert-40")->causes == Names{"tls-refused"});
}

TEST_CASE("words that are none are refused at their place, with what was meant") {
  const std::string url = "[[try]]\nurl = \"https://shop.test/\"\n";
  const auto refused = [&](const std::string& fault) { return refusal(url + fault); };
  CHECK(refused("fault.origin = \"exspired\"") ==
        "s.toml:3:16: there is no fault \"exspired\" of the origin leg; did you mean \"expired\"?");
  for (const char* word : {"alert-256", "alert--1", "alert-", "alert-4x", "alert-N"}) {
    CAPTURE(word);
    says(refused("fault.origin = \"" + std::string(word) + "\""), "there is no fault \"" + std::string(word) + "\"");
  }
  says(refused("fault.client = \"alert-256\""), "from alert-0 to alert-255");
  says(refused("fault.client = \"sni-required\""), "of the client leg");
  says(refused("fault.client = \"all\""), "there is no fault \"all\"");
  says(refused("fault.proxy = \"expired\""), "s.toml:3:7: ");
  says(refused("fault.origin = 7"), "s.toml:3:16: ");
  CHECK(refused("fault.origin = \"\"").find("there is no fault \"\"") != std::string::npos);
  const std::string hostile = refused("fault.origin = \"\\u001b[31m" + std::string(5000, 'x') + "\"");
  CHECK(hostile.find('\x1b') == std::string::npos);
  CHECK(hostile.size() < 1000);
}

TEST_CASE("one fault a try, wherever the two were asked for") {
  const std::string url = "[[try]]\nurl = \"https://shop.test/\"\n";
  const std::string told = "a try has one fault: on the client leg or on the origin leg";
  CHECK(refusal(url + "fault = { origin = \"expired\", client = \"no-sni\" }\n") == "s.toml:3:40: " + told);
  says(refusal("[fault]\norigin = \"expired\"\n" + url + "fault.client = \"no-sni\"\n"), told);
  const auto lifted =
      read("[fault]\norigin = \"expired\"\n" + url + "fault = { client = \"no-sni\", origin = \"none\" }\n");
  CHECK(lifted.tries.at(0).fault->leg == Leg::client);
}

TEST_CASE("none is no fault, and has no twin") {
  const TrySpec none = only("[fault]\norigin = \"expired\"\n", "fault.origin = \"none\"\n");
  CHECK_FALSE(none.fault);
  CHECK_FALSE(none.control);
  CHECK_FALSE(only("", "").control);
  CHECK(only("[fault]\norigin = \"expired\"\n", "").fault->name == "expired");
}

TEST_CASE("all in a matrix is every fault of the leg, with a few alerts for alert-N") {
  const std::string url = "[[try]]\nurl = \"https://shop.test/\"\n";
  for (const Leg leg : {Leg::origin, Leg::client}) {
    const std::string key = "fault." + std::string(path::name(leg));
    const auto names = fault_names(leg);
    CHECK(std::ranges::find(names, "alert-N") == names.end());
    CHECK(std::ranges::find(names, "alert-40") != names.end());
    for (const auto& tries :
         {read("[matrix]\n" + key + " = [\"all\"]\n" + url).tries, read(url, {.matrix = {{key, {"all"}}}}).tries}) {
      REQUIRE(tries.size() == names.size());
      for (std::size_t i = 0; i < tries.size(); ++i) {
        CHECK(tries[i].fault->name == names[i]);
        CHECK(tries[i].variant.at(0) == std::pair<std::string, std::string>(key, names[i]));
      }
    }
  }
  CHECK(read(url, {.matrix = {{"fault.origin", {"expired", "alert-7"}}}}).tries.size() == 2);
  says(refusal(url, {.matrix = {{"fault.origin", {"expired", "all"}}}}), "there is no fault \"all\"");
}

TEST_CASE("a fault strikes the origin that the host's route leads to, and no other") {
  const auto struck = [](const std::string& host) {
    const auto tries =
        read(std::string(two_origins) + "[[try]]\nurl = \"https://" + host + "/\"\nfault.origin = \"request-fin\"\n")
            .tries;
    Names names;
    for (const OriginSpec& origin : tries.at(0).stage.origins)
      if (origin.conduct.after_request) names.push_back(origin.name);
    return names;
  };
  CHECK(struck("api.test") == Names{"api"});
  CHECK(struck("shop.test") == Names{"shop"});
  CHECK(struck("elsewhere.test") == Names{"shop"});
}

TEST_CASE("a certificate that others use too is copied, and theirs stays as it is") {
  auto tries =
      read(std::string(two_origins) + "[[try]]\nurl = \"https://api.test/\"\nfault.origin = \"expired\"\n").tries;
  const StageSpec& stage = tries.at(0).stage;
  CHECK(stage.origin("shop")->certs == Names{"shared"});
  CHECK(stage.proxy.certs == Names{"shared"});
  CHECK(recipe(stage, "shared").kind == certs::Kind::good);
  const Names faulty = stage.origin("api")->certs;
  REQUIRE(faulty.size() == 1);
  CHECK(recipe(stage, faulty[0]).kind == certs::Kind::expired);
  CHECK(recipe(stage, faulty[0]).names == recipe(stage, "shared").names);

  tries = read(std::string(two_origins) + "[[try]]\nurl = \"https://api.test/\"\nfault.client = \"expired\"\n").tries;
  const StageSpec& front = tries.at(0).stage;
  CHECK(recipe(front, front.proxy.certs.at(0)).kind == certs::Kind::expired);
  for (const OriginSpec& origin : front.origins) CHECK(origin.certs == Names{"shared"});
}

TEST_CASE("keys and names of faulty certificates") {
  const TrySpec ed25519 = with_fault(Leg::origin, "ed25519-only");
  CHECK(recipe(ed25519.stage, ed25519.stage.origins[0].certs.at(0)).key == policy::Key::ed25519);
  const TrySpec selected = with_fault(Leg::origin, "sni-selected");
  REQUIRE(selected.stage.origins[0].certs.size() == 2);
  CHECK(recipe(selected.stage, selected.stage.origins[0].certs[0]).names == Names{"other.test"});
  CHECK(selected.stage.origins[0].certs[1] == "shop");
  const TrySpec untrusted = with_fault(Leg::client, "wants-other-certificate-tls1.3");
  CHECK(recipe(untrusted.stage, untrusted.client.certificate).kind == certs::Kind::client);
  CHECK(untrusted.stage.proxy.trust == Names{"unknown-root"});
  CHECK(with_fault(Leg::client, "wants-certificate-tls1.2").client.certificate.empty());
}

TEST_CASE("the fault wins over the settings that it is about, and keeps the others") {
  const TrySpec one =
      only("[origin.shop]\nversions = \"TLSv1.3\"\ngroups = [\"x25519\"]\n", "fault.origin = \"tls1.2-only\"\n");
  CHECK(one.stage.origins[0].max_version == wire::tls1_2);
  CHECK(one.stage.origins[0].groups == wire::Codes{0x001d});
  CHECK(with_fault(Leg::origin, "no-alpn").stage.origins[0].alpn.empty());
  CHECK(with_fault(Leg::client, "no-alpn").client.alpn.empty());
}

TEST_CASE("a try is fresh by its own word, the file's, or its fault's") {
  CHECK_FALSE(only("", "").fresh);
  CHECK(only("", "fresh = true\n").fresh);
  CHECK(only("fresh = true\n", "").fresh);
  CHECK(only("", "fault.origin = \"refuse\"\n").fresh);
  CHECK_FALSE(only("", "fault.origin = \"refuse\"\n").control->fresh);
  CHECK_FALSE(only("", "fault.origin = \"expired\"\n").fresh);
}

TEST_CASE("a fault that strikes nothing says why, and is never accepted") {
  const auto said = [](const std::string& text) { return read(text, {}).tries.at(0).no_fault; };
  const std::string ask = "[[try]]\nurl = \"https://shop.test/\"\n";
  const std::string plain = "[origin.shop]\nspeaks = \"http\"\n" + ask;
  CHECK(said(plain + "fault.origin = \"expired\"").find("speaks none") != std::string::npos);
  CHECK(said(plain + "fault.origin = \"server-hello-reset\"").find("speaks none") != std::string::npos);
  CHECK(said(plain + "fault.origin = \"refuse\"").empty());
  CHECK(said(plain + "fault.origin = \"request-reset\"").empty());
  const std::string running = "proxy.address = \"127.0.0.1:8443\"\n[origin.shop]\n" + ask;
  CHECK(said(running + "fault.client = \"expired\"").find("not ours") != std::string::npos);
  CHECK(said(running + "fault.client = \"wants-certificate-tls1.3\"").find("not ours") != std::string::npos);
  CHECK(said(running + "fault.client = \"garbage\"").empty());
  CHECK(said("proxy.address = \"127.0.0.1:8443\"\n" + ask + "fault.origin = \"expired\"").find("no origin") !=
        std::string::npos);
}

}  // namespace bothends::run
