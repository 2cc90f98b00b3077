// What stands before a try: what cannot stand, and why; which proxy is reached; what belongs to a try.
#include "run/stage.hpp"

#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

constexpr auto* plain_file = R"(
[origin.shop]
[[try]]
url = "https://shop.test/"
)";

struct Standing {
  explicit Standing(const std::string& text = plain_file) : scenario(read(text)) {}
  TrySpec& one() { return scenario.tries.front(); }
  /// Why it cannot be; "ready" when it can.
  std::string set_up() {
    Workshop workshop{loop, mint(), driver};
    keep = std::make_unique<Workshop>(std::move(workshop));
    std::optional<std::optional<Unready>> told;
    stage = Stage::set_up(*keep, one().stage, [&](std::optional<Unready> why) { told = std::move(why); });
    CHECK_FALSE(told);  // never from inside
    turn_until(loop, [&] { return told.has_value(); });
    return said(*told);
  }
  static std::string said(const std::optional<Unready>& why) {
    if (!why) return "ready";
    return std::string(path::name(why->status)) + ": " + why->reason;
  }
  std::string client() {
    const auto engine = stage->client_engine(one());
    return engine ? "ready" : said(engine.error());
  }

  net::Loop loop;
  Scenario scenario;
  std::optional<proxy::Driver> driver;
  std::unique_ptr<Workshop> keep;
  std::unique_ptr<Stage> stage;
};

proxy::Driver driver_of(const std::string& more) {
  auto driver = proxy::parse_driver("name = \"odd\"\n" + more, "odd.toml");
  REQUIRE_MESSAGE(driver, driver.error().message());
  return *driver;
}

/// A server certificate for the client's leg is not needed to be reached: this only listens.
struct Listening {
  explicit Listening(net::Loop& loop, const std::string& at = "127.0.0.1") {
    auto made = net::Listener::listen(
        loop, {at, 0}, [] { return net::test::pass(); }, {}, [](auto) {});
    REQUIRE(made);
    listener = std::move(*made);
  }
  std::string port() const { return std::to_string(listener->port()); }
  std::unique_ptr<net::Listener> listener;
};

std::string at_address(const std::string& address) {
  return "[proxy]\naddress = \"" + address + "\"\n[[try]]\nurl = \"https://shop.test/\"\n";
}

}  // namespace

TEST_CASE("a plain stage stands, with a proxy in front and quiet origins") {
  Standing standing;
  CHECK(standing.set_up() == "ready");
  CHECK(standing.stage->proxy_address().port != 0);
  CHECK(standing.stage->quiet());
  CHECK_FALSE(standing.stage->broken());
  CHECK(standing.client() == "ready");
}

TEST_CASE("what the file gets wrong is an error") {
  Standing standing;
  SUBCASE("a certificate of an origin") {
    standing.one().stage.origins.front().certs = {"nope"};
    CHECK(standing.set_up() == "error: there is no certificate \"nope\"");
  }
  SUBCASE("a certificate of the proxy") {
    standing.one().stage.proxy.certs = {"nope"};
    CHECK(standing.set_up() == "error: there is no certificate \"nope\"");
  }
  SUBCASE("a trust anchor of a route") {
    standing.one().stage.proxy.routes.front().trust = {"nope"};
    CHECK(standing.set_up() == "error: there is no certificate \"nope\"");
  }
  SUBCASE("a route's origin") {
    standing.one().stage.proxy.routes.front().to = "nope";
    says(standing.set_up(), "there is no origin \"nope\"");
  }
  SUBCASE("an origin's stack") {
    standing.one().stage.origins.front().stack = "notls";
    says(standing.set_up(), "there is no TLS stack \"notls\"");
  }
  SUBCASE("the proxy") {
    standing.one().stage.proxy.use = "ngnix";
    says(standing.set_up(), "did you mean \"nginx\"?");
  }
}

TEST_CASE("what a client's table gets wrong is an error of the try alone") {
  Standing standing;
  REQUIRE(standing.set_up() == "ready");
  SUBCASE("its stack") {
    standing.one().client.stack = "notls";
    says(standing.client(), "there is no TLS stack \"notls\"");
  }
  SUBCASE("its trust") {
    standing.one().client.trust = {"nope"};
    CHECK(standing.client() == "error: there is no certificate \"nope\"");
  }
  SUBCASE("its certificate") {
    standing.one().client.certificate = "nope";
    CHECK(standing.client() == "error: there is no certificate \"nope\"");
  }
  SUBCASE("its profile") {
    standing.one().client.like = "chrom";
    says(standing.client(), "did you mean \"chrome\"?");
  }
}

TEST_CASE("what a stack cannot do is skipped, and it is said which and why") {
  Standing standing;
  SUBCASE("the origin's") {
    standing.one().stage.origins.front().stack = "mbedtls";
    standing.one().stage.origins.front().min_version = standing.one().stage.origins.front().max_version = wire::tls1_0;
    const auto said = standing.set_up();
    says(said, "skipped: ");
    says(said, "mbedtls");
  }
  SUBCASE("the client's") {
    REQUIRE(standing.set_up() == "ready");
    standing.one().client.stack = "mbedtls";
    standing.one().client.min_version = standing.one().client.max_version = wire::tls1_0;
    const auto said = standing.client();
    says(said, "skipped: ");
    says(said, "mbedtls");
  }
}

TEST_CASE("a proxy that is not installed is skipped; one that does not start is an error") {
  Standing standing;
  SUBCASE("not installed") {
    standing.driver = driver_of("binaries = [\"no-such-proxy-here\"]\nstart = [\"x\"]\n");
    says(standing.set_up(), "skipped: ");
  }
  SUBCASE("declined") {
    standing.driver =
        driver_of("binaries = [\"sh\"]\nstart = [\"x\"]\n[cannot]\n\"routes.verify=full\" = \"no words for it\"\n");
    CHECK(standing.set_up() == "skipped: odd: no words for it (routes.verify=full)");
  }
  SUBCASE("it exits") {
    standing.driver = driver_of("binaries = [\"sh\"]\nstart = [\"-c\", \"echo no; exit 3\"]\nlog = \"output\"\n");
    const auto said = standing.set_up();
    says(said, "error: odd exited with 3");
    says(said, "it said: no");
  }
}

TEST_CASE("a proxy that already runs is reached by address or by name") {
  Standing standing(at_address("localhost:1"));
  const Listening listening(standing.loop);
  SUBCASE("by an address") { standing.one().stage.proxy.address = "127.0.0.1:" + listening.port(); }
  // Where localhost is ::1 too, and first, nobody listens there.
  SUBCASE("by a name of several addresses") { standing.one().stage.proxy.address = "localhost:" + listening.port(); }
  CHECK(standing.set_up() == "ready");
  CHECK(standing.stage->proxy_address().text() == "127.0.0.1:" + listening.port());
}

TEST_CASE("an address under which nobody answers is for the try to tell") {
  Standing standing(at_address("127.0.0.1:1"));
  CHECK(standing.set_up() == "ready");
  CHECK(standing.stage->proxy_address().text() == "127.0.0.1:1");
}

TEST_CASE("an address that is none is an error, never more") {
  for (const char* bad : {"", "shop.test", "shop.test:", ":443", "shop.test:0", "shop.test:65536", "shop.test:443x",
                          "shop.test:-1", "shop.test:99999999999999999999", "[]:443"}) {
    CAPTURE(bad);
    CHECK_FALSE(endpoint_of(bad));
  }
  CHECK(endpoint_of("[::1]:443")->text() == "[::1]:443");
  CHECK(endpoint_of("shop.test:65535")->port == 65535);
  Standing standing(at_address("127.0.0.1:1"));
  standing.one().stage.proxy.address = "shop.test:70000";
  says(standing.set_up(), "error: s.toml:1:1: \"shop.test:70000\" is no address");
}

TEST_CASE("a name without an address is an error") {
  Standing standing(at_address("127.0.0.1:1"));
  standing.one().stage.proxy.address = std::string(70, 'a') + ":443";  // no label is that long: nobody is asked
  const auto said = standing.set_up();
  says(said, "error: ");
  says(said, "has no address");
}

TEST_CASE("what reaches an origin before a try begins is not the try's") {
  Standing standing;
  REQUIRE(standing.set_up() == "ready");
  const auto port = standing.stage->origins().front()->port();
  net::test::raw_reset(net::test::raw_connect(port));
  for (int i = 0; i < 10; ++i) standing.loop.turn();
  standing.stage->begin_try();
  const int during = net::test::raw_connect(port);
  turn_until(standing.loop, [&] { return !standing.stage->quiet(); });
  const auto record = standing.stage->take(standing.one(), {});
  CHECK(record.origins.size() == 1);
  CHECK(record.host == "shop.test");
  CHECK(record.known.origin_name == "shop");
  net::test::raw_reset(during);
  CHECK(standing.stage->take(standing.one(), {}).origins.empty());
}

TEST_CASE("of a proxy that already runs nothing is known beforehand") {
  Standing standing(at_address("127.0.0.1:1"));
  REQUIRE(standing.set_up() == "ready");
  standing.one().host_field = "[::1]:8443";
  const auto record = standing.stage->take(standing.one(), {});
  CHECK(record.proxy == "127.0.0.1:1");
  CHECK(record.host == "::1");
  CHECK_FALSE(record.known.proxy);
  CHECK_FALSE(record.known.origin);
  CHECK(record.known.origin_name.empty());
}

TEST_CASE("a stage may be destroyed before it is ready") {
  net::Loop loop;
  for (const std::string& text : {std::string(plain_file), at_address("localhost:1")}) {
    Workshop workshop{loop, mint(), std::nullopt};
    auto stage = Stage::set_up(workshop, read(text).tries.front().stage, [](auto) { FAIL("told"); });
    stage.reset();
    for (int i = 0; i < 20; ++i) loop.turn();
  }
}

TEST_CASE("settings that differ have keys that differ") {
  ClientSpec spec;
  std::vector<std::string> keys{settings_key(spec)};
  const auto add = [&](auto change) {
    ClientSpec other;
    change(other);
    keys.push_back(settings_key(other));
  };
  add([](auto& c) { c.stack = "mbedtls"; });
  add([](auto& c) { c.like = "chrome"; });
  add([](auto& c) { c.min_version = wire::tls1_2; });
  add([](auto& c) { c.max_version = wire::tls1_2; });
  add([](auto& c) { c.suites = {0x1301}; });
  add([](auto& c) { c.groups = {0x1301}; });
  add([](auto& c) { c.signature_schemes = {0x1301}; });
  add([](auto& c) { c.alpn = {"a", "b"}; });
  add([](auto& c) { c.alpn = {"a,b"}; });
  add([](auto& c) { c.verify = policy::Verify::none; });
  add([](auto& c) { c.trust = {}; });
  add([](auto& c) { c.trust = {"root", "x"}; });
  add([](auto& c) { c.trust = {"root,x"}; });
  add([](auto& c) { c.certificate = "x"; });
  std::ranges::sort(keys);
  CHECK(std::ranges::adjacent_find(keys) == keys.end());
}

}  // namespace bothends::run::test
