#include <algorithm>

#include "tests/tls/openssl_case.hpp"

using namespace bothends;
using namespace bothends::test;
using policy::Key;

namespace {

unsigned count(const tls::Engine& engine, wire::Direction direction, std::uint8_t handshake_type) {
  unsigned found = 0;
  for (const auto& event : engine.handshake().transcript.events)
    found += event.type == wire::handshake && event.direction == direction && event.bytes.at(0) == handshake_type;
  return found;
}

/// What one end sent is what the other received, but for what was still on its way.
void check_same_story(const Pair& pair) {
  const auto& client = pair.client->handshake().transcript.events;
  const auto& server = pair.server->handshake().transcript.events;
  for (const auto way : {wire::Direction::sent, wire::Direction::received}) {
    std::vector<Bytes> said;
    std::vector<Bytes> heard;
    for (const auto& event : client)
      if (event.direction == way) said.push_back(event.bytes);
    for (const auto& event : server)
      if (event.direction != way) heard.push_back(event.bytes);
    CHECK(said == heard);
  }
}

void check_both_ways(Pair& pair) {
  CHECK(pair.say_to_server("GET / HTTP/1.1\r\n\r\n") == "GET / HTTP/1.1\r\n\r\n");
  const std::string much(100000, 'x');
  CHECK(pair.say_to_client(much) == much);
}

}  // namespace

TEST_CASE("openssl talks to openssl in every version, whole and octet by octet") {
  for (const std::uint16_t version : {wire::ssl3, wire::tls1_0, wire::tls1_1, wire::tls1_2, wire::tls1_3}) {
    for (const std::size_t piece : {0, 1, 7}) {
      CAPTURE(version);
      CAPTURE(piece);
      OpensslCase a;
      a.server.certificates = {OpensslCase::shop(version == wire::ssl3 ? Key::rsa : Key::ecdsa_p256)};
      a.client.min_version = a.client.max_version = version;
      a.server.min_version = wire::ssl3;
      auto pair = a.connect();
      pair.run(piece);
      REQUIRE(pair.open());
      CHECK(agreement(*pair.client).version == version);
      CHECK(agreement(*pair.server) == agreement(*pair.client));
      CHECK(pair.client->handshake().complete);
      CHECK(pair.server->handshake().complete);
      check_same_story(pair);
      check_both_ways(pair);
    }
  }
}

TEST_CASE("every kind of key serves") {
  for (const auto key : tls::openssl().can().keys) {
    for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
      CAPTURE(static_cast<int>(key));
      CAPTURE(version);
      OpensslCase a;
      a.strict();
      a.server.certificates = {OpensslCase::shop(key)};
      a.client.max_version = version;
      auto pair = a.connect();
      pair.run();
      REQUIRE_MESSAGE(pair.open(), pair.client->handshake().note << pair.server->handshake().note);
      CHECK(agreement(*pair.client).leaf == a.server.certificates[0].chain[0]);
      REQUIRE(pair.client->handshake().chain);
      CHECK(pair.client->handshake().chain->ok());
      check_both_ways(pair);
    }
  }
}

TEST_CASE("the transcript says which messages were encrypted, and repeats none") {
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    OpensslCase a;
    a.client.max_version = version;
    auto pair = a.connect();
    pair.run();
    CHECK(count(*pair.client, wire::Direction::sent, wire::client_hello) == 1);
    CHECK(count(*pair.client, wire::Direction::received, wire::server_hello) == 1);
    CHECK(count(*pair.client, wire::Direction::received, wire::certificate) == 1);
    CHECK(count(*pair.client, wire::Direction::received, wire::finished) == 1);
    const auto& transcript = pair.server->handshake().transcript;
    CHECK_FALSE(transcript.message(wire::client_hello)->encrypted);
    CHECK_FALSE(transcript.message(wire::server_hello)->encrypted);
    CHECK(transcript.message(wire::certificate)->encrypted == (version == wire::tls1_3));
    CHECK(transcript.message(wire::finished)->encrypted);
  }
}

TEST_CASE("events carry the time the engine was given") {
  OpensslCase a;
  auto pair = a.connect();
  pair.client->clock(std::chrono::microseconds(5));
  pair.client->step({}, pair.to_server);
  pair.client->clock(std::chrono::microseconds(9));
  pair.run();
  const auto& events = pair.client->handshake().transcript.events;
  CHECK(events.front().at == std::chrono::microseconds(5));
  CHECK(events.back().at == std::chrono::microseconds(9));
}

TEST_CASE("suites, groups and signature schemes are what the settings say") {
  OpensslCase a;
  a.server.certificates = {OpensslCase::shop(Key::rsa)};
  a.client.suites = {0xc030, 0x1303};
  a.client.groups = {0x0018, 0x0019};  // of one worth to the server, so that the share decides
  a.client.signature_schemes = {0x0805, 0x0601};
  auto pair = a.connect();
  pair.run();
  REQUIRE(pair.open());
  const auto hello = pair.server->handshake().transcript.client_hello();
  REQUIRE(hello);
  CHECK(hello->groups() == a.client.groups);
  CHECK(hello->key_share_groups() == wire::Codes{0x0018});
  CHECK(hello->signature_schemes() == a.client.signature_schemes);
  CHECK(hello->cipher_suites == wire::Codes{0x1303, 0xc030});
  CHECK(agreement(*pair.client).suite == 0x1303);
  CHECK(agreement(*pair.client).group == 0x0018);
  CHECK(agreement(*pair.client).signature_scheme == 0x0805);
}

TEST_CASE("suites of one version only mean that version") {
  OpensslCase a;
  a.client.suites = {0xc02b};
  auto pair = a.connect();
  pair.run();
  CHECK(agreement(*pair.client).version == wire::tls1_2);
  CHECK(agreement(*pair.client).suite == 0xc02b);
  a.client.suites = {0x1301};
  auto newer = a.connect();
  newer.run();
  CHECK(agreement(*newer.client).version == wire::tls1_3);
  CHECK(newer.client->handshake().transcript.client_hello()->versions() == wire::Codes{0x0304});
}

TEST_CASE("old and weak suites work when asked for") {
  struct Old {
    std::uint16_t suite;
    Key key;
  };
  // RC4, 3DES, NULL, anonymous, static RSA, ephemeral DH
  for (const auto& old : {Old{0x0005, Key::rsa}, Old{0x000a, Key::rsa}, Old{0x0002, Key::rsa}, Old{0xc018, Key::rsa},
                          Old{0x002f, Key::rsa}, Old{0x0033, Key::rsa}, Old{0xc007, Key::ecdsa_p256}}) {
    CAPTURE(old.suite);
    OpensslCase a;
    a.server.certificates = {OpensslCase::shop(old.key)};
    a.client.suites = a.server.suites = {old.suite};
    auto pair = a.connect();
    pair.run();
    REQUIRE(pair.open());
    CHECK(agreement(*pair.client).suite == old.suite);
    check_both_ways(pair);
  }
}

TEST_CASE("hybrid key exchange by default, and a HelloRetryRequest where no share fits") {
  OpensslCase a;
  auto pair = a.connect();
  pair.run();
  CHECK(agreement(*pair.client).group == 0x11ec);
  CHECK_FALSE(agreement(*pair.client).hello_retry);
  a.server.groups = {0x0019};
  auto again = a.connect();
  again.run(1);
  REQUIRE(again.open());
  CHECK(agreement(*again.client).group == 0x0019);
  CHECK(agreement(*again.client).hello_retry);
  CHECK(agreement(*again.server) == agreement(*again.client));
  CHECK_FALSE(again.client->handshake().transcript.events[2].encrypted);
  CHECK(again.client->handshake().transcript.second_client_hello().has_value());
}

TEST_CASE("ALPN goes by the server's preference; a server without a list ignores it") {
  OpensslCase a;
  a.client.alpn = {"http/1.1", "h2"};
  a.server.alpn = {"h2", "http/1.1"};
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    a.client.max_version = version;
    auto pair = a.connect();
    pair.run();
    CHECK(agreement(*pair.client).alpn == "h2");
    CHECK(agreement(*pair.server).alpn == "h2");
  }
  a.server.alpn.clear();
  auto pair = a.connect();
  pair.run();
  CHECK(pair.open());
  CHECK(agreement(*pair.client).alpn.empty());
}

TEST_CASE("SNI chooses the certificate, and among several for a name the client's schemes do") {
  OpensslCase a;
  a.server.certificates = {OpensslCase::named("other.test"), OpensslCase::shop(Key::ecdsa_p256),
                           OpensslCase::shop(Key::rsa), OpensslCase::named("*.wild.test")};
  const auto leaf_for = [&](std::optional<std::string> sni, wire::Codes schemes) {
    a.peer.sni = std::move(sni);
    a.client.signature_schemes = std::move(schemes);
    auto pair = a.connect();
    pair.run();
    REQUIRE(pair.open());
    return agreement(*pair.client).leaf;
  };
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    a.client.max_version = version;
    CHECK(leaf_for("shop.test", {}) == a.server.certificates[1].chain[0]);
    CHECK(leaf_for("SHOP.test", {0x0804}) == a.server.certificates[2].chain[0]);
    CHECK(leaf_for("a.wild.test", {}) == a.server.certificates[3].chain[0]);
    CHECK(leaf_for("unknown.test", {}) == a.server.certificates[0].chain[0]);
    CHECK(leaf_for(std::nullopt, {}) == a.server.certificates[0].chain[0]);
  }
}

TEST_CASE("the chain is sent as it is given, also in a wrong order") {
  OpensslCase a;
  const auto leaf = make_leaf(OpensslCase::intermediate(), "shop.test");
  for (const auto& rest : {std::vector<Certificate>{}, {OpensslCase::root(), OpensslCase::intermediate()}}) {
    a.server.certificates = {credential(leaf, rest)};
    a.server.trust = {OpensslCase::root().der,
                      OpensslCase::intermediate().der};  // which must not be used to complete the chain
    auto pair = a.connect();
    pair.run();
    const auto sent = pair.client->handshake().transcript.server_certificate();
    REQUIRE(sent);
    std::vector<Bytes> chain;
    for (const auto& entry : sent->entries) chain.push_back(entry.der);
    CHECK(chain == a.server.certificates[0].chain);
  }
}

TEST_CASE("close_notify ends it on both sides, and nothing follows it") {
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    OpensslCase a;
    a.client.max_version = version;
    auto pair = a.connect();
    pair.run();
    pair.server->write(view_of("last words"), pair.to_client);
    pair.server->close(pair.to_client);
    const auto size = pair.to_client.size();
    pair.server->write(view_of("too late"), pair.to_client);
    pair.server->close(pair.to_client);
    CHECK(pair.to_client.size() == size);
    CHECK(pair.server->phase() == tls::Phase::open);
    pair.run();
    CHECK(pair.client->phase() == tls::Phase::closed);
    CHECK(text_of(pair.client->take_plain()) == "last words");
    CHECK(pair.client->handshake().transcript.close_notify(wire::Direction::received));
    CHECK(pair.client->handshake().transcript.close_notify(wire::Direction::sent));
    CHECK(pair.server->phase() == tls::Phase::closed);
    CHECK_FALSE(alert_received(*pair.client));
    Bytes nothing;
    pair.client->write(view_of("x"), nothing);
    pair.client->step(view_of("x"), nothing);
    CHECK(nothing.empty());
  }
}

TEST_CASE("key log lines come when asked for, and the same at both ends") {
  OpensslCase a;
  a.client.key_log = a.server.key_log = true;
  auto pair = a.connect();
  pair.run();
  const auto& lines = pair.client->handshake().key_log;
  REQUIRE(lines.size() >= 5);
  CHECK(lines[0].find("_TRAFFIC_SECRET") != std::string::npos);
  CHECK(std::is_permutation(lines.begin(), lines.end(), pair.server->handshake().key_log.begin(),
                            pair.server->handshake().key_log.end()));
  a.client.key_log = false;
  auto quiet = a.connect();
  quiet.run();
  CHECK(quiet.client->handshake().key_log.empty());
}
