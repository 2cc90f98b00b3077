#include "tests/tls/openssl_case.hpp"

using namespace bothends;
using namespace bothends::test;
using policy::Defect;

TEST_CASE("no version in common") {
  OpensslCase a;
  a.client.max_version = wire::tls1_2;
  a.server.min_version = wire::tls1_3;
  auto pair = a.connect();
  pair.run();
  check_refused(*pair.server, *pair.client, wire::protocol_version);
}

TEST_CASE("no suite in common") {
  OpensslCase a;
  a.client.suites = {0xc02f};  // needs RSA
  a.server.max_version = wire::tls1_2;
  auto pair = a.connect();
  pair.run();
  check_refused(*pair.server, *pair.client, wire::handshake_failure);
  a.client.suites = {0x1301};
  a.server = {.certificates = a.server.certificates};
  a.server.suites = {0x1302};
  auto newer = a.connect();
  newer.run(1);
  check_refused(*newer.server, *newer.client, wire::handshake_failure);
}

TEST_CASE("no ALPN protocol in common") {
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    OpensslCase a;
    a.client.max_version = version;
    a.client.alpn = {"h3"};
    a.server.alpn = {"h2", "http/1.1"};
    auto pair = a.connect();
    pair.run();
    check_refused(*pair.server, *pair.client, wire::no_application_protocol);
  }
}

TEST_CASE("strict SNI refuses unknown and absent names") {
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    OpensslCase a;
    a.client.max_version = version;
    a.server.strict_sni = true;
    auto good = a.connect();
    CHECK(good.run().open());
    for (const auto& sni : {std::optional<std::string>("other.test"), std::optional<std::string>()}) {
      a.peer.sni = sni;
      auto pair = a.connect();
      pair.run();
      check_refused(*pair.server, *pair.client, wire::unrecognized_name);
    }
  }
}

namespace {

struct BadChain {
  const char* what;
  tls::Credential credential;
  std::uint8_t alert;
  Defect defect;
};

std::vector<BadChain> bad_chains() {
  const auto& issuer = OpensslCase::intermediate();
  const auto leaf = [&](Spec spec) {
    spec.names = {"shop.test"};
    return credential(make(spec, &issuer), {issuer});
  };
  const auto stranger = make_root("Stranger Root");
  auto unnamed = credential(make({}, &issuer), {issuer});
  return {
      {"expired", leaf({.from = -86400 * 9, .until = -86400 * 3}), wire::certificate_expired, Defect::expired},
      {"not yet valid", leaf({.from = 86400, .until = 86400 * 3}), wire::bad_certificate, Defect::not_yet_valid},
      {"wrong name", OpensslCase::named("other.test"), wire::bad_certificate, Defect::wrong_name},
      {"common name only", unnamed, wire::bad_certificate, Defect::no_subject_alt_name},
      {"unknown CA", credential(make_leaf(stranger, "shop.test"), {stranger}), wire::unknown_ca,
       Defect::unknown_issuer},
      {"self-signed", credential(make({.names = {"shop.test"}})), wire::unknown_ca, Defect::self_signed},
      {"for clients only", leaf({.purpose = "clientAuth"}), wire::unsupported_certificate, Defect::wrong_purpose},
      {"no intermediate", credential(make_leaf(issuer, "shop.test")), wire::unknown_ca, Defect::unknown_issuer},
  };
}

}  // namespace

TEST_CASE("a bad chain is refused by the client, with the alert that is OpenSSL's own") {
  for (const auto& bad : bad_chains()) {
    for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
      CAPTURE(bad.what);
      CAPTURE(version);
      OpensslCase a;
      a.strict();
      a.client.max_version = version;
      a.server.certificates = {bad.credential};
      auto pair = a.connect();
      pair.run();
      check_refused(*pair.client, *pair.server, bad.alert);
      REQUIRE(pair.client->handshake().chain);
      REQUIRE(pair.client->handshake().chain->problems.size() == 1);
      CHECK(pair.client->handshake().chain->problems[0].defect == bad.defect);
      CHECK_FALSE(pair.server->handshake().chain);
    }
  }
}

TEST_CASE("a client that does not verify takes any chain and says nothing of it") {
  for (const auto& bad : bad_chains()) {
    CAPTURE(bad.what);
    OpensslCase a;
    a.server.certificates = {bad.credential};
    auto pair = a.connect();
    CHECK(pair.run().open());
    CHECK_FALSE(pair.client->handshake().chain);
  }
}

TEST_CASE("a client that verifies the chain only does not mind the name") {
  OpensslCase a;
  a.strict().client.verify = policy::Verify::chain;
  a.server.certificates = {OpensslCase::named("other.test")};
  auto pair = a.connect();
  CHECK(pair.run().open());
  CHECK(pair.client->handshake().chain->ok());
}

TEST_CASE("an address is checked as an address") {
  OpensslCase a;
  a.strict();
  a.peer = {.sni = std::nullopt, .name = "192.0.2.7"};
  a.server.certificates = {OpensslCase::named("192.0.2.7")};
  auto pair = a.connect();
  CHECK(pair.run().open());
  a.peer.name = "192.0.2.8";
  auto other = a.connect();
  other.run();
  check_refused(*other.client, *other.server, wire::bad_certificate);
  CHECK(other.client->handshake().chain->has(Defect::wrong_name));
}

TEST_CASE("the note holds OpenSSL's own words") {
  OpensslCase a;
  a.strict().server.certificates = {OpensslCase::named("other.test")};
  auto pair = a.connect();
  pair.run();
  CHECK(pair.client->handshake().note.find("certificate verify failed") != std::string::npos);
  CHECK(pair.client->handshake().note.find("hostname mismatch") != std::string::npos);
}

TEST_CASE("weak keys and digests pass only where weakness is allowed") {
  OpensslCase a;
  a.strict();
  const auto& issuer = OpensslCase::intermediate();
  const auto weak_key = make({.key = policy::Key::rsa, .bits = 1024, .names = {"shop.test"}}, &issuer);
  const auto weak_digest = make({.names = {"shop.test"}, .digest = "SHA1"}, &issuer);
  for (const auto& leaf : {weak_key, weak_digest}) {
    a.server.certificates = {credential(leaf, {issuer})};
    a.client.weak = true;
    auto lenient = a.connect();
    CHECK(lenient.run().open());
    a.client.weak = false;
    auto firm = a.connect();
    firm.run();
    check_refused(*firm.client, *firm.server, wire::bad_certificate);
    const bool key = leaf.der == weak_key.der;
    CHECK(firm.client->handshake().chain->has(key ? Defect::weak_key : Defect::weak_signature));
  }
  a.server.weak = false;
  CHECK_FALSE(tls::openssl().server(a.server));
}
