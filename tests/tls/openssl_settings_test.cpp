#include <algorithm>

#include "tests/tls/openssl_case.hpp"
#include "tls/effective.hpp"

using namespace bothends;
using namespace bothends::test;

namespace {

wire::ClientHello hello_of(const tls::ClientSettings& settings) {
  auto engine = tls::openssl().client(settings).value()->connect({}).value();
  Bytes out;
  engine->step({}, out);
  return engine->handshake().transcript.client_hello().value();
}

}  // namespace

TEST_CASE("what the stack declares is what its ClientHello offers") {
  const auto& can = tls::openssl().can();
  CHECK(tls::openssl().version().starts_with("OpenSSL 3."));
  const auto hello = hello_of({{.min_version = can.versions.back()}});
  CHECK(hello.versions() == can.versions);
  auto suites = hello_of({{.min_version = wire::tls1_0}}).cipher_suites;
  std::erase(suites, 0x00ff);
  CHECK(suites == can.suites);
  CHECK(hello.groups() == can.groups);
  CHECK(hello.key_share_groups().size() == 2);
  CHECK(hello.signature_schemes() == can.signature_schemes);
  CHECK(hello_of({}).versions() == wire::Codes{0x0304, 0x0303});
}

TEST_CASE("what is declared to be there on request is there, alone as well") {
  const auto& can = tls::openssl().can();
  for (const auto suite : can.suites_on_request) {
    CAPTURE(suite);
    CHECK(std::count(can.suites.begin(), can.suites.end(), suite) == 0);
    const std::uint16_t max = suite == 0x0007 ? wire::tls1_1 : 0;  // IDEA went with RFC 5469
    auto offered = hello_of({{.min_version = wire::tls1_0, .max_version = max, .suites = {suite}}}).cipher_suites;
    std::erase(offered, 0x00ff);
    CHECK(offered == wire::Codes{suite});
  }
  for (const auto group : can.groups_on_request) {
    CAPTURE(group);
    CHECK(tls::openssl().client({{.groups = {group}}}));
  }
  for (const auto suite : can.suites) CHECK(tls::openssl().client({{.min_version = wire::tls1_0, .suites = {suite}}}));
  for (const auto group : can.groups) CHECK(tls::openssl().client({{.groups = {group}}}));
  for (const auto scheme : can.signature_schemes) CHECK(tls::openssl().client({{.signature_schemes = {scheme}}}));
}

TEST_CASE("what cannot be done is an error that names it") {
  const auto message = [](const tls::ClientSettings& settings) {
    const auto made = tls::openssl().client(settings);
    return made ? std::string() : made.error().what;
  };
  CHECK(message({{.suites = {0x1301, 0xfefe}}}).find("0xfefe") != std::string::npos);
  CHECK(message({{.groups = {0x1234}}}).find("0x1234") != std::string::npos);
  CHECK(message({{.signature_schemes = {0x0b0b}}}).find("0x0b0b") != std::string::npos);
  CHECK(message({{.max_version = 0x0305}}).find("0x0305") != std::string::npos);
  CHECK_FALSE(message({{.min_version = wire::tls1_3, .max_version = wire::tls1_2}}).empty());
  CHECK_FALSE(message({{.alpn = {""}}}).empty());
  CHECK_FALSE(message({{.alpn = {std::string(256, 'a')}}}).empty());
  CHECK_FALSE(message({{.trust = {bytes_of(view_of("no certificate"))}}}).empty());
}

TEST_CASE("a certificate that does not fit its key, or is none, is an error that names it") {
  OpensslCase a;
  a.server.certificates[0].name = "mismatch";
  a.server.certificates[0].key = OpensslCase::shop().key;
  auto made = tls::openssl().server(a.server);
  REQUIRE_FALSE(made);
  CHECK(made.error().what.find("\"mismatch\"") != std::string::npos);
  a.server.certificates[0].key = {1, 2, 3};
  CHECK_FALSE(tls::openssl().server(a.server));
  a.server.certificates[0].chain = {};
  CHECK_FALSE(tls::openssl().server(a.server));
  a.server.certificates[0].chain = {{1, 2, 3}};
  CHECK_FALSE(tls::openssl().server(a.server));
}

TEST_CASE("a name that cannot be sent or checked is an error") {
  OpensslCase a;
  const auto context = tls::openssl().client(a.strict().client).value();
  CHECK_FALSE(context->connect({.sni = "", .name = "shop.test"}));
  CHECK_FALSE(context->connect({.sni = std::string(300, 'a'), .name = "shop.test"}));
  CHECK_FALSE(context->connect({.sni = "shop.test", .name = ""}));
  CHECK(context->connect({.sni = std::nullopt, .name = "shop.test"}));
}

TEST_CASE("no SNI is sent unless there is one") {
  OpensslCase a;
  a.peer.sni.reset();
  auto pair = a.connect();
  pair.run();
  CHECK_FALSE(pair.server->handshake().transcript.client_hello()->sni());
}

TEST_CASE("an engine outlives its context") {
  Pair pair;
  {
    OpensslCase a;
    a.strict().server.alpn = a.client.alpn = {"h2"};
    pair = a.connect();
  }
  CHECK(pair.run().open());
}

TEST_CASE("policy and offer carry what the stack fills in") {
  OpensslCase a;
  a.server.suites = {0xc02b, 0xc02f};
  const auto policy = tls::policy_of(tls::openssl(), a.server);
  CHECK(policy.stack == "openssl");
  CHECK(policy.versions == wire::Codes{wire::tls1_2});
  CHECK(policy.groups == tls::openssl().can().groups);
  REQUIRE(policy.leaves.size() == 1);
  CHECK(policy.leaves[0].names == std::vector<std::string>{"shop.test"});
  a.client.min_version = wire::tls1_1;
  a.strict();
  const auto hello = hello_of({{.min_version = wire::tls1_1}});
  const auto offer = tls::offer_of(tls::openssl(), a.client, hello);
  CHECK(offer.stack == "openssl");
  CHECK(offer.min_version == wire::tls1_1);
  CHECK(offer.versions == wire::Codes{wire::tls1_3, wire::tls1_2, wire::tls1_1});
  CHECK(offer.verify == policy::Verify::full);
}

TEST_CASE("credentials are chosen by name; twins of the default go with it") {
  const std::vector<std::vector<std::string>> names = {{"a.test", "b.test"}, {"c.test"}, {"B.test", "a.test"}};
  CHECK(tls::choose_by_name(names, "c.test").indices == std::vector<std::size_t>{1});
  CHECK(tls::choose_by_name(names, "b.test").indices == std::vector<std::size_t>{0, 2});
  CHECK(tls::choose_by_name(names, "x.test").indices == std::vector<std::size_t>{0, 2});
  CHECK_FALSE(tls::choose_by_name(names, "x.test").matched);
  CHECK(tls::choose_by_name(names, std::nullopt).indices == std::vector<std::size_t>{0, 2});
  CHECK(tls::choose_by_name({}, "a.test").indices.empty());
}
