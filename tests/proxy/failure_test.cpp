// What the client gets, and the log says, when the origin leg or the client fails.
#include <unistd.h>

#include "tests/proxy/support.hpp"

using namespace bothends;
using namespace bothends::proxy::test;
using How = policy::Ending::How;

TEST_CASE("requests that are none, and those that nobody serves") {
  Chain chain;
  CHECK(chain.ask("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(chain.ask("GET / HTTP/1.1\r\nHost: shop.test\r\nHost: shop.test\r\n\r\n") == 400);
  CHECK(chain.ask("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
  CHECK(chain.ask("GET / HTTP/1.1\r\nHost : shop.test\r\n\r\n") == 400);
  CHECK(chain.ask("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        400);
  CHECK(chain.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n") == 421);
  CHECK(chain.ask("GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n") == 501);
  CHECK(chain.ask("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n") == 501);
  CHECK(chain.ask("GET / HTTP/1.1\r\nHost: shop.test\r\nExpect: miracles\r\n\r\n") == 417);
  CHECK(chain.origin.visits.empty());
  CHECK(chain.clients.front().bodies[0] == "400 bad request: one Host is needed\n");
}

TEST_CASE("the origin's certificate is refused") {
  struct Case {
    certs::Kind kind;
    const char* name;
    const char* defect;
  };
  for (const std::string stack : {"openssl", "mbedtls"})
    for (const auto& [kind, name, defect] :
         {Case{certs::Kind::expired, "shop.test", "expired"}, Case{certs::Kind::unknown_ca, "shop.test", "unknown"},
          Case{certs::Kind::good, "other.test", "name"}}) {
      CAPTURE(stack);
      CAPTURE(defect);
      Chain chain("openssl", server_for(name, kind));
      chain.setup.routes[0].leg.stack = stack;
      CHECK(chain.ask(get()) == 502);
      CHECK(chain.clients.front().bodies[0] == "502 origin TLS failed\n");
      CHECK(chain.logged("alert-sent"));
      CHECK(chain.logged(defect));
      chain.until([&] { return chain.origin.live() == 0; });
      CHECK(chain.origin.visits.front().ending->how == How::alert_received);
      CHECK(chain.origin.requests.empty());

      chain.setup.routes[0].leg.settings.verify = policy::Verify::none;
      chain.start();
      CHECK(chain.ask(get()) == 200);
    }
}

TEST_CASE("the origin wants a certificate and refuses after our handshake was finished") {
  for (const std::string stack : {"openssl", "mbedtls"}) {
    CAPTURE(stack);
    auto settings = server_for("shop.test");
    settings.client_certificate = policy::ClientCertificate::required;
    settings.trust = {mint().root()};
    Chain chain("openssl", settings);
    chain.setup.routes[0].leg.stack = stack;
    CHECK(chain.ask(get()) == 502);
    CHECK(chain.logged("alert-received certificate_required (116)"));

    chain.setup.routes[0].leg.settings.certificate = certificate("proxy.test", certs::Kind::client);
    chain.start();
    CHECK(chain.ask(get()) == 200);
  }
}

TEST_CASE("no common version") {
  auto settings = server_for("shop.test");
  settings.max_version = wire::tls1_2;
  Chain chain("openssl", settings);
  chain.setup.routes[0].leg.settings.min_version = wire::tls1_3;
  CHECK(chain.ask(get()) == 502);
  CHECK(chain.logged("protocol_version (70)"));
}

TEST_CASE("the origin is not there") {
  Chain chain;
  const auto port = net::ReservedPort::reserve();
  chain.setup.routes[0].leg.port = port->port();
  chain.setup.statuses.connect = 599;
  CHECK(chain.ask(get()) == 599);
  CHECK(chain.clients.front().bodies[0] == "599 origin not reached\n");
  CHECK(chain.logged("connection-refused"));
}

TEST_CASE("the origin does not answer: neither to the ClientHello nor to the request") {
  Chain chain;
  chain.setup.origin_timeout = milliseconds{60};
  SUBCASE("to the ClientHello") {
    const net::test::RawServer silent;
    chain.setup.routes[0].leg.port = silent.at().port;
    CHECK(chain.ask(get()) == 504);
  }
  SUBCASE("to the request") {
    chain.origin.answer = [](Origin::Visit&, const http::Request&) {};
    Client& client = chain.client(get());
    chain.until([&] { return client.answers.size() == 1; });
    CHECK(client.answers[0].status == 504);
    client.send("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n");
    chain.until([&] { return client.answers.size() == 2; });
  }
  SUBCASE("in the middle of its answer") {
    chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
      visit.connection->write(view_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
    };
    Client& client = chain.client(get());
    chain.until([&] { return client.ending.has_value(); });
    CHECK(client.cut_off);
  }
  CHECK(chain.logged("no answer in time"));
}

TEST_CASE("the origin speaks something else") {
  Chain chain;
  SUBCASE("no TLS") {
    Chain clear("plain");
    clear.setup.routes[0].leg.tls = true;
    clear.origin.came = [](Origin::Visit& visit) {
      visit.connection->take_plain();
      visit.connection->write(view_of("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    };
    CHECK(clear.ask(get()) == 502);
    CHECK(clear.logged("foreign"));
  }
  SUBCASE("no HTTP") {
    chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
      visit.connection->write(view_of("SSH-2.0-OpenSSH_9.2\r\n"));
    };
    CHECK(chain.ask(get()) == 502);
    CHECK(chain.logged("malformed response"));
  }
  SUBCASE("another protocol, unasked") {
    chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
      visit.connection->write(view_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"));
    };
    CHECK(chain.ask(get()) == 502);
  }
  SUBCASE("HTTP/2, which was offered to it") {
    auto settings = server_for("shop.test");
    settings.alpn = {"h2", "http/1.1"};
    Chain h2("openssl", settings);
    h2.setup.routes[0].leg.settings.alpn = {"h2"};
    CHECK(h2.ask(get()) == 502);
    CHECK(h2.logged("it chose 'h2'"));
    h2.setup.routes[0].leg.settings.alpn = {"http/1.1"};
    h2.start();
    CHECK(h2.ask(get()) == 200);
  }
}

TEST_CASE("the origin goes before it has answered") {
  for (const bool in_order : {true, false}) {
    Chain chain;
    chain.origin.answer = [&](Origin::Visit& visit, const http::Request&) {
      in_order ? visit.connection->close() : visit.connection->reset();
    };
    CHECK(chain.ask(get()) == 502);
    CHECK(chain.clients.front().bodies[0] == "502 origin ended without an answer\n");
  }
}

TEST_CASE("an answer that is cut off never ends well") {
  for (const char* head : {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"})
    for (const std::string end : {"closed", "reset", "nonsense"})
      for (const std::string version : {"1.1", "1.0"}) {
        if (end == "nonsense" && std::string_view(head).find("Length") != std::string_view::npos) continue;
        CAPTURE(std::string(head));
        CAPTURE(end);
        CAPTURE(version);
        Chain chain;
        chain.origin.answer = [&](Origin::Visit& visit, const http::Request&) {
          visit.connection->write(view_of(head));
        };
        Client& client = chain.client("GET / HTTP/" + version + "\r\nHost: shop.test\r\n\r\n");
        chain.until([&] { return client.body_octets == 4 || client.ending; });
        auto& origin = *chain.origin.visits.front().connection;
        if (end == "closed") origin.close();
        if (end == "reset") origin.reset();
        if (end == "nonsense") origin.write(view_of("nonsense\r\n"));
        chain.until([&] { return client.ending.has_value(); });
        CHECK(client.cut_off);
        CHECK(client.answers.empty());
        CHECK(client.body_octets == 4);
      }
}

TEST_CASE("over TLS a body that lasts until the end is not whole without close_notify") {
  Chain chain;
  chain.origin.farewell = false;
  chain.origin.answer = [](Origin::Visit& visit, const http::Request&) {
    visit.connection->write(view_of("HTTP/1.0 200 OK\r\n\r\nhalf"));
  };
  Client& client = chain.client(get());
  chain.until([&] { return client.body_octets == 4; });
  chain.origin.visits.front().connection->close();
  chain.until([&] { return client.ending.has_value(); });
  CHECK(client.cut_off);
}

TEST_CASE("when the client goes, its origin connection goes") {
  for (const bool in_order : {true, false}) {
    Chain chain;
    chain.origin.answer = [](Origin::Visit&, const http::Request&) {};
    Client& client = chain.client(get());
    chain.until([&] { return chain.origin.requests.size() == 1; });
    in_order ? client.connection->close() : client.connection->reset();
    chain.until([&] { return chain.origin.live() == 0 && chain.proxy->connections() == 0; });
  }
}

TEST_CASE("a request body that turns out malformed") {
  Chain chain;
  Client& client =
      chain.client("POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  chain.until([&] { return chain.origin.visits.size() == 1 && chain.origin.visits.front().body == "half"; });
  client.send("nonsense\r\n");
  chain.until([&] { return client.ending.has_value(); });
  CHECK(client.answers.at(0).status == 400);
  CHECK(chain.origin.requests.empty());
}

TEST_CASE("an answer before the request is complete ends the connection after it") {
  Chain chain;
  chain.origin.came = [](Origin::Visit& visit) {
    visit.connection->take_plain();
    send(visit, {413, "", 1, {}, "too much", false});
    visit.connection->close();
  };
  Client& client = chain.client("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 99\r\n\r\nfirst");
  chain.until([&] { return client.ending.has_value(); });
  CHECK(client.answers.at(0).status == 413);
  CHECK(client.ending->how == How::closed);
}

TEST_CASE("a client that fails its handshake is a line in the log, and the next one is served") {
  Chain chain;
  chain.start();
  const int raw = net::test::raw_connect(chain.proxy->port());
  net::test::raw_send(raw, "GET / HTTP/1.1\r\n\r\n");
  chain.until([&] { return chain.proxy->logged() > 0; });
  CHECK(chain.logged("foreign"));
  ::close(raw);
  CHECK(chain.ask(get()) == 200);
}

TEST_CASE("the log keeps its last thousand lines and counts the others") {
  Chain chain;
  chain.setup.routes.clear();
  std::string all;
  for (int i = 0; i < 1500; ++i) all += get();
  Client& client = chain.client(all);
  chain.until([&] { return client.answers.size() == 1500; });
  CHECK(chain.proxy->logged() == 1500);
  CHECK(chain.proxy->log_since(0).size() == 1000);
  CHECK(chain.proxy->log_since(1499).size() == 1);
  CHECK(chain.proxy->log_since(1500).empty());
  CHECK(chain.proxy->log_since(9999).empty());
}

TEST_CASE("setups that cannot work are errors") {
  net::Loop loop;
  proxy::Setup setup;
  setup.front = server_for("shop.test");
  const auto fails = [&](const proxy::Setup& broken) { return !proxy::Proxy::start(loop, {"127.0.0.1", 0}, broken); };
  CHECK_FALSE(fails(setup));
  auto broken = setup;
  broken.front_stack = "nonesuch";
  CHECK(fails(broken));
  broken = setup;
  broken.front.alpn = {"h2"};
  CHECK(fails(broken));
  broken = setup;
  broken.routes.resize(1);
  broken.routes[0].leg.stack = "nonesuch";
  CHECK(fails(broken));
  CHECK_FALSE(proxy::Proxy::start(loop, {"not an address", 0}, setup));
}

TEST_CASE("a proxy may go at any moment") {
  for (int turns = 0; turns < 60; turns += 3) {
    Chain chain;
    chain.setup.pool = turns % 2 == 0;
    Client& client = chain.client(get() + get());
    for (int i = 0; i < turns; ++i) chain.loop.turn();
    chain.proxy.reset();
    chain.until([&] { return client.ending && chain.origin.live() == 0; });
  }
}

TEST_CASE("whatever clients send, the proxy answers or closes, and lives on") {
  Chain chain;
  chain.setup.front_stack = "plain";
  chain.start();
  const std::string seed =
      "POST /a HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n" + get() +
      "HEAD / HTTP/1.0\r\nHost: shop.test\r\n\r\n";
  std::uint32_t state = 99;
  const auto random = [&](std::size_t below) {
    state = state * 1664525 + 1013904223;
    return static_cast<std::size_t>(state >> 8) % below;
  };
  chain.origin.answer = [](Origin::Visit& visit, const http::Request&) { send(visit, {200, "", 1, {}, "ok", false}); };
  for (int round = 0; round < 300; ++round) {
    std::string mutant = seed;
    for (std::size_t changes = 1 + random(4); changes > 0; --changes) {
      const std::size_t at = random(mutant.size());
      if (random(2))
        mutant[at] = static_cast<char>(random(256));
      else
        mutant.erase(at, 1 + random(8));
    }
    Client client(chain.loop, chain.proxy->port(), mutant, "", "plain");
    client.reads = false;
    chain.until([&] { return client.connection->opened(); });
    client.connection->close(milliseconds{50});
    chain.until([&] { return client.ending.has_value(); });
  }
  chain.until([&] { return chain.proxy->connections() == 0; });
  Client& last = chain.client(get(), "", "plain");
  chain.until([&] { return last.answers.size() == 1; });
}
