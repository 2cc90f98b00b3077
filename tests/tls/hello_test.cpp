// The prober's engine against servers of both stacks, in memory: what it reads must be what the server says it chose.
#include <algorithm>

#include "tests/tls/hello_case.hpp"

using namespace bothends;
using namespace bothends::test;
using Until = Question::Until;
using Kind = Answer::Kind;

namespace {

const wire::Codes all_groups = {0x0017, 0x0018, 0x0019, 0x001d, 0x001e, 0x001f, 0x0020, 0x0021, 0x0100, 0x0101,
                                0x0102, 0x0103, 0x0104, 0x0200, 0x0201, 0x0202, 0x11eb, 0x11ec, 0x11ed};

tls::ServerSettings server_with(policy::Key key = policy::Key::ecdsa_p256) {
  tls::ServerSettings settings;
  settings.certificates = {OpensslCase::shop(key)};
  return settings;
}

/// What both ends must agree on as soon as the flight is here.
void check_same(const Asked& asked) {
  const auto said = asked.server->handshake().agreement();
  REQUIRE(said);
  CHECK(asked.answer.kind == Kind::accepted);
  CHECK(asked.answer.version == said->version);
  CHECK(asked.answer.suite == said->suite);
  CHECK(asked.answer.group == said->group);
  CHECK(asked.answer.scheme == said->signature_scheme);
  CHECK(asked.answer.alpn == said->alpn);
  REQUIRE_FALSE(asked.answer.chain.empty());
  CHECK(asked.answer.chain.front() == said->leaf);
}

}  // namespace

TEST_CASE("every version that a stack speaks is read to the end of the server's flight") {
  for (const auto* stack : tls::stacks()) {
    for (const auto version : stack->can().versions) {
      if (version == wire::ssl3) continue;
      for (const std::size_t piece : {0, 1, 7}) {
        CAPTURE(stack->name());
        CAPTURE(version);
        auto settings = server_with();
        settings.min_version = std::max<std::uint16_t>(stack->can().versions.back(), wire::tls1_0);
        const auto asked = ask(question(version), *stack, settings, piece);
        check_same(asked);
        CHECK(asked.answer.version == version);
        CHECK(asked.answer.flight);
        CHECK(asked.client->phase() == tls::Phase::closed);
        CHECK_FALSE(asked.answer.retry);
        CHECK(asked.answer.staple.empty());
        CHECK_FALSE(asked.answer.certificate_asked);
        CHECK(asked.client->handshake().transcript.close_notify(wire::Direction::sent));
        CHECK(asked.server->phase() != tls::Phase::open);
      }
    }
  }
}

TEST_CASE("the server takes our parting for a close_notify, in the clear and sealed") {
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    const auto asked = ask(question(version), tls::openssl(), server_with());
    CHECK(asked.server->handshake().transcript.close_notify(wire::Direction::received));
    const auto& parting = asked.client->handshake().transcript.events.back();
    CHECK(parting.type == wire::alert);
    CHECK(parting.encrypted == (version == wire::tls1_3));
    CHECK(asked.parting.front() == (version == wire::tls1_3 ? wire::application_data : wire::alert));
  }
}

TEST_CASE("a share can be made of every group, and its secret opens the flight") {
  for (const auto group : all_groups) {
    CAPTURE(group);
    auto settings = server_with();
    settings.groups = {group};
    auto asking = question(wire::tls1_3);
    asking.groups = asking.key_shares = {group};
    const auto asked = ask(asking, tls::openssl(), settings);
    check_same(asked);
    CHECK(asked.answer.group == group);
    CHECK(asked.answer.flight);
  }
}

TEST_CASE("every suite of TLS 1.3 is opened") {
  for (const std::uint16_t suite : {0x1301, 0x1302, 0x1303, 0x1304, 0x1305}) {
    CAPTURE(suite);
    auto settings = server_with();
    settings.suites = {suite};
    auto asking = question(wire::tls1_3);
    asking.suites = {suite};
    const auto asked = ask(asking, tls::openssl(), settings);
    check_same(asked);
    CHECK(asked.answer.flight);
    CHECK(asked.server->handshake().transcript.close_notify(wire::Direction::received));
  }
}

TEST_CASE("an unknown group has no share, and a share of nonsense is an error") {
  CHECK_FALSE(tls::key_share(0x0a0a));
  for (const auto group : all_groups) {
    CAPTURE(group);
    const auto share = tls::key_share(group);
    REQUIRE(share);
    CHECK_FALSE((*share)->secret({}));
    CHECK_FALSE((*share)->secret(Bytes(7, 1)));
    CHECK_FALSE((*share)->ours().empty());
  }
}

TEST_CASE("zeros at the front of a finite field's secret are kept") {
  const auto ours = tls::key_share(0x0100).value();
  Bytes theirs = tls::key_share(0x0100).value()->ours();
  for (int i = 0; i < 1000; ++i) {  // one secret of 256 has one
    theirs.back() ^= static_cast<std::uint8_t>(i);
    theirs[theirs.size() - 2] ^= static_cast<std::uint8_t>(i >> 8);
    const auto secret = ours->secret(theirs);
    if (secret) CHECK(secret->size() == 256);
  }
}

TEST_CASE("an empty key_share brings a HelloRetryRequest, which names suite and group") {
  for (const auto until : {Until::hello, Until::flight}) {
    auto asking = question(wire::tls1_3, until);
    asking.key_shares.clear();
    asking.groups = {0x0018};
    const auto asked = ask(asking, tls::openssl(), server_with(), 1);
    CHECK(asked.answer.kind == Kind::accepted);
    CHECK(asked.answer.retry);
    CHECK(asked.answer.group == 0x0018);
    CHECK(wire::is_tls13_suite(asked.answer.suite));
    CHECK(asked.answer.version == wire::tls1_3);
    CHECK_FALSE(asked.answer.flight);
    CHECK(asked.client->phase() == tls::Phase::closed);
    CHECK(asked.server->handshake().transcript.close_notify(wire::Direction::received));
  }
}

TEST_CASE("ChangeCipherSpec in the HelloRetryRequest's segment is read too") {
  auto asking = question(wire::tls1_3, Until::hello);
  asking.key_shares.clear();
  const auto asked = ask(asking, tls::openssl(), server_with());
  const auto& events = asked.client->handshake().transcript.events;
  CHECK(std::ranges::count(events, std::uint8_t{wire::change_cipher_spec}, &wire::Event::type) == 1);
}

TEST_CASE("until the hello: no more is read than the segment holds, and no keys are made") {
  const auto asked = ask(question(wire::tls1_3, Until::hello), tls::openssl(), server_with());
  CHECK(asked.answer.kind == Kind::accepted);
  CHECK(asked.answer.group == 0x001d);
  CHECK(asked.answer.chain.empty());
  CHECK_FALSE(asked.answer.flight);
  const auto old = ask(question(wire::tls1_2, Until::hello), tls::openssl(), server_with());
  CHECK(old.answer.flight);  // all of it came in one segment
  const auto dripped = ask(question(wire::tls1_2, Until::hello), tls::openssl(), server_with(), 1);
  CHECK(dripped.answer.kind == Kind::accepted);
  CHECK_FALSE(dripped.answer.flight);
  CHECK(dripped.answer.chain.empty());
}

TEST_CASE("the scheme by which the server signs is read") {
  struct Signed {
    std::uint16_t scheme;
    policy::Key key;
    bool tls12;
  };
  using policy::Key;
  for (const auto& [scheme, key, tls12] : {Signed{0x0403, Key::ecdsa_p256, true},
                                           {0x0503, Key::ecdsa_p384, true},
                                           {0x0603, Key::ecdsa_p521, true},
                                           {0x0807, Key::ed25519, true},
                                           {0x0808, Key::ed448, true},
                                           {0x0804, Key::rsa, true},
                                           {0x0805, Key::rsa, true},
                                           {0x0806, Key::rsa, true},
                                           {0x0809, Key::rsa_pss, true},
                                           {0x0401, Key::rsa, true},
                                           {0x0501, Key::rsa, true},
                                           {0x0201, Key::rsa, true},
                                           {0x0203, Key::ecdsa_p256, true}}) {
    for (const auto version : {wire::tls1_2, wire::tls1_3}) {
      if (version == wire::tls1_3 && scheme >> 8 < 4) continue;
      if (version == wire::tls1_3 && (scheme == 0x0401 || scheme == 0x0501)) continue;
      CAPTURE(scheme);
      CAPTURE(version);
      auto asking = question(version);
      asking.schemes = {scheme};
      asking.groups = {0x001d, 0x0017, 0x0018, 0x0019};
      const auto asked = ask(asking, tls::openssl(), server_with(key));
      check_same(asked);
      CHECK(asked.answer.scheme == scheme);
    }
  }
}

TEST_CASE("the size of the finite field and RSA key transport are read") {
  auto asking = question(wire::tls1_2);
  asking.suites = {0x009e};
  asking.groups.clear();
  const auto field = ask(asking, tls::openssl(), server_with(policy::Key::rsa));
  CHECK(field.answer.suite == 0x009e);
  CHECK(field.answer.dh_bits >= 1024);
  CHECK(field.answer.scheme != 0);
  asking.suites = {0x002f};
  const auto transport = ask(asking, tls::openssl(), server_with(policy::Key::rsa));
  CHECK(transport.answer.suite == 0x002f);
  CHECK(transport.answer.dh_bits == 0);
  CHECK(transport.answer.flight);
}

TEST_CASE("ALPN is read where each version puts it") {
  auto settings = server_with();
  settings.alpn = {"h2", "http/1.1"};
  for (const auto* stack : tls::stacks()) {
    for (const auto version : {wire::tls1_2, wire::tls1_3}) {
      auto asking = question(version);
      asking.alpn = {"http/1.1"};
      const auto asked = ask(asking, *stack, settings);
      CHECK(asked.answer.alpn == "http/1.1");
      asking.alpn = {"spdy/9"};
      const auto refused = ask(asking, *stack, settings);
      CHECK(refused.answer.alert == wire::no_application_protocol);
    }
  }
}

TEST_CASE("a client's certificate that is asked for, and from whom") {
  auto settings = server_with();
  settings.client_certificate = policy::ClientCertificate::optional;
  settings.trust = {OpensslCase::root().der};
  for (const auto* stack : tls::stacks()) {
    for (const auto version : {wire::tls1_2, wire::tls1_3}) {
      CAPTURE(stack->name());
      CAPTURE(version);
      const auto asked = ask(question(version), *stack, settings);
      CHECK(asked.answer.flight);
      CHECK(asked.answer.certificate_asked);
      CHECK_FALSE(asked.answer.request_schemes.empty());
      if (stack == &tls::openssl()) CHECK(asked.answer.issuers.size() == 1);
    }
  }
}

TEST_CASE("what no server can meet is refused, and the alert is said") {
  for (const auto* stack : tls::stacks()) {
    CAPTURE(stack->name());
    auto settings = server_with();
    settings.min_version = wire::tls1_2;
    auto asking = question(wire::tls1_2);
    asking.suites = {0x000a};
    const auto suite = ask(asking, *stack, settings);
    CHECK(suite.answer.kind == Kind::refused);
    CHECK(suite.answer.alert == wire::handshake_failure);
    CHECK(suite.client->phase() == tls::Phase::failed);
    const auto version = ask(question(wire::tls1_0), *stack, settings);
    CHECK(version.answer.kind == Kind::refused);
    CHECK(version.answer.alert == wire::protocol_version);
    settings.strict_sni = true;
    asking = question(wire::tls1_3);
    asking.sni = "other.test";
    const auto name = ask(asking, *stack, settings);
    CHECK(name.answer.alert == wire::unrecognized_name);
  }
}

TEST_CASE("manners of TLS 1.2 are read") {
  const auto asked = ask(question(wire::tls1_2), tls::openssl(), server_with());
  CHECK(asked.answer.secure_renegotiation);
  CHECK(asked.answer.extended_master_secret);
  CHECK(asked.answer.ticket);
  CHECK_FALSE(asked.answer.encrypt_then_mac);  // an AEAD needs none
  CHECK_FALSE(asked.answer.compressed);
  auto asking = question(wire::tls1_2);
  asking.suites = {0xc009};
  CHECK(ask(asking, tls::openssl(), server_with()).answer.encrypt_then_mac);
  asking.is_bare = true;
  const auto bare = ask(asking, tls::openssl(), server_with());
  CHECK(bare.answer.secure_renegotiation);  // asked for by the suite
  CHECK_FALSE(bare.answer.extended_master_secret);
  CHECK_FALSE(bare.answer.ticket);
}

TEST_CASE("GREASE, padding, deflate and many extensions are borne by both stacks") {
  for (const auto* stack : tls::stacks()) {
    for (const auto version : {wire::tls1_2, wire::tls1_3}) {
      auto asking = question(version);
      asking.grease = asking.deflate = version == wire::tls1_2;
      asking.grease = true;
      asking.padded_to = 1600;
      asking.alpn = {"http/1.1"};
      const auto asked = ask(asking, *stack, server_with());
      CAPTURE(stack->name());
      CHECK(asked.answer.kind == Kind::accepted);
      CHECK(asked.answer.flight);
    }
  }
}
