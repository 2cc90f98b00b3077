#include "tests/tls/openssl_case.hpp"

using namespace bothends;
using namespace bothends::test;

namespace {

/// Contexts that live on between connections, as resumption needs.
struct Shop : OpensslCase {
  std::shared_ptr<const tls::ClientContext> from;
  std::shared_ptr<const tls::ServerContext> to;

  Shop(std::uint16_t version, bool server_tickets) {
    client.max_version = version;
    client.alpn = server.alpn = {"h2"};
    server.tickets = server_tickets;
    strict();
    from = tls::openssl().client(client).value();
    to = tls::openssl().server(server).value();
  }
  Pair again(std::shared_ptr<const tls::Session> session) {
    peer.session = std::move(session);
    auto pair = test::connect(*from, *to, peer);
    pair.run();
    REQUIRE(pair.open());
    return pair;
  }
};

}  // namespace

TEST_CASE("sessions are resumed: tickets and session ids of TLS 1.2, tickets of TLS 1.3") {
  struct Way {
    std::uint16_t version;
    bool tickets;
  };
  for (const auto& way :
       {Way{wire::tls1_0, true}, Way{wire::tls1_2, true}, Way{wire::tls1_2, false}, Way{wire::tls1_3, true}}) {
    CAPTURE(way.version);
    CAPTURE(way.tickets);
    Shop shop(way.version, way.tickets);
    shop.client.min_version = way.version;
    shop.server.min_version = way.version;
    shop.from = tls::openssl().client(shop.client).value();
    shop.to = tls::openssl().server(shop.server).value();
    std::shared_ptr<const tls::Session> session;
    {
      auto first = shop.again(nullptr);
      CHECK_FALSE(agreement(*first.client).resumed);
      session = first.client->session();
      REQUIRE(session);
    }  // without a farewell: that must not spoil the session
    for (int i = 0; i < 3; ++i) {
      auto next = shop.again(session);
      CHECK(agreement(*next.client).resumed);
      CHECK(agreement(*next.server).resumed);
      CHECK(agreement(*next.client).alpn == "h2");
      CHECK(next.say_to_server("hello") == "hello");
      session = next.client->session();
      REQUIRE(session);
    }
  }
}

TEST_CASE("a TLS 1.3 server told to give no tickets gives none") {
  Shop shop(wire::tls1_3, false);
  auto pair = shop.again(nullptr);
  CHECK_FALSE(pair.client->session());
  CHECK(pair.client->handshake().transcript.message(wire::new_session_ticket) == nullptr);
}

TEST_CASE("one session serves several connections at once, and a failed one does not spoil it") {
  Shop shop(wire::tls1_2, true);
  const auto session = shop.again(nullptr).client->session();
  shop.peer.session = session;
  auto broken = test::connect(*shop.from, *shop.to, shop.peer);
  broken.client->step({}, broken.to_server);
  broken.client->step(view_of("\x15\x03\x03\x00\x02\x02\x28 but no more"), broken.to_server);
  auto a = shop.again(session);
  auto b = shop.again(session);
  CHECK(agreement(*a.client).resumed);
  CHECK(agreement(*b.client).resumed);
}

TEST_CASE("another server knows nothing of the session and shakes hands in full") {
  Shop shop(wire::tls1_3, true);
  const auto session = shop.again(nullptr).client->session();
  shop.to = tls::openssl().server(shop.server).value();
  auto pair = shop.again(session);
  CHECK_FALSE(agreement(*pair.client).resumed);
}

TEST_CASE("a session of another stack is an error") {
  struct Strange : tls::Session {};
  OpensslCase a;
  a.peer.session = std::make_shared<Strange>();
  CHECK_FALSE(tls::openssl().client(a.client).value()->connect(a.peer));
}
