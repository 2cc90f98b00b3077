// A proxy that is told nothing of its origins, and one that runs already.
#include "run/stage_default.hpp"

#include "path/finding.hpp"
#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

using From = proxy::NameSource::From;
using Names = std::vector<std::string>;

constexpr auto* shops = R"(
[certs]
other = { names = ["other.test"] }
shop = { names = ["shop.test", "localhost"] }
wild = { names = ["shop.test", "*.upstream.test"] }
[origin.a]
certs = ["other", "shop", "wild"]
[origin.b]
[proxy.routes."*.shop.test"]
to = "b"
[proxy.routes.default]
to = "a"
certificate = "other"
suites = ["TLS_AES_128_GCM_SHA256"]
[[try]]
url = "https://shop.test/"
)";

StageSpec stage_of(const std::string& text) { return read(text).tries.at(0).stage; }

Names names_of(const StageSpec& stage, const std::string& certificate) {
  for (const certs::Recipe& recipe : stage.certs)
    if (recipe.name == certificate) return recipe.names;
  return {};
}

proxy::Defaults defaults(From sni, const std::string& upstream) {
  proxy::Defaults made;
  made.upstream = upstream;
  made.sni.from = sni;
  return made;
}

struct Started {
  explicit Started(const std::string& text) : scenario(read(text)) {}
  /// Why there is no stage; "ready" when there is one.
  std::string with(proxy::Driver driver) {
    Workshop workshop{loop, mint(), std::move(driver)};
    std::optional<std::optional<Unready>> told;
    const auto stage = Stage::set_up(workshop, scenario.tries[0].stage, [&](auto why) { told = std::move(why); });
    turn_until(loop, [&] { return told.has_value(); });
    return *told ? std::string(path::name((*told)->status)) + ": " + (*told)->reason : "ready";
  }
  net::Loop loop;
  Scenario scenario;
};

proxy::Driver driver_of(const std::string& text) {
  auto driver = proxy::parse_driver(text, "odd.toml");
  REQUIRE_MESSAGE(driver, driver.error().message());
  return *driver;
}

}  // namespace

TEST_CASE("a proxy that is told nothing does what its driver says, and no more") {
  StageSpec stage = stage_of(shops);
  proxy::Defaults own = defaults(From::none, "127.0.0.1");
  own.min_version = wire::tls1_0;
  own.max_version = wire::tls1_2;
  own.alpn = {"h2"};
  apply(own, stage);
  const RouteSpec& route = stage.proxy.routes.at(1);
  CHECK(route.to == "a");
  CHECK(route.upstream == "127.0.0.1");
  CHECK(route.sni.from == From::none);
  CHECK(route.verify == policy::Verify::none);
  CHECK(route.suites.empty());
  CHECK(route.certificate.empty());
  CHECK(route.min_version == wire::tls1_0);
  CHECK(route.max_version == wire::tls1_2);
  CHECK(route.alpn == Names{"h2"});
  CHECK(route.trust == Names{"root"});
  CHECK(names_of(stage, "shop") == Names{"shop.test", "localhost"});
  own.verify = policy::Verify::full;
  apply(own, stage);
  CHECK(stage.proxy.routes.at(1).trust == Names{"root"});
}

TEST_CASE("a proxy that sends its upstream's name meets certificates that have it") {
  StageSpec stage = stage_of(shops);
  apply(defaults(From::upstream, "a.upstream.test"), stage);
  CHECK(names_of(stage, "shop") == Names{"shop.test", "localhost", "a.upstream.test"});
  CHECK(names_of(stage, "other") == Names{"other.test"});
  CHECK(names_of(stage, "wild") == Names{"shop.test", "*.upstream.test"});  // has it already
  CHECK(names_of(stage, "origin-default") == Names{"shop.test"});

  stage = stage_of(shops);
  apply(defaults(From::upstream, "localhost"), stage);
  CHECK(names_of(stage, "shop") == Names{"shop.test", "localhost"});
  CHECK(names_of(stage, "wild") == Names{"shop.test", "*.upstream.test", "localhost"});

  stage = stage_of(shops);
  apply(defaults(From::upstream, "127.0.0.1"), stage);
  CHECK(names_of(stage, "wild") == Names{"shop.test", "*.upstream.test"});

  stage = stage_of(shops);
  stage.proxy.routes[1].upstream = "said.internal";  // what the file says counts
  apply(defaults(From::upstream, "127.0.0.1"), stage);
  CHECK(stage.proxy.routes[1].upstream == "said.internal");
  CHECK(names_of(stage, "shop") == Names{"shop.test", "localhost", "said.internal"});
}

TEST_CASE("the built-in proxy by default: no SNI, no verification, as against what it is told") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[certs]
shop = { kind = "expired", names = ["shop.test"] }
[origin.shop]
certs = ["shop"]
[proxy]
setting = "default"
routes.default = { sni = "host", versions = "TLSv1.2", alpn = "http/1.1" }
[[try]]
url = "https://shop.test/"
[try.expect]
status = 200
origin.hello.sni = "absent"
origin.hello.alpn = "absent"
origin.agreed.version = "TLSv1.3"
origin.certificate.problems = "expired"
finding = "none"
)");
  CHECK(outcomes.at(0).status == path::Status::passed);
}

TEST_CASE("an upstream by name: it is the SNI and the name that is checked") {
  net::Loop loop;
  const std::string file = R"(
[certs]
shop = { names = ["localhost"] }
[origin.shop]
certs = ["shop"]
[proxy.routes.default]
upstream = "localhost"
sni = "upstream"
[[try]]
url = "https://shop.test/"
)";
  CHECK(run_job(loop, file + "expect = { status = 200, origin.hello.sni = \"localhost\" }").at(0).status ==
        path::Status::passed);
  CHECK(run_job(loop, file + "with.certs.shop.names = [\"shop.test\"]\nexpect = { finding = \"wrong-upstream-name\" }")
            .at(0)
            .status == path::Status::passed);
  CHECK(run_job(loop, file + "with.proxy.routes.default.upstream = \"127.0.0.1\"\nwith.certs.shop.names = "
                             "[\"127.0.0.1\"]\nexpect = { status = 200, origin.hello.sni = \"absent\" }")
            .at(0)
            .status == path::Status::passed);
}

TEST_CASE("what a proxy does by default is said by its driver, for its version") {
  Started started("proxy.setting = \"default\"\n[[try]]\nurl = \"https://shop.test/\"\n");
  const std::string odd = "name = \"odd\"\nbinaries = [\"sh\"]\nstart = [\"-c\", \"exit 9\"]\n";
  const std::string own = "[default]\nsource = \"x\"\n";
  const auto printing = [](const std::string& text) {
    return "tested = \"1.22\"\nversion = [\"-c\", \"" + text + "\"]\n";
  };
  CHECK(started.with(driver_of(odd)) ==
        "skipped: odd: its driver does not say what the proxy does by default ([default])");
  CHECK(started.with(driver_of(odd + own)) == "error: odd exited with 9 before it was ready; it said nothing");
  CHECK(started.with(driver_of(odd + printing("echo odd/1.22.7") + own)).starts_with("error: odd exited with 9"));
  CHECK(started.with(driver_of(odd + printing("echo odd/1.9") + own)) ==
        "skipped: odd: what it does by default is known of version 1.22, and this is 1.9");
  CHECK(started.with(driver_of(odd + printing("exit 0") + own)) ==
        "error: what it does by default depends on its version: odd says no version when it is asked with -c exit 0");
  Started told("[[try]]\nurl = \"https://shop.test/\"\n");
  CHECK(told.with(driver_of(odd + printing("echo odd/1.9") + own)).starts_with("error: odd exited with 9"));
}

TEST_CASE("origins listen where the file or the driver says") {
  StageSpec stage = stage_of(shops);
  stage.origins[1].listen = "127.0.0.2:7";
  place_origins(stage, driver_of("name = \"x\"\naddress = \"h:1\"\norigins = \"[::1]:9000\""));
  CHECK(stage.origins[0].listen == "[::1]:9000");
  CHECK(stage.origins[1].listen == "127.0.0.2:7");
  stage = stage_of(shops);
  place_origins(stage, driver_of("name = \"x\"\naddress = \"h:1\"\norigins = \"10.0.0.1:9000\""));
  CHECK(stage.origins[1].listen == "10.0.0.1:9001");
  stage = stage_of(shops);
  place_origins(stage, *proxy::driver_named("nginx"));
  CHECK(stage.origins[0].listen.empty());
  CHECK(address_to_reach("0.0.0.0") == "127.0.0.1");
  CHECK(address_to_reach("::") == "::1");
  CHECK(address_to_reach("10.0.0.1") == "10.0.0.1");
}

TEST_CASE("a proxy that somebody else started is asked at its address, and finds the origins where it looks for them") {
  net::Loop loop;
  auto where = net::ReservedPort::reserve();
  REQUIRE(where);
  proxy::Setup setup;
  setup.front.certificates = {certificate({"shop.test"})};
  proxy::Route& route = setup.routes.emplace_back();
  route.match = "default";
  route.leg.port = where->port();
  route.leg.sni.from = From::host;
  auto running = proxy::Proxy::start(loop, {"127.0.0.1", 0}, setup);
  REQUIRE(running);
  const std::string driver = "name = \"edge\"\naddress = \"127.0.0.1:" + std::to_string((*running)->port()) +
                             "\"\norigins = \"127.0.0.1:" + std::to_string(where->port()) + "\"\n";
  const Scenario scenario = read(R"(
[origin.shop]
body = "from the origin"
[[try]]
url = "https://shop.test/"
[try.expect]
status = 200
body = "from the origin"
origin.hello.sni = "shop.test"
finding = "none"
)");
  Workshop workshop{loop, mint(), driver_of(driver)};
  std::optional<std::vector<path::TryOutcome>> outcomes;
  Job job(workshop, {&scenario.tries[0]}, [&](auto all) { outcomes = std::move(all); });
  turn_until(loop, [&] { return outcomes.has_value(); });
  CHECK(outcomes->at(0).status == path::Status::passed);
  CHECK(outcomes->at(0).record->proxy == "edge");
}

TEST_CASE("an origin whose port is taken says so") {
  net::Loop loop;
  OriginSpec spec;
  spec.name = "shop";
  spec.speaks = OriginSpec::Speaks::http;
  auto first = Origin::start(loop, spec, {});
  REQUIRE(first);
  spec.listen = "127.0.0.1:" + std::to_string((*first)->port());
  spec.place = {"s.toml", 3, 1};
  const auto second = Origin::start(loop, spec, {});
  REQUIRE_FALSE(second);
  CHECK_MESSAGE(second.error().message().find("s.toml:3:1: ") == 0, second.error().message());
  CHECK(second.error().what.find(spec.listen) != std::string::npos);
  first->reset();
  const auto third = Origin::start(loop, spec, {});
  REQUIRE_MESSAGE(third, third.error().message());
  CHECK((*third)->host() == "127.0.0.1");
  CHECK("127.0.0.1:" + std::to_string((*third)->port()) == spec.listen);
}

TEST_CASE("the fixes of the shipped drivers are for causes that there are") {
  for (const std::string& name : proxy::shipped_drivers()) {
    const auto driver = proxy::driver_named(name);
    REQUIRE(driver);
    for (const auto& [key, fix] : driver->fixes) {
      const bool client = key.starts_with("client.");
      CHECK_MESSAGE(path::cause_of(client ? std::string_view(key).substr(7) : key), name << ": " << key);
      CHECK_MESSAGE(fix.size() < 200, name << ": " << key);
    }
  }
}

TEST_CASE("a finding has the remedy of the proxy that is there") {
  const Scenario scenario = read(with_try(""));
  path::PathRecord record;
  record.client.ending.how = policy::Ending::How::connection_refused;
  const auto remedy = [&] { return judge_try(scenario.tries[0], record).findings.at(0).remedy; };
  CHECK(judge_try(scenario.tries[0], record).findings.at(0).cause == "proxy-unreachable");
  const std::string general = remedy();
  record.known.fixes = {{"proxy-unreachable", "of the origin leg"}};
  CHECK(remedy() == general);
  record.known.fixes = {{"client.proxy-unreachable", "listen 443 ssl;"}};
  CHECK(remedy() == "listen 443 ssl;");
}

}  // namespace bothends::run::test
