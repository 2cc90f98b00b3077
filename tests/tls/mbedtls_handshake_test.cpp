#include "mbedtls_support.hpp"

using namespace bothends;
using namespace bothends::tls;

namespace {

ClientSettings only(std::uint16_t version, ClientSettings settings = client_settings()) {
  settings.min_version = settings.max_version = version;
  return settings;
}

policy::Agreement agreement(const Engine& engine) {
  auto found = engine.handshake().agreement();
  REQUIRE(found.has_value());
  return *found;
}

}  // namespace

TEST_CASE("mbedtls: two engines open and talk, whole and octet by octet") {
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    for (std::size_t piece : {0, 1, 7}) {
      CAPTURE(version);
      CAPTURE(piece);
      auto pair = pair_of(only(version), server_settings(), peer(), piece);
      pair.run();
      CHECK(pair.client().phase() == Phase::open);
      CHECK(pair.server().phase() == Phase::open);
      CHECK(pair.client().handshake().complete);
      CHECK(pair.server().handshake().complete);
      CHECK(pair.say(pair.client(), "hello, server") == "hello, server");
      CHECK(pair.say(pair.server(), "hello, client") == "hello, client");
      std::string large(100000, 'x');
      CHECK(pair.say(pair.server(), large) == large);
      CHECK(agreement(pair.client()).version == version);
      CHECK(agreement(pair.server()) == agreement(pair.client()));
      pair.close(pair.client());
      CHECK(pair.server().phase() == Phase::closed);
      CHECK(pair.client().phase() == Phase::closed);
      CHECK(transcript(pair.server()).close_notify(wire::Direction::received));
      CHECK(transcript(pair.client()).close_notify(wire::Direction::received));
    }
  }
}

TEST_CASE("mbedtls: the transcript of TLS 1.3 holds every message, also the encrypted ones") {
  auto pair = pair_of(only(wire::tls1_3), server_settings());
  pair.run();
  pair.say(pair.server(), "data is not kept");
  pair.close(pair.server());
  CHECK(story(pair.client()) ==
        "client_hello> <server_hello <change_cipher_spec <encrypted_extensions* <certificate* <certificate_verify* "
        "<finished* change_cipher_spec> finished*> <new_session_ticket* <alert(0)* alert(0)*>");
  CHECK(story(pair.server()) ==
        "<client_hello server_hello> change_cipher_spec> encrypted_extensions*> certificate*> certificate_verify*> "
        "finished*> <change_cipher_spec <finished* new_session_ticket*> alert(0)*> <alert(0)*");
}

TEST_CASE("mbedtls: the transcript of TLS 1.2 holds every message, with AEAD and with CBC suites") {
  for (std::uint16_t suite :
       {0xc02b, 0xc02c, 0xcca9, 0xc0ac, 0xc0ad, 0xc0ae, 0xc009, 0xc00a, 0xc023, 0xc024, 0xc072, 0xc05c, 0xc086}) {
    CAPTURE(wire::name(wire::Registry::suite, suite));
    auto client = only(wire::tls1_2);
    client.suites = {suite};
    auto pair = pair_of(client, server_settings());
    pair.run();
    CHECK(pair.say(pair.client(), "ping") == "ping");
    pair.close(pair.client());
    CHECK(agreement(pair.client()).suite == suite);
    CHECK(story(pair.client()) ==
          "client_hello> <server_hello <certificate <server_key_exchange <server_hello_done client_key_exchange> "
          "change_cipher_spec> finished*> <new_session_ticket <change_cipher_spec <finished* alert(0)*> <alert(0)*");
    CHECK(story(pair.server()) ==
          "<client_hello server_hello> certificate> server_key_exchange> server_hello_done> <client_key_exchange "
          "<change_cipher_spec <finished* new_session_ticket> change_cipher_spec> finished*> <alert(0)* alert(0)*>");
  }
}

TEST_CASE("mbedtls: every suite of TLS 1.3 can be read in the transcript") {
  for (std::uint16_t suite : {0x1301, 0x1302, 0x1303, 0x1304, 0x1305}) {
    CAPTURE(suite);
    auto client = only(wire::tls1_3);
    client.suites = {suite};
    auto pair = pair_of(client, server_settings());
    pair.run();
    CHECK(agreement(pair.client()).suite == suite);
    CHECK(transcript(pair.client()).server_certificate().has_value());
    CHECK(transcript(pair.server()).finished());
    CHECK(transcript(pair.client()).finished());
  }
}

TEST_CASE("mbedtls: server keys of every kind it declares, and no other") {
  using policy::Key;
  for (auto key : mbedtls().can().keys) {
    for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
      CAPTURE(static_cast<int>(key));
      CAPTURE(version);
      auto certificate = credential(certs::Kind::good, key);
      auto pair = pair_of(only(version, client_settings(policy::Verify::full)), server_settings(certificate));
      pair.run();
      CHECK(pair.client().phase() == Phase::open);
      CHECK(agreement(pair.client()).leaf == certificate.chain.front());
      REQUIRE(pair.client().handshake().chain.has_value());
      CHECK(pair.client().handshake().chain->ok());
    }
  }
  for (auto key : {Key::ed25519, Key::ed448, Key::rsa_pss}) {
    Credential other = credential(certs::Kind::good);
    other.kind = key;
    auto server = mbedtls().server(server_settings(other));
    REQUIRE_FALSE(server.has_value());
    CHECK(server.error().code == ErrorCode::tls);
  }
}

TEST_CASE("mbedtls: what it declares is what its client offers") {
  auto pair = pair_of(client_settings(), server_settings());
  pair.run();
  auto hello = transcript(pair.server()).client_hello();
  REQUIRE(hello.has_value());
  const auto& can = mbedtls().can();
  auto suites = hello->cipher_suites;
  REQUIRE(!suites.empty());
  CHECK(suites.back() == 0x00ff);  // TLS_EMPTY_RENEGOTIATION_INFO_SCSV
  suites.pop_back();
  CHECK(suites == can.suites);
  CHECK(hello->groups() == can.groups);
  CHECK(hello->signature_schemes() == can.signature_schemes);
  CHECK(hello->versions() == can.versions);
  CHECK(hello->key_share_groups().size() == 1);
  CHECK(hello->key_share_groups().front() == can.groups.front());
}

TEST_CASE("mbedtls: what it cannot do is an error that says so") {
  auto refused = [](ClientSettings settings) {
    auto made = mbedtls().client(settings);
    return made ? std::string() : made.error().what;
  };
  auto settings = client_settings();
  settings.min_version = wire::tls1_0;
  CHECK(refused(settings) == "mbedtls has no TLSv1.0");
  settings = client_settings();
  settings.suites = {0x000a};
  CHECK(refused(settings) == "mbedtls has no suite TLS_RSA_WITH_3DES_EDE_CBC_SHA");
  settings = client_settings();
  settings.groups = {0x11ec};
  CHECK(refused(settings) == "mbedtls has no group X25519MLKEM768");
  settings = client_settings();
  settings.signature_schemes = {0x0807};
  CHECK(refused(settings) == "mbedtls has no signature scheme ed25519");
  settings = client_settings();
  settings.trust = {Bytes{1, 2, 3}};
  CHECK(refused(settings).starts_with("mbedtls cannot read a trust anchor"));
  settings = client_settings();
  settings.alpn = {""};
  CHECK(refused(settings).find("ALPN") != std::string::npos);
  settings = client_settings();
  settings.min_version = wire::tls1_3;
  settings.max_version = wire::tls1_2;
  CHECK_FALSE(refused(settings).empty());
}

TEST_CASE("mbedtls: a credential that cannot be read is an error") {
  auto broken = credential(certs::Kind::good);
  broken.chain.front().resize(40);
  CHECK_FALSE(mbedtls().server(server_settings(broken)).has_value());
  broken = credential(certs::Kind::good);
  broken.key = {1, 2, 3};
  CHECK_FALSE(mbedtls().server(server_settings(broken)).has_value());
  broken = credential(certs::Kind::good);
  broken.chain.clear();
  CHECK_FALSE(mbedtls().server(server_settings(broken)).has_value());
}

TEST_CASE("mbedtls: a chain is sent as it is given") {
  for (auto kind : {certs::Kind::wrong_order, certs::Kind::broken_chain, certs::Kind::client_auth_only,
                    certs::Kind::no_intermediate, certs::Kind::self_signed}) {
    for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
      auto certificate = credential(kind);
      CAPTURE(certificate.name);
      auto pair = pair_of(only(version), server_settings(certificate));
      pair.run();
      CHECK(pair.client().phase() == Phase::open);
      auto message = transcript(pair.client()).server_certificate();
      REQUIRE(message.has_value());
      REQUIRE(message->entries.size() == certificate.chain.size());
      for (std::size_t i = 0; i < certificate.chain.size(); ++i) CHECK(message->entries[i].der == certificate.chain[i]);
    }
  }
}

TEST_CASE("mbedtls: ALPN is the server's choice among what the client offers") {
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    auto client = only(version);
    auto server = server_settings();
    client.alpn = {"h2", "http/1.1"};
    server.alpn = {"http/1.1", "h2"};
    auto both = pair_of(client, server);
    CHECK(agreement(both.run().client()).alpn == "http/1.1");
    CHECK(agreement(both.server()).alpn == "http/1.1");
    server.alpn = {};
    auto ignored = pair_of(client, server);
    CHECK(agreement(ignored.run().client()).alpn.empty());
    server.alpn = {"h3"};
    auto refused = pair_of(client, server);
    refused.run();
    CHECK(alert_sent(refused.server()) == wire::no_application_protocol);
    CHECK(alert_received(refused.client()) == wire::no_application_protocol);
  }
}

TEST_CASE("mbedtls: certificates are chosen by SNI") {
  auto shop = credential(certs::Kind::good, policy::Key::ecdsa_p256, {"shop.test"});
  auto other = credential(certs::Kind::good, policy::Key::ecdsa_p256, {"*.other.test", "other.test"});
  auto other_rsa = credential(certs::Kind::good, policy::Key::rsa, {"other.test"});
  auto settings = server_settings(shop);
  settings.certificates.push_back(other);
  settings.certificates.push_back(other_rsa);
  auto leaf = [&](std::uint16_t version, std::optional<std::string> sni, wire::Codes schemes) {
    auto client = only(version);
    client.signature_schemes = std::move(schemes);
    Peer to;
    to.sni = std::move(sni);
    auto pair = pair_of(client, settings, to);
    return agreement(pair.run().client()).leaf;
  };
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    CHECK(leaf(version, "shop.test", {}) == shop.chain.front());
    CHECK(leaf(version, "a.other.test", {}) == other.chain.front());
    CHECK(leaf(version, "other.test", {0x0403}) == other.chain.front());
    CHECK(leaf(version, "other.test", {0x0804, 0x0401}) == other_rsa.chain.front());
    CHECK(leaf(version, "unknown.test", {}) == shop.chain.front());
    CHECK(leaf(version, std::nullopt, {}) == shop.chain.front());
  }
}

TEST_CASE("mbedtls: SNI and the name to check are two things") {
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    for (auto verify : {policy::Verify::full, policy::Verify::chain}) {
      auto run = [&](std::optional<std::string> sni, std::string name) {
        Peer to;
        to.sni = std::move(sni);
        to.name = std::move(name);
        auto pair = pair_of(only(version, client_settings(verify)), server_settings(), to);
        pair.run();
        CHECK(transcript(pair.server()).client_hello()->sni() == to.sni);
        return pair.client().phase() == Phase::open;
      };
      bool by_name = verify == policy::Verify::full;
      CHECK(run(std::nullopt, "shop.test"));
      CHECK(run("other.test", "shop.test"));
      CHECK(run("shop.test", "other.test") == !by_name);
      CHECK(run(std::nullopt, "10.0.0.1") == !by_name);
    }
  }
  auto full = mbedtls().client(client_settings(policy::Verify::full));
  REQUIRE(full.has_value());
  CHECK_FALSE((*full)->connect(Peer{}).has_value());
  CHECK_FALSE((*full)->connect(peer(std::string(300, 'a'))).has_value());
}

TEST_CASE("mbedtls: addresses can be checked") {
  auto certificate = credential(certs::Kind::good, policy::Key::ecdsa_p256, {"10.0.0.1", "2001:db8::1"});
  for (std::string name : {"10.0.0.1", "2001:db8::1"}) {
    Peer to;
    to.name = name;
    auto pair = pair_of(client_settings(policy::Verify::full), server_settings(certificate), to);
    pair.run();
    CHECK(pair.client().phase() == Phase::open);
  }
}

TEST_CASE("mbedtls: a HelloRetryRequest is in the transcript, and SNI in both hellos") {
  auto client = client_settings(policy::Verify::full);
  auto server = server_settings();
  client.groups = {29, 24};
  server.groups = {24};
  Peer to = peer();
  to.sni = "other.test";
  auto pair = pair_of(client, server, to);
  pair.run();
  CHECK(pair.client().phase() == Phase::open);
  CHECK(agreement(pair.client()).hello_retry);
  CHECK(agreement(pair.client()).group == 24);
  for (const auto* engine : {&pair.client(), &pair.server()}) {
    CHECK(transcript(*engine).client_hello()->sni() == "other.test");
    REQUIRE(transcript(*engine).second_client_hello().has_value());
    CHECK(transcript(*engine).second_client_hello()->sni() == "other.test");
    CHECK(transcript(*engine).finished());
  }
}

TEST_CASE("mbedtls: key log lines are the same on both ends, and only when asked for") {
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    auto client = only(version);
    auto server = server_settings();
    client.key_log = server.key_log = true;
    auto pair = pair_of(client, server);
    pair.run();
    const auto& lines = pair.client().handshake().key_log;
    CHECK(lines.size() == (version == wire::tls1_3 ? 4 : 1));
    CHECK(lines.front().starts_with(version == wire::tls1_3 ? "CLIENT_HANDSHAKE_TRAFFIC_SECRET " : "CLIENT_RANDOM "));
    CHECK(lines == pair.server().handshake().key_log);
    auto silent = pair_of(only(version), server_settings());
    CHECK(silent.run().client().handshake().key_log.empty());
  }
}

TEST_CASE("mbedtls: events carry the time they are given") {
  auto pair = pair_of(client_settings(), server_settings());
  pair.client().clock(std::chrono::microseconds(5));
  pair.server().clock(std::chrono::microseconds(9));
  pair.run();
  for (const auto& event : transcript(pair.client()).events) CHECK(event.at.count() == 5);
  for (const auto& event : transcript(pair.server()).events) CHECK(event.at.count() == 9);
}

TEST_CASE("mbedtls: engines outlive whoever made their contexts") {
  std::unique_ptr<Engine> engine;
  {
    auto context = mbedtls().client(client_settings());
    engine = std::move(*(*context)->connect(peer()));
  }
  Bytes out;
  CHECK(engine->step({}, out) == Phase::handshaking);
  CHECK_FALSE(out.empty());
}
