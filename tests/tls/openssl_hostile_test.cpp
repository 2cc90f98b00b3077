#include <random>

#include "tests/tls/openssl_case.hpp"

using namespace bothends;
using namespace bothends::test;

namespace {

std::unique_ptr<tls::Engine> new_client() {
  static const auto context = tls::openssl().client(OpensslCase().strict().client).value();
  return context->connect({.sni = "shop.test", .name = "shop.test"}).value();
}

std::unique_ptr<tls::Engine> new_server() {
  static const auto context = [] {
    OpensslCase a;
    a.server.client_certificate = policy::ClientCertificate::optional;
    a.server.min_version = wire::ssl3;
    return tls::openssl().server(a.server).value();
  }();
  return context->accept().value();
}

Bytes noise(std::mt19937& random, std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

/// Harmless whatever came before.
void check_sane(tls::Engine& engine) {
  Bytes out;
  const auto phase = engine.phase();
  CHECK(engine.handshake().transcript.foreign.size() <= 64);
  if (phase != tls::Phase::failed && phase != tls::Phase::closed) return;
  CHECK(engine.step(view_of("more"), out) == phase);
  engine.write(view_of("x"), out);
  engine.close(out);
  CHECK(out.empty());
}

}  // namespace

TEST_CASE("a peer that does not speak TLS is told by its first octets") {
  const std::string banners[] = {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                 "220 mail.test ESMTP\r\n", "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n",
                                 std::string("\x80\x2e\x01\x03\x01", 5) + std::string(60, 'x')};
  for (const auto& banner : banners) {
    CAPTURE(banner);
    for (auto* make : {new_client, new_server}) {
      auto engine = make();
      Bytes out;
      engine->step({}, out);
      CHECK(engine->step(view_of(banner), out) == tls::Phase::failed);
      CHECK(text_of(engine->handshake().transcript.foreign) == banner.substr(0, 64));
      CHECK(engine->handshake().transcript.malformed.empty());
      check_sane(*engine);
    }
  }
}

TEST_CASE("a foreign peer that speaks octet by octet fails as well") {
  for (auto* make : {new_client, new_server}) {
    auto engine = make();
    Bytes out;
    engine->step({}, out);
    for (const char c : std::string("SSH-2.0-OpenSSH")) engine->step(view_of({&c, 1}), out);
    CHECK(engine->phase() == tls::Phase::failed);
    CHECK(text_of(engine->handshake().transcript.foreign) == "SSH-2");
  }
}

TEST_CASE("nonsense in the middle is malformed, not foreign") {
  OpensslCase a;
  auto pair = a.connect();
  pair.run();
  pair.client->step(view_of("HTTP/1.1 200 OK\r\n"), pair.to_server);
  CHECK(pair.client->phase() == tls::Phase::failed);
  CHECK_FALSE(pair.client->handshake().transcript.malformed.empty());
  CHECK(pair.client->handshake().transcript.foreign.empty());
  pair.run();
  CHECK(pair.server->phase() == tls::Phase::failed);
}

TEST_CASE("a fatal alert before anything else is a refusal") {
  auto client = new_client();
  Bytes out;
  client->step({}, out);
  client->step(view_of({"\x15\x03\x01\x00\x02\x02\x28", 7}), out);
  CHECK(client->phase() == tls::Phase::failed);
  CHECK(alert_received(*client) == std::optional<std::uint8_t>(40));
  CHECK(client->handshake().transcript.foreign.empty());
}

TEST_CASE("a message that claims to be enormous is refused before it is collected") {
  auto server = new_server();
  Bytes out;
  Bytes huge = {0x16, 3, 1, 0x40, 0, 0x01, 0xff, 0xff, 0xff};
  huge.resize(5 + 0x4000);
  std::size_t fed = 0;
  while (server->phase() == tls::Phase::handshaking && fed < (8u << 20)) {
    server->step(huge, out);
    fed += huge.size();
  }
  CHECK(server->phase() == tls::Phase::failed);
  CHECK(fed < (1u << 20));
}

TEST_CASE("noise, and noise in the form of records, never does harm") {
  std::mt19937 random(7);
  for (int i = 0; i < 1500; ++i) {
    for (auto* make : {new_client, new_server}) {
      auto engine = make();
      Bytes out;
      engine->step({}, out);
      for (int piece = 0; piece < 4; ++piece) {
        auto bytes = noise(random, random() % 300);
        if (i % 2 == 0 && bytes.size() > 6) {
          bytes[0] = static_cast<std::uint8_t>(20 + bytes[0] % 4);
          bytes[1] = 3;
          bytes[2] %= 5;
          bytes[3] = 0;
          bytes[4] = static_cast<std::uint8_t>(bytes.size() - 5);
        }
        engine->step(bytes, out);
      }
      check_sane(*engine);
    }
  }
}

TEST_CASE("real handshakes with one octet changed, left out or doubled never do harm") {
  std::mt19937 random(11);
  for (int i = 0; i < 600; ++i) {
    Pair pair{new_client(), new_server(), {}, {}};
    const auto spoilt = random() % 6;
    pair.client->step({}, pair.to_server);
    for (unsigned flight = 0; flight < 6; ++flight) {
      auto& octets = flight % 2 == 0 ? pair.to_server : pair.to_client;
      auto& engine = flight % 2 == 0 ? *pair.server : *pair.client;
      auto& answer = flight % 2 == 0 ? pair.to_client : pair.to_server;
      auto now = std::exchange(octets, {});
      if (flight == spoilt && !now.empty()) {
        const auto at = now.begin() + static_cast<std::ptrdiff_t>(random() % now.size());
        if (random() % 3 == 0)
          *at = static_cast<std::uint8_t>(random());
        else if (random() % 2 == 0)
          now.erase(at);
        else
          now.insert(at, *at);
      }
      engine.step(now, answer);
    }
    check_sane(*pair.client);
    check_sane(*pair.server);
  }
}

TEST_CASE("endless tickets and key updates do not fill the transcript") {
  OpensslCase a;
  a.client.max_version = wire::tls1_2;
  auto pair = a.connect();
  pair.run();
  // Empty application records are the cheapest thing a peer can send; they leave no trace at all.
  for (int i = 0; i < 100; ++i) pair.say_to_client("x");
  CHECK(pair.client->handshake().transcript.events.size() < 32);
}
