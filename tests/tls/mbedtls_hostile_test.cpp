#include <random>

#include "mbedtls_support.hpp"

using namespace bothends;
using namespace bothends::tls;

namespace {

std::unique_ptr<Engine> one(bool client) {
  static const auto clients = *mbedtls().client(client_settings(policy::Verify::full));
  static const auto servers = *mbedtls().server(server_settings());
  return client ? std::move(*clients->connect(peer())) : std::move(*servers->accept());
}

/// Everything both ends of a good connection sent, in steps: who spoke, and what.
struct Recorded {
  bool from_client;
  Bytes octets;
};

Bytes random_octets(std::mt19937& random, std::size_t most) {
  Bytes octets(random() % (most + 1));
  for (auto& octet : octets) octet = static_cast<std::uint8_t>(random());
  return octets;
}

/// Flips, drops or inserts octets somewhere.
void damage(Bytes& octets, std::mt19937& random) {
  if (octets.empty()) return;
  for (unsigned times = 1 + random() % 4; times > 0 && !octets.empty(); --times) {
    auto at = octets.begin() + static_cast<std::ptrdiff_t>(random() % octets.size());
    switch (random() % 3) {
      case 0:
        *at = static_cast<std::uint8_t>(random());
        break;
      case 1:
        octets.erase(at);
        break;
      default:
        octets.insert(at, static_cast<std::uint8_t>(random()));
    }
  }
}

}  // namespace

TEST_CASE("mbedtls: a peer that does not speak TLS is shown as it is") {
  for (std::string_view text : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                "a text that is longer than the sixty-four octets which a transcript keeps of it"}) {
    for (bool client : {false, true}) {
      auto engine = one(client);
      Bytes out;
      if (client) engine->step({}, out);
      out.clear();
      CHECK(engine->step(view_of(text), out) == Phase::failed);
      CHECK(text_of(transcript(*engine).foreign) == text.substr(0, 64));
      CHECK(transcript(*engine).malformed.empty());
      CHECK(out.empty());
      CHECK_FALSE(engine->handshake().note.empty());
      // Nothing more happens.
      CHECK(engine->step(view_of(text), out) == Phase::failed);
      engine->write(view_of("x"), out);
      engine->close(out);
      CHECK(out.empty());
    }
  }
}

TEST_CASE("mbedtls: foreign octets one by one") {
  auto engine = one(false);
  Bytes out;
  for (char c : std::string_view("GET / HTTP/1.1\r\n")) engine->step(view_of(std::string_view(&c, 1)), out);
  CHECK(engine->phase() == Phase::failed);
  CHECK(text_of(transcript(*engine).foreign).starts_with("GET /"));
}

TEST_CASE("mbedtls: garbage after a good beginning is malformed, not foreign") {
  auto pair = pair_of(client_settings(), server_settings());
  pair.run();
  Bytes out;
  CHECK(pair.server().step(view_of("GET / HTTP/1.1\r\n\r\n"), out) == Phase::failed);
  CHECK(transcript(pair.server()).foreign.empty());
  CHECK_FALSE(transcript(pair.server()).malformed.empty());
}

TEST_CASE("mbedtls: an empty step changes nothing") {
  auto engine = one(false);
  Bytes out;
  CHECK(engine->step({}, out) == Phase::handshaking);
  CHECK(engine->step({}, out) == Phase::handshaking);
  engine->write(view_of("too early"), out);
  engine->close(out);
  CHECK(out.empty());
}

TEST_CASE("mbedtls: random octets and damaged connections end, in good order") {
  std::mt19937 random(20240607);
  for (int round = 0; round < 1500; ++round) {
    auto engine = one(round % 2 == 0);
    Bytes out;
    engine->step({}, out);
    for (int i = 0; i < 4; ++i) engine->step(random_octets(random, 600), out);
    CHECK(transcript(*engine).foreign.size() <= 64);
  }
  for (int round = 0; round < 600; ++round) {
    auto client = one(true);
    auto server = one(false);
    Bytes to_server, to_client;
    client->step({}, to_server);
    for (int turn = 0; turn < 6; ++turn) {
      if (random() % 3 == 0) damage(to_server, random);
      server->step(std::exchange(to_server, {}), to_client);
      if (random() % 3 == 0) damage(to_client, random);
      client->step(std::exchange(to_client, {}), to_server);
    }
    client->take_plain();
  }
}

TEST_CASE("mbedtls: records of the right shape with nonsense in them") {
  std::mt19937 random(7);
  for (int round = 0; round < 1000; ++round) {
    auto engine = one(round % 2 == 0);
    Bytes out;
    engine->step({}, out);
    for (int i = 0; i < 3; ++i) {
      Bytes message = random_octets(random, 300);
      if (message.size() > 4 && random() % 2 == 0) {
        message[0] = static_cast<std::uint8_t>(random() % 2 == 0 ? wire::client_hello : wire::server_hello);
        message[1] = 0;
        message[2] = static_cast<std::uint8_t>((message.size() - 4) >> 8);
        message[3] = static_cast<std::uint8_t>(message.size() - 4);
      }
      auto type = static_cast<std::uint8_t>(20 + random() % 5);
      engine->step(wire::in_records(type, wire::tls1_2, message, 1 + random() % 400), out);
    }
    engine->close(out);
  }
}

TEST_CASE("mbedtls: a peer that warns for ever fills no memory") {
  auto engine = one(false);
  Bytes out;
  Bytes warnings;
  for (int i = 0; i < 10000; ++i)
    append(warnings, wire::encode(wire::Record{wire::alert, wire::tls1_2, Bytes{wire::warning, wire::user_canceled}}));
  engine->step(warnings, out);
  CHECK(transcript(*engine).events.size() <= 4096);
}
