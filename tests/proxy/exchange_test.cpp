// What goes through when all is well.
#include <fmt/format.h>

#include <algorithm>

#include "tests/proxy/support.hpp"

using namespace bothends;
using namespace bothends::proxy::test;
using How = policy::Ending::How;

TEST_CASE("each leg on either stack, and clear text to the origin") {
  for (const std::string front : {"openssl", "mbedtls"})
    for (const std::string back : {"openssl", "mbedtls", "plain"}) {
      CAPTURE(front);
      CAPTURE(back);
      Chain chain(back == "openssl" ? "mbedtls" : back == "mbedtls" ? "openssl" : "plain");
      chain.setup.front_stack = front;
      chain.setup.routes[0].leg.stack = back;
      chain.start();
      Client& client = chain.client(get("/a?b"), "shop.test", front == "openssl" ? "mbedtls" : "openssl");
      chain.until([&] { return client.answers.size() == 1; });
      CHECK(client.answers[0].status == 200);
      CHECK(client.bodies[0] == "GET /a?b ");
      const auto& seen = chain.origin.requests.at(0);
      CHECK(seen.host() == "shop.test");
      CHECK(http::find(seen.fields, "x-forwarded-for") == "127.0.0.1");
      CHECK(http::find(seen.fields, "x-forwarded-proto") == "https");
      if (back == "plain") continue;
      const auto& transcript = chain.origin.visits.front().connection->handshake().transcript;
      CHECK(transcript.client_hello()->sni() == "shop.test");
    }
}

TEST_CASE("a client's connection serves many requests, each over an origin connection of its own") {
  Chain chain;
  Client& client = chain.client();
  for (std::size_t i = 1; i <= 3; ++i) {
    client.send(get(fmt::format("/{}", i)));
    chain.until([&] { return client.answers.size() == i; });
  }
  CHECK(client.bodies[2] == "GET /3 ");
  CHECK(chain.origin.visits.size() == 3);
  CHECK_FALSE(client.ending);
  chain.until([&] { return chain.origin.live() == 0; });
  for (const auto& visit : chain.origin.visits) CHECK(visit.ending->how == How::closed);
}

TEST_CASE("with a pool, origin connections serve again, and one that has died meanwhile is replaced") {
  Chain chain;
  chain.setup.pool = true;
  for (int i = 0; i < 3; ++i) CHECK(chain.ask(get()) == 200);
  CHECK(chain.origin.visits.size() == 1);
  CHECK_FALSE(http::find(chain.origin.requests[0].fields, "connection"));
  SUBCASE("closed while it was idle") {
    chain.origin.visits.front().connection->close();
    chain.until([&] { return chain.origin.live() == 0; });
    CHECK(chain.ask(get()) == 200);
  }
  SUBCASE("closed instead of an answer") {
    const auto usual = chain.origin.answer;
    chain.origin.answer = [&](Origin::Visit& visit, const http::Request& request) {
      if (&visit == &chain.origin.visits.front()) return visit.connection->close();
      usual(visit, request);
    };
    CHECK(chain.ask(get()) == 200);
  }
  CHECK(chain.origin.visits.size() == 2);
}

TEST_CASE("requests that are sent at once are answered in order") {
  Chain chain;
  std::string all;
  for (int i = 0; i < 20; ++i) all += i % 3 ? get(fmt::format("/{}", i)) : "GET /x HTTP/1.1\r\nHost: no.test\r\n\r\n";
  Client& client = chain.client(all);
  chain.until([&] { return client.answers.size() == 20; });
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(client.answers[i].status == (i % 3 ? 200 : 421));
    if (i % 3) CHECK(client.bodies[i] == fmt::format("GET /{} ", i));
  }
}

TEST_CASE("fields of one connection stay on it") {
  Chain chain;
  chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
    send(visit, {200,
                 "Fine",
                 1,
                 {{"Connection", "X-Secret"}, {"X-Secret", "1"}, {"Keep-Alive", "9"}, {"X-Open", "2"}},
                 "",
                 false});
  };
  Client& client = chain.client(
      "GET / HTTP/1.1\r\nHost: shop.test:8443\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n"
      "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: gopher\r\n\r\n");
  chain.until([&] { return client.answers.size() == 1; });
  const auto& seen = chain.origin.requests[0].fields;
  CHECK_FALSE(http::find(seen, "x-mine"));
  CHECK_FALSE(http::find(seen, "te"));
  CHECK(http::find(seen, "host") == "shop.test:8443");
  CHECK(http::find(seen, "x-forwarded-for") == "10.0.0.1, 127.0.0.1");
  CHECK(http::find(seen, "x-forwarded-proto") == "https");
  CHECK(client.answers[0].fields == http::Fields{{"X-Open", "2"}, {"Content-Length", "0"}});
  CHECK(client.answers[0].reason == "Fine");
}

TEST_CASE("the target's own authority counts more than Host") {
  Chain chain;
  CHECK(chain.ask("GET http://shop.test/p?q HTTP/1.1\r\nHost: other.test\r\n\r\n") == 200);
  CHECK(chain.origin.requests[0].target == "/p?q");
  CHECK(chain.origin.requests[0].host() == "shop.test");
}

TEST_CASE("answers without a body: HEAD, 204, 304") {
  Chain chain;
  Client& client = chain.client();
  client.responses.expect_no_body();
  client.send("HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  chain.until([&] { return client.answers.size() == 1; });
  CHECK(http::find(client.answers[0].fields, "content-length") == "1234");
  for (const unsigned status : {204U, 304U}) {
    chain.origin.answer = [&](Origin::Visit& visit, const http::Request&) {
      send(visit, {status, "", 1, {}, "", false});
    };
    client.send(get());
    chain.until([&] { return client.answers.back().status == status; });
  }
  CHECK_FALSE(client.ending);
}

TEST_CASE("an expectation is met by the origin, and its 100 comes through first") {
  Chain chain;
  bool asked = false;
  chain.origin.came = [&](Origin::Visit& visit) {
    visit.requests.feed(visit.connection->take_plain());
    visit.body += text_of(visit.requests.take_body());
    if (!std::exchange(asked, true)) visit.connection->write(view_of("HTTP/1.1 100 Continue\r\n\r\n"));
    if (visit.requests.state() == http::Reader::State::done) send(visit, {200, "", 1, {}, visit.body, false});
  };
  Client& client =
      chain.client("PUT / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  chain.until([&] { return client.answers.size() == 1; });
  CHECK(client.answers[0].status == 100);
  client.send("body");
  chain.until([&] { return client.answers.size() == 2; });
  CHECK(client.bodies[1] == "body");
}

TEST_CASE("clients of HTTP/1.0 get neither chunks nor 1xx, and an end they can see") {
  Chain chain;
  chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
    visit.connection->write(view_of("HTTP/1.1 103 Early Hints\r\n\r\n"));
    send(visit, {200, "", 1, {{"Transfer-Encoding", "chunked"}}, "in chunks", false});
  };
  Client& client = chain.client("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  chain.until([&] { return client.ending.has_value(); });
  REQUIRE(client.answers.size() == 1);
  CHECK(client.bodies[0] == "in chunks");
  CHECK_FALSE(http::find(client.answers[0].fields, "transfer-encoding"));
  CHECK(chain.origin.requests[0].minor_version == 1);

  chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
    send(visit, {200, "", 1, {}, "sized", false});
  };
  Client& kept = chain.client("GET / HTTP/1.0\r\nConnection: keep-alive\r\nHost: shop.test\r\n\r\n");
  chain.until([&] { return kept.answers.size() == 1; });
  CHECK(http::find(kept.answers[0].fields, "connection") == "keep-alive");
}

TEST_CASE("a body that lasts until the origin's end comes in chunks") {
  for (const std::string back : {"openssl", "plain"}) {
    Chain chain(back);
    chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
      visit.connection->write(view_of("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
      visit.connection->close();
    };
    Client& client = chain.client(get());
    chain.until([&] { return client.answers.size() == 1; });
    CHECK(client.bodies[0] == "until the end");
    CHECK(http::find(client.answers[0].fields, "transfer-encoding") == "chunked");
    client.send(get());
    chain.until([&] { return client.answers.size() == 2; });
  }
}

TEST_CASE("clients who want to leave are let go") {
  Chain chain;
  for (const bool proxy_keeps : {true, false}) {
    chain.setup.keep_alive = proxy_keeps;
    chain.start();
    Client& client =
        chain.client(proxy_keeps ? "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n" : get());
    chain.until([&] { return client.ending.has_value(); });
    CHECK(client.ending->how == How::closed);
    CHECK(http::find(client.answers.at(0).fields, "connection") == "close");
  }
}

TEST_CASE("what the origin sees: no SNI, a fixed one, another name to verify") {
  Chain chain("openssl", server_for("inner.test"));
  auto& leg = chain.setup.routes[0].leg;
  leg.verify_name = {proxy::NameSource::From::fixed, "inner.test"};
  std::optional<std::string> expected;
  SUBCASE("none") { leg.sni = {}; }
  SUBCASE("fixed") {
    leg.sni = {proxy::NameSource::From::fixed, "inner.test"};
    leg.verify_name = {};
    expected = "inner.test";
  }
  SUBCASE("the client's") { expected = "shop.test"; }
  CHECK(chain.ask(get()) == 200);
  CHECK(chain.origin.visits.front().connection->handshake().transcript.client_hello()->sni() == expected);
  CHECK(chain.origin.requests[0].host() == "shop.test");
}

TEST_CASE("without a Host the SNI routes") {
  Chain chain;
  CHECK(chain.ask("GET / HTTP/1.0\r\n\r\n") == 200);
  Client& other = chain.client("GET / HTTP/1.0\r\n\r\n", "other.test");
  chain.until([&] { return other.answers.size() == 1; });
  CHECK(other.answers[0].status == 421);
}

TEST_CASE("many clients at once") {
  Chain chain;
  chain.start();
  constexpr int many = 100;
  for (int i = 0; i < many; ++i) chain.clients.emplace_back(chain.loop, chain.proxy->port(), get());
  chain.until([&] {
    return std::all_of(chain.clients.begin(), chain.clients.end(),
                       [](const Client& c) { return c.answers.size() == 1; });
  });
  CHECK(chain.origin.visits.size() == many);
  for (Client& client : chain.clients) client.connection->close();
  chain.until([&] { return chain.proxy->connections() == 0; });
}
