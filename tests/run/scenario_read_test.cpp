// What a scenario file comes to.
#include "run/fault.hpp"
#include "run/scenario_fields.hpp"
#include "scenario_support.hpp"

using namespace bothends;
using namespace bothends::run;
using From = proxy::NameSource::From;

TEST_CASE("the example of the manual") {
  auto scenario = read(R"(#:schema ../schema/scenario.schema.json
title = "The proxy sends no SNI, so the origin answers with its default certificate"

[certs]
other = { names = ["other.test"] }
shop  = { names = ["shop.test"] }

[origin.shop]
stack = "mbedtls"
certs = ["other", "shop"]
body  = "hello from shop"

[proxy]
use = "builtin"
[proxy.routes."shop.test"]
to = "shop"
sni = "none"
verify = "full"

[[try]]
name = "a browser asks for shop.test"
client = { stack = "openssl" }
url = "https://shop.test/"
[try.expect]
client.agreed = { version = "TLSv1.3", alpn = "http/1.1" }
origin.hello.sni = "absent"
status = 502

[[try]]
name = "control: with SNI it works"
with.proxy.routes."shop.test".sni = "host"
url = "https://shop.test/"
expect = { status = 200, body = "hello from shop" }
)");
  CHECK(scenario.title.starts_with("The proxy sends no SNI"));
  REQUIRE(scenario.tries.size() == 2);
  const auto& first = scenario.tries[0];
  CHECK(first.name == "a browser asks for shop.test");
  CHECK(first.place == Place{"s.toml", 20, 1});
  CHECK(first.host == "shop.test");
  CHECK(first.stage.certs.size() == 3);
  CHECK(first.stage.certs[0].name == "other");
  CHECK(first.stage.certs[2].name == "proxy-default");
  CHECK(first.stage.certs[2].names == std::vector<std::string>{"shop.test"});
  REQUIRE(first.stage.origin("shop") != nullptr);
  CHECK(first.stage.origin("shop")->stack == "mbedtls");
  CHECK(first.stage.origin("shop")->certs == std::vector<std::string>{"other", "shop"});
  REQUIRE(first.stage.proxy.routes.size() == 1);
  CHECK(first.stage.proxy.routes[0].sni.from == From::none);
  CHECK(scenario.tries[1].stage.proxy.routes[0].sni.from == From::host);
  CHECK(first.stage.key != scenario.tries[1].stage.key);
  REQUIRE(first.expectations.size() == 4);
  CHECK(first.expectations[0].fact == "client.agreed.version");
  CHECK(first.expectations[0].wanted == std::vector<std::string>{"TLSv1.3"});
  CHECK(first.expectations[0].line == "client.agreed = { version = \"TLSv1.3\", alpn = \"http/1.1\" }");
  CHECK(first.expectations[0].place == Place{"s.toml", 25, 29});
  CHECK(first.expectations[3].fact == "status");
  CHECK(first.expectations[3].wanted == std::vector<std::string>{"502"});
}

TEST_CASE("the shortest file has an origin, a route and certificates for every host") {
  auto scenario = read("[[try]]\nurl = \"https://shop.test/\"\n[[try]]\nurl = \"https://127.0.0.1:8443/x?y=1\"\n");
  REQUIRE(scenario.tries.size() == 2);
  const auto& one = scenario.tries[1];
  CHECK(scenario.title == "s.toml");
  CHECK(one.name == "try 2");
  CHECK(one.host == "127.0.0.1");
  CHECK(one.host_field == "127.0.0.1:8443");
  CHECK(one.target == "/x?y=1");
  CHECK(one.method == "GET");
  REQUIRE(one.stage.origins.size() == 1);
  CHECK(one.stage.origins[0].name == "origin");
  CHECK(one.stage.origins[0].certs == std::vector<std::string>{"origin-default"});
  REQUIRE(one.stage.proxy.routes.size() == 1);
  CHECK(one.stage.proxy.routes[0].match == "default");
  CHECK(one.stage.proxy.routes[0].to == "origin");
  CHECK(one.stage.proxy.certs == std::vector<std::string>{"proxy-default"});
  CHECK(one.stage.proxy.said.empty());
  REQUIRE(one.stage.certs.size() == 2);
  CHECK(one.stage.certs[0].names == std::vector<std::string>{"shop.test", "127.0.0.1"});
  CHECK(one.stage.key == scenario.tries[0].stage.key);
  CHECK(one.client.verify == policy::Verify::full);
  CHECK(one.client.trust == std::vector<std::string>{"root"});
}

TEST_CASE("a proxy that runs already brings its own origins and certificates") {
  auto scenario = read(with_try("[proxy]\naddress = \"10.0.0.1:443\""), {.proxy = "nginx"});
  const auto& stage = scenario.tries.at(0).stage;
  CHECK(stage.proxy.address == "10.0.0.1:443");
  CHECK(stage.proxy.use == "builtin");
  CHECK(stage.origins.empty());
  CHECK(stage.certs.empty());
}

TEST_CASE("TLS settings") {
  auto client = read(with_try(R"([client]
versions = ["TLSv1.3", "TLSv1.2"]
suites = ["TLS_AES_128_GCM_SHA256", "0x1302"]
groups = "x25519"
signature_schemes = ["ecdsa_secp256r1_sha256"]
alpn = ["h2", "http/1.1"]
sni = "other.test"
verify = "chain"
trust = ["root", "unknown-root", "mine"]
certificate = "mine"
[certs.mine]
kind = "client"
)"))
                    .tries.at(0)
                    .client;
  CHECK(client.min_version == wire::tls1_2);
  CHECK(client.max_version == wire::tls1_3);
  CHECK(client.suites == wire::Codes{0x1301, 0x1302});
  CHECK(client.groups == wire::Codes{29});
  CHECK(client.signature_schemes == wire::Codes{0x0403});
  CHECK(client.alpn == std::vector<std::string>{"h2", "http/1.1"});
  CHECK(client.sni == proxy::NameSource{From::fixed, "other.test"});
  CHECK(client.verify == policy::Verify::chain);
  CHECK(client.certificate == "mine");
  CHECK(client.place == Place{"s.toml", 1, 1});
  auto only = read(with_try("[client]\nversions = \"TLSv1.2\"")).tries.at(0).client;
  CHECK(only.min_version == wire::tls1_2);
  CHECK(only.max_version == wire::tls1_2);
}

TEST_CASE("origins") {
  auto origin = read(with_try(R"([origin.shop]
strict_sni = true
strict_host = true
server_preference = true
client_certificate = "required"
trust = "unknown-root"
speaks = "half-record"
status = 503
body = "busy"
headers = { X-One = "1", Set-Cookie = ["a=1", "b=2"] }
)"))
                    .tries.at(0)
                    .stage.origins.at(0);
  CHECK(origin.strict_sni);
  CHECK(origin.strict_host);
  CHECK(origin.server_preference);
  CHECK(origin.client_certificate == policy::ClientCertificate::required);
  CHECK(origin.trust == std::vector<std::string>{"unknown-root"});
  CHECK(origin.speaks == OriginSpec::Speaks::tls);
  CHECK(origin.conduct == fault_named(path::Leg::origin, "server-hello-blackhole")->conduct);
  CHECK(origin.status == 503);
  CHECK(origin.headers == http::Fields{{"X-One", "1"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}});
  CHECK(origin.place == Place{"s.toml", 1, 9});
}

TEST_CASE("certificates") {
  auto certs = read(with_try(R"([certs]
old = { kind = "expired", key = "rsa", bits = 3072, names = ["a.test", "::1"], from = "-90d", until = "-12h" }
plain = {}
me = { kind = "client" }
)"))
                   .tries.at(0)
                   .stage.certs;
  REQUIRE(certs.size() == 5);
  using std::chrono::hours;
  CHECK(certs[0] == certs::Recipe{.name = "old",
                                  .kind = certs::Kind::expired,
                                  .key = policy::Key::rsa,
                                  .bits = 3072,
                                  .names = {"a.test", "::1"},
                                  .from = hours(-90 * 24),
                                  .until = hours(-12)});
  CHECK(certs[1].names == std::vector<std::string>{"shop.test"});
  CHECK(certs[2].names == std::vector<std::string>{"me"});
}

TEST_CASE("the proxy, its routes, and what the file says of them") {
  auto proxy = read(with_try(R"([origin.a]
[origin.b]
[proxy]
use = "nginx"
versions = "TLSv1.2"
strict_sni = true
timeout = "500ms"
[proxy.routes."Shop.test"]
to = "a"
sni = "host"
verify = "none"
[proxy.routes."*.shop.test"]
to = "b"
tls = false
verify_name = "host"
groups = ["x25519"]
[proxy.routes.default]
to = "b"
sni = "b.test"
verify = "chain"
)"))
                   .tries.at(0)
                   .stage.proxy;
  CHECK(proxy.use == "nginx");
  CHECK(proxy.origin_timeout == std::chrono::milliseconds(500));
  REQUIRE(proxy.routes.size() == 3);
  CHECK(proxy.routes[0].match == "shop.test");
  CHECK(proxy.routes[0].verify_name.from == From::none);
  CHECK(proxy.routes[1].verify_name.from == From::host);
  CHECK_FALSE(proxy.routes[1].tls);
  CHECK(proxy.routes[2].sni == proxy::NameSource{From::fixed, "b.test"});
  std::vector<std::string> said;
  for (const auto& [key, place] : proxy.said) said.push_back(key);
  CHECK(said == std::vector<std::string>{"routes.groups", "routes.match", "routes.match=wildcard", "routes.sni",
                                         "routes.sni=fixed", "routes.sni=host", "routes.tls", "routes.tls=false",
                                         "routes.to", "routes.verify", "routes.verify=chain", "routes.verify=none",
                                         "routes.verify_name", "routes.verify_name=host", "strict_sni",
                                         "strict_sni=true", "timeout", "use", "versions"});
  CHECK(proxy.said.at("routes.verify=chain") == Place{"s.toml", 20, 1});
  CHECK(proxy.said.at("routes.sni") == Place{"s.toml", 10, 1});
}

TEST_CASE("the proxy's setting, its upstreams, and what clients must show") {
  auto stage = read(with_try(R"([origin.a]
listen = "[::1]:8443"
[proxy]
setting = "default"
client_certificate = "optional"
trust = ["root", "unknown-root"]
[proxy.routes.default]
upstream = "shop.internal"
sni = "upstream"
verify_name = "upstream"
)"))
                   .tries.at(0)
                   .stage;
  CHECK(stage.origins[0].listen == "[::1]:8443");
  CHECK_FALSE(stage.proxy.told);
  CHECK(stage.proxy.client_certificate == policy::ClientCertificate::optional);
  CHECK(stage.proxy.trust == std::vector<std::string>{"root", "unknown-root"});
  CHECK(stage.proxy.routes[0].upstream == "shop.internal");
  CHECK(stage.proxy.routes[0].sni.from == From::upstream);
  CHECK(stage.proxy.routes[0].verify_name.from == From::upstream);
  CHECK(stage.hosts == std::vector<std::string>{"shop.test"});
  CHECK(stage.proxy.said.contains("routes.sni=upstream"));
  auto plain = read(with_try("")).tries.at(0).stage;
  CHECK(plain.proxy.told);
  CHECK(plain.proxy.client_certificate == policy::ClientCertificate::none);
  CHECK(plain.proxy.routes[0].upstream.empty());
  CHECK(read(with_try("client.sni = \"upstream\"")).tries.at(0).client.sni.from ==
        From::fixed);  // a name like any other

  for (const std::string bad : {"127.0.0.1", "localhost:1", ":1", "127.0.0.1:0", "::1:80"})
    says(refusal(with_try("origin.a.listen = \"" + bad + "\"")), "origin.a.listen cannot be \"" + bad + "\"");
  says(refusal(with_try("proxy.routes.default.upstream = \"*.test\"")), "without a star");
  says(refusal(with_try("proxy.routes.default.upstream = \"a b\"")), "proxy.routes.default.upstream: ");
  says(refusal(with_try("proxy.setting = \"defalt\"")), "did you mean \"default\"?");
}

TEST_CASE("requests") {
  auto one = read(R"([[try]]
url = "HTTPS://Shop.Test:8443?q"
host = "admin.test"
method = "POST"
headers = { Accept = "*/*" }
body = "x=1"
timeout = "1m"
)")
                 .tries.at(0);
  CHECK(one.host == "shop.test");
  CHECK(one.host_field == "admin.test");
  CHECK(one.target == "/?q");
  CHECK(one.method == "POST");
  CHECK(one.headers == http::Fields{{"Accept", "*/*"}});
  CHECK(one.body == "x=1");
  CHECK(one.timeout == std::chrono::minutes(1));
  CHECK(read("[[try]]\nurl = \"https://[::1]:1/\"\n").tries.at(0).host == "::1");
  CHECK(read("[[try]]\nurl = \"https://[::1]:1/\"\n").tries.at(0).host_field == "[::1]:1");
}

TEST_CASE("expectations") {
  auto expectations = read(R"([[try]]
url = "https://shop.test/"
[try.expect]
status = { one_of = [502, 503] }
body = { contains = "not", differs = "hello" }
client.hello.alpn = ["h2", "http/1.1"]
client.agreed.resumed = false
origin.request.header = { X-Forwarded-For = "absent", "x.y" = "present" }
client.response.header.Server = { matches = "nginx*" }
)")
                          .tries.at(0)
                          .expectations;
  using How = path::Expectation::How;
  REQUIRE(expectations.size() == 8);
  auto find = [&](const std::string& fact, How how) {
    auto found = std::find_if(expectations.begin(), expectations.end(),
                              [&](const auto& one) { return one.fact == fact && one.how == how; });
    REQUIRE_MESSAGE(found != expectations.end(), fact);
    return *found;
  };
  CHECK(find("status", How::one_of).wanted == std::vector<std::string>{"502", "503"});
  CHECK(find("status", How::one_of).list);
  CHECK(find("body", How::contains).wanted == std::vector<std::string>{"not"});
  CHECK(find("body", How::differs).place == Place{"s.toml", 5, 38});
  CHECK(find("client.hello.alpn", How::equals).list);
  CHECK(find("client.agreed.resumed", How::equals).wanted == std::vector<std::string>{"false"});
  CHECK(find("client.response.header.Server", How::matches).line ==
        "client.response.header.Server = { matches = \"nginx*\" }");
}

TEST_CASE("lengths of time") {
  using std::chrono::milliseconds;
  auto span = [](std::string_view text) -> long long {
    auto read = duration_of(text);
    return read ? read->count() : -12345;
  };
  CHECK(span("500ms") == 500);
  CHECK(span("2s") == 2000);
  CHECK(span("-3d") == -3 * 86'400'000LL);
  for (auto text : {"", "5", "s", "5 s", "1.5s", "5sec", "+5s", "99999999999999999999s", "9999999999999999d", "--1s"}) {
    CAPTURE(text);
    CHECK(span(text) == -12345);
  }
}
