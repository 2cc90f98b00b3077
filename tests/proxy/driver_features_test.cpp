#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#include "proxy/driver.hpp"
#include "tests/proxy/support.hpp"

using namespace bothends;
using namespace bothends::proxy;

namespace {

using From = NameSource::From;
using Words = std::set<std::string>;

/// The plainest: one exact route, the Host as SNI, checked.
Setup plain() {
  Setup setup;
  Route& route = setup.routes.emplace_back();
  route.match = "shop.test";
  route.leg.sni = {From::host, ""};
  route.leg.settings.verify = policy::Verify::full;
  return setup;
}

const Words plain_words{"routes.sni!=none", "routes.sni=host", "routes.verify=full"};

/// What a change adds to the plainest setup's words, and with a minus what it takes away.
Words changed(const std::function<void(Setup&)>& change) {
  Setup setup = plain();
  change(setup);
  const Words now = features_of(setup);
  Words difference;
  for (const std::string& word : now)
    if (!plain_words.contains(word)) difference.insert(word);
  for (const std::string& word : plain_words)
    if (!now.contains(word)) difference.insert("-" + word);
  return difference;
}

Words leg(const std::function<void(OriginLeg&)>& change) {
  return changed([&](Setup& setup) { change(setup.routes[0].leg); });
}

std::string doc() {
  std::ifstream in(DRIVERS_DOC, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("features: the plainest setup has few") {
  CHECK(features_of(Setup{}).empty());
  CHECK(features_of(plain()) == plain_words);
}

TEST_CASE("features: each of the front is there when it is asked for, and only then") {
  const auto front = [](const std::function<void(tls::ServerSettings&)>& change) {
    return changed([&](Setup& setup) { change(setup.front); });
  };
  const std::string versions = "routes.versions!=front.versions";
  CHECK(front([](auto& f) { f.min_version = wire::tls1_1; }) == Words{"front.versions<TLSv1.2", versions});
  CHECK(front([](auto& f) { f.max_version = wire::tls1_1; }) == Words{"front.versions<TLSv1.2", versions});
  CHECK(front([](auto& f) { f.min_version = wire::tls1_3; }) == Words{versions});
  CHECK(front([](auto& f) { f.min_version = wire::tls1_2, f.max_version = wire::tls1_3; }).empty());
  CHECK(front([](auto& f) { f.suites = {0x1301}; }) == Words{"front.suites", "front.suites13"});
  CHECK(front([](auto& f) { f.suites = {0xc02f}; }) == Words{"front.suites"});
  for (const certs::Kind kind : {certs::Kind::expired, certs::Kind::not_yet_valid})
    CHECK(front([&](auto& f) { f.certificates.push_back(test::certificate("a.test", kind)); }) ==
          Words{"front.certificate=out-of-date"});
  CHECK(front([](auto& f) { f.groups = {29}; }) == Words{"front.groups"});
  CHECK(front([](auto& f) { f.signature_schemes = {0x0403}; }) == Words{"front.signature_schemes"});
  CHECK(front([](auto& f) { f.alpn = {"http/1.1"}; }) == Words{"front.alpn"});
  CHECK(front([](auto& f) { f.alpn = {"h2", "http/1.1"}; }) == Words{"front.alpn", "front.alpn!=http/1.1"});
  CHECK(front([](auto& f) { f.strict_sni = true; }) == Words{"front.strict_sni"});
  CHECK(front([](auto& f) { f.client_certificate = policy::ClientCertificate::optional; }) ==
        Words{"front.client_certificate"});
}

TEST_CASE("features: each of the routes is there when it is asked for, and only then") {
  const auto match = [](const std::string& match) {
    return changed([&](Setup& setup) { setup.routes[0].match = match; });
  };
  CHECK(match("*.shop.test") == Words{"routes.match!=exact", "routes.match=wildcard"});
  CHECK(match("default") == Words{"routes.match!=exact", "routes.match=default"});
  CHECK(leg([](auto& l) { l.tls = false; }) ==
        Words{"routes.tls=false", "-routes.sni!=none", "-routes.sni=host", "-routes.verify=full"});
  CHECK(leg([](auto& l) { l.sni = {}; }) ==
        Words{"routes.sni=none", "-routes.sni!=none", "-routes.sni=host", "routes.verify_name=host"});
  CHECK(leg([](auto& l) { l.sni = {From::fixed, "a.test"}; }) == Words{"routes.sni=fixed", "-routes.sni=host"});
  CHECK(leg([](auto& l) { l.settings.verify = policy::Verify::none; }) ==
        Words{"routes.verify=none", "-routes.verify=full"});
  CHECK(leg([](auto& l) { l.settings.verify = policy::Verify::chain; }) ==
        Words{"routes.verify=chain", "-routes.verify=full"});
  CHECK(leg([](auto& l) { l.settings.min_version = wire::tls1_0; }) ==
        Words{"routes.versions<TLSv1.2", "routes.versions", "routes.versions!=front.versions"});
  CHECK(leg([](auto& l) { l.settings.max_version = wire::tls1_2; }) ==
        Words{"routes.versions", "routes.versions!=front.versions"});
  CHECK(leg([](auto& l) { l.settings.suites = {0xc02f}; }) == Words{"routes.suites"});
  CHECK(leg([](auto& l) { l.settings.groups = {29}; }) == Words{"routes.groups"});
  CHECK(leg([](auto& l) { l.settings.signature_schemes = {0x0403}; }) == Words{"routes.signature_schemes"});
  CHECK(leg([](auto& l) { l.settings.alpn = {"http/1.1"}; }) == Words{"routes.alpn"});
  CHECK(leg([](auto& l) { l.settings.certificate = tls::Credential{}; }) == Words{"routes.certificate"});
}

TEST_CASE("features: which name is checked") {
  const auto names = [](NameSource sni, NameSource checked) {
    Words words = leg([&](auto& l) { l.sni = sni, l.verify_name = checked; });
    std::erase_if(words, [](const std::string& word) { return word.find("verify_name") == std::string::npos; });
    return words;
  };
  const NameSource none{}, host{From::host, ""}, a{From::fixed, "a.test"}, b{From::fixed, "b.test"};
  CHECK(names(host, none).empty());
  CHECK(names(host, host).empty());
  CHECK(names(a, none).empty());
  CHECK(names(a, a).empty());
  CHECK(names(none, a).empty());
  CHECK(names(a, b) == Words{"routes.verify_name!=sni"});
  CHECK(names(host, b) == Words{"routes.verify_name!=sni"});
  CHECK(names(a, host) == Words{"routes.verify_name!=sni", "routes.verify_name=host"});
  CHECK(names(none, none) == Words{"routes.verify_name=host"});
  CHECK(names(none, host) == Words{"routes.verify_name=host"});
}

TEST_CASE("features: an upstream is a fixed name, or an address without SNI") {
  const auto words = [](const std::string& host, NameSource checked) {
    return leg([&](auto& l) { l.host = host, l.sni = {From::upstream, ""}, l.verify_name = checked; });
  };
  CHECK(words("shop.internal", {}) == Words{"routes.sni=fixed", "-routes.sni=host"});
  CHECK(words("10.0.0.1", {}) == Words{"routes.sni=none", "-routes.sni=host", "-routes.sni!=none"});
  CHECK(words("shop.internal", {From::upstream, ""}) == Words{"routes.sni=fixed", "-routes.sni=host"});
  CHECK(words("shop.internal", {From::host, ""}) ==
        Words{"routes.sni=fixed", "-routes.sni=host", "routes.verify_name!=sni", "routes.verify_name=host"});
}

TEST_CASE("features: what is told nothing needs no words for it") {
  Setup setup = plain();
  setup.routes[0].match = "*.shop.test";
  setup.routes[0].leg.settings.alpn = {"h2"};
  setup.routes.push_back(setup.routes[0]);
  setup.routes[1].leg.tls = false;
  setup.front.strict_sni = true;
  setup.told = false;
  CHECK(features_of(setup) ==
        Words{"front.strict_sni", "routes.match!=exact", "routes.match=wildcard", "routes.tls=false"});
  Driver driver;
  driver.cannot = {{"routes.alpn", "no ALPN"}, {"routes.sni=host&routes.match!=exact", "one name"}};
  CHECK_FALSE(declines(driver, setup));
  setup.told = true;
  CHECK(declines(driver, setup));
}

TEST_CASE("features: routes differ in what a proxy may have one setting for") {
  const auto second = [](const std::function<void(OriginLeg&)>& change) {
    return changed([&](Setup& setup) {
             setup.routes.push_back(setup.routes[0]);
             setup.routes[1].match = "b.test";
             change(setup.routes[1].leg);
           })
        .contains("routes.differ");
  };
  CHECK_FALSE(second([](auto&) {}));
  CHECK_FALSE(second([](auto& l) { l.sni = {From::fixed, "x"}, l.port = 4; }));
  CHECK(second([](auto& l) { l.tls = false; }));
  CHECK(second([](auto& l) { l.settings.verify = policy::Verify::none; }));
  CHECK(second([](auto& l) { l.settings.trust = {Bytes{1}}; }));
  CHECK(second([](auto& l) { l.settings.max_version = wire::tls1_2; }));
  CHECK(second([](auto& l) { l.settings.suites = {0x1301}; }));
  CHECK(second([](auto& l) { l.settings.alpn = {"h2"}; }));
  CHECK(second([](auto& l) { l.settings.certificate = tls::Credential{.name = "", .chain = {Bytes{1}}}; }));
}

TEST_CASE("features: a driver declines with its reason, and several words mean all of them of one route") {
  Driver driver;
  CHECK_FALSE(declines(driver, plain()));
  driver.cannot = {{"routes.alpn", "no ALPN"}};
  CHECK_FALSE(declines(driver, plain()));
  Setup setup = plain();
  setup.routes[0].leg.settings.alpn = {"h2"};
  CHECK(declines(driver, setup) == "no ALPN (routes.alpn)");

  driver.cannot = {{"routes.sni=host&routes.match!=exact", "one name"}};
  setup = plain();
  setup.routes.push_back({.match = "default", .leg = {}, .place = {}});  // no SNI
  CHECK_FALSE(declines(driver, setup));
  setup.routes[1].leg.sni = {From::host, ""};
  CHECK(declines(driver, setup) == "one name (routes.sni=host&routes.match!=exact)");

  driver.cannot = {{"front.strict_sni&routes.match=default", "not both"}};
  CHECK_FALSE(declines(driver, setup));
  setup.front.strict_sni = true;
  CHECK(declines(driver, setup));
  setup.routes.pop_back();
  CHECK_FALSE(declines(driver, setup));
  driver.cannot = {{"front.strict_sni&front.alpn", "not both"}};
  CHECK_FALSE(declines(driver, setup));
  setup.front.alpn = {"h2"};
  CHECK(declines(driver, setup));
}

TEST_CASE("features and template names: the page about drivers has every one, and no other feature") {
  const std::string text = doc();
  REQUIRE(text.size() > 1000);
  for (const std::string& word : all_features())
    CHECK_MESSAGE(text.find("| `" + word + "` |") != std::string::npos, word);
  for (const std::string& name : template_names())
    CHECK_MESSAGE(text.find("`" + name + "`") != std::string::npos, name);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `front.") && !line.starts_with("| `routes.")) continue;
    const std::string word = line.substr(3, line.find('`', 3) - 3);
    CHECK_MESSAGE(std::ranges::find(all_features(), word) != all_features().end(), word);
  }
}
