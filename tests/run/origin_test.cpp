// The recording origin, met over raw sockets and, where TLS matters, by our own client.
#include "run/origin.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.hpp"
#include "run/client.hpp"
#include "run/fault.hpp"
#include "tests/run/run_support.hpp"
#include "tls/stacks.hpp"

namespace bothends::run::test {

namespace {

using Speaks = OriginSpec::Speaks;
using net::test::raw_connect;
using net::test::raw_send;

std::string get(const std::string& target, const std::string& host = "shop.test") {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

OriginSpec speaking(Speaks speaks) {
  OriginSpec spec;
  spec.name = "shop";
  spec.speaks = speaks;
  return spec;
}

/// An origin of TLS with a fault of the catalogue.
OriginSpec faulty(std::string_view name) {
  OriginSpec spec = speaking(Speaks::tls);
  const auto fault = fault_named(path::Leg::origin, name);
  REQUIRE_MESSAGE(fault, fault.error().message());
  spec.conduct = fault->conduct;
  return spec;
}

tls::ServerSettings with_certificate() {
  tls::ServerSettings settings;
  settings.certificates = {*mint().make({.name = "shop", .names = {"shop.test"}})};
  return settings;
}

/// A socket of ours on the other side.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : fd_(raw_connect(port)) {}
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;
  void send(std::string_view text) const { raw_send(fd_, text); }
  /// What is there now.
  std::string read() const {
    std::string all;
    char buffer[65536];
    for (ssize_t got = 0; (got = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }
  /// FIN (or RST) has come, after what was read.
  bool over() const {
    char octet = 0;
    const ssize_t got = ::recv(fd_, &octet, 1, MSG_DONTWAIT | MSG_PEEK);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
  void finish() const { ::shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
};

struct Bench {
  explicit Bench(const OriginSpec& spec, tls::ServerSettings settings = {}) {
    auto started = Origin::start(loop, spec, settings);
    REQUIRE_MESSAGE(started, started.error().message());
    origin = std::move(*started);
    origin->begin_try(loop.now());
  }
  explicit Bench(Speaks speaks) : Bench(speaking(speaks)) {}

  void until(const std::function<bool()>& done) { turn_until(loop, done); }
  /// Reads until so many octets of an answer have come.
  std::string answer(const Peer& peer, std::string_view ending) {
    std::string all;
    until([&] { return all += peer.read(), all.ends_with(ending) || peer.over(); });
    return all;
  }
  /// What take() tells, one connection expected.
  path::Observation only() {
    auto seen = origin->take();
    REQUIRE(seen.size() == 1);
    return std::move(seen.front());
  }

  net::Loop loop;
  std::unique_ptr<Origin> origin;
};

std::vector<std::string> targets(const path::Observation& seen) {
  std::vector<std::string> all;
  for (const auto& exchange : seen.exchanges) all.push_back(exchange.request ? exchange.request->target : "none");
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an origin that speaks HTTP answers, and keeps both sides' first octets as evidence") {
  Bench bench(Speaks::http);
  const Peer peer(bench.origin->port());
  peer.send(get("/a"));
  CHECK(bench.answer(peer, "hello\n") == "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
  const auto seen = bench.only();
  CHECK(seen.name == "shop");
  CHECK_FALSE(seen.tls);
  CHECK(text_of(seen.handshake.transcript.foreign) == get("/a"));
  CHECK(text_of(seen.spoke).starts_with("HTTP/1.1 200 OK"));
  CHECK(targets(seen) == Names{"/a"});
  CHECK(seen.exchanges.front().complete);
  CHECK(seen.ending.how == policy::Ending::How::open);
  CHECK(seen.ending.stage == policy::Stage::done);
}

TEST_CASE("evidence is cut at 64 octets") {
  Bench bench(faulty("hello-blackhole"), with_certificate());
  const Peer peer(bench.origin->port());
  peer.send(std::string(40, 'a'));
  bench.loop.turn();
  peer.send(std::string(40, 'b'));
  for (int i = 0; i < 5; ++i) bench.loop.turn();
  CHECK(text_of(bench.only().handshake.transcript.foreign) == std::string(40, 'a') + std::string(24, 'b'));
}

TEST_CASE("an origin that says nothing is never quiet, and taking it resets the connection") {
  Bench bench(faulty("hello-blackhole"), with_certificate());
  const Peer peer(bench.origin->port());
  bench.until([&] { return !bench.origin->quiet(); });
  peer.send(get("/"));
  for (int i = 0; i < 5; ++i) bench.loop.turn();
  CHECK(peer.read().empty());
  const auto seen = bench.only();
  CHECK(seen.ending.how == policy::Ending::How::open);
  CHECK(seen.exchanges.empty());
  CHECK(bench.origin->quiet());
  bench.until([&] { return peer.over(); });
  CHECK(bench.origin->take().empty());
}

TEST_CASE("a request that is heard and not answered") {
  OriginSpec spec = speaking(Speaks::http);
  SUBCASE("silence") {
    spec.conduct.after_request = tls::Fault::Then::silence;
    Bench bench(spec);
    const Peer peer(bench.origin->port());
    peer.send(get("/a") + get("/b"));
    for (int i = 0; i < 5; ++i) bench.loop.turn();
    CHECK(peer.read().empty());
    CHECK_FALSE(bench.origin->quiet());
    const auto seen = bench.only();
    CHECK(seen.handshake.fell_silent);
    CHECK(targets(seen) == Names{"/a"});
    CHECK_FALSE(seen.exchanges.front().complete);
  }
  SUBCASE("the end") {
    SUBCASE("FIN") { spec.conduct.after_request = tls::Fault::Then::fin; }
    SUBCASE("RST") { spec.conduct.after_request = tls::Fault::Then::reset; }
    Bench bench(spec);
    const Peer peer(bench.origin->port());
    peer.send(get("/a"));
    bench.until([&] { return peer.over(); });
    peer.finish();
    bench.until([&] { return bench.origin->quiet(); });
    const auto seen = bench.only();
    CHECK(seen.ending.how == policy::Ending::How::broke_off);
    CHECK(targets(seen) == Names{"/a"});
  }
}

TEST_CASE("a deaf origin neither accepts nor refuses") {
  Bench bench(faulty("connect-blackhole"));
  std::optional<policy::Ending> ending;
  auto connection = net::Connection::connect(bench.loop, {"127.0.0.1", bench.origin->port()}, net::test::pass(),
                                             {.handshake = net::milliseconds{80}},
                                             {.ended = [&](const policy::Ending& how) { ending = how; }});
  bench.until([&] { return ending.has_value(); });
  CHECK(ending->how == policy::Ending::How::timed_out);
  CHECK(bench.origin->take().empty());
}

TEST_CASE("origins that speak no protocol say so at once") {
  SUBCASE("garbage") {
    Bench bench(faulty("garbage"), with_certificate());
    const Peer peer(bench.origin->port());
    const std::string came = bench.answer(peer, "\r\n\r\n");
    CHECK(came.starts_with("\x13\x37\xff"));
    CHECK(text_of(bench.only().spoke) == came);
  }
  SUBCASE("half a record") {
    Bench bench(faulty("server-hello-blackhole"), with_certificate());
    const Peer peer(bench.origin->port());
    peer.send("no TLS");
    const std::string record("\x16\x03\x03\x00\x40\x02\x00", 7);
    CHECK(bench.answer(peer, record) == record);
    CHECK_FALSE(peer.over());
    CHECK(bench.only().handshake.fell_silent);
  }
  SUBCASE("the end") {
    Bench bench(faulty("connect-fin"), with_certificate());
    const Peer peer(bench.origin->port());
    bench.until([&] { return peer.over(); });
    peer.finish();
    bench.until([&] { return bench.origin->quiet(); });
    const auto seen = bench.only();
    CHECK(seen.spoke.empty());
    CHECK(seen.ending.how == policy::Ending::How::broke_off);
  }
}

TEST_CASE("nobody listens where the origin refuses, and nobody else gets the port") {
  Bench bench(faulty("refuse"));
  std::optional<policy::Ending> ending;
  auto connection = net::Connection::connect(bench.loop, {"127.0.0.1", bench.origin->port()}, net::test::pass(), {},
                                             {.ended = [&](const policy::Ending& how) { ending = how; }});
  bench.until([&] { return ending.has_value(); });
  CHECK(ending->how == policy::Ending::How::connection_refused);
  CHECK(bench.origin->quiet());
  CHECK(bench.origin->take().empty());
}

TEST_CASE("requests over one connection belong to the try in which they came") {
  Bench bench(Speaks::http);
  const Peer peer(bench.origin->port());
  peer.send(get("/a1") + get("/a2"));
  bench.answer(peer, "hello\n");
  bench.until([&] { return bench.origin->quiet(); });
  auto seen = bench.only();
  CHECK(targets(seen) == Names{"/a1", "/a2"});
  CHECK_FALSE(seen.reused);

  bench.origin->begin_try(bench.loop.now());
  CHECK(bench.origin->take().empty());  // an idle connection is no news
  peer.send(get("/b"));
  bench.answer(peer, "hello\n");
  seen = bench.only();
  CHECK(targets(seen) == Names{"/b"});
  CHECK(seen.reused);
  CHECK(seen.begun == net::microseconds{0});  // before the try

  const Peer fresh(bench.origin->port());
  fresh.send(get("/c"));
  bench.answer(fresh, "hello\n");
  seen = bench.only();
  CHECK(targets(seen) == Names{"/c"});
  CHECK_FALSE(seen.reused);
}

TEST_CASE("an idle connection that ends between two tries is no news of the second") {
  Bench bench(Speaks::http);
  auto peer = std::make_unique<Peer>(bench.origin->port());
  peer->send(get("/a"));
  bench.answer(*peer, "hello\n");
  bench.only();
  peer.reset();
  for (int i = 0; i < 10; ++i) bench.loop.turn();
  CHECK(bench.origin->take().empty());
}

TEST_CASE("what comes between two tries belongs to none") {
  Bench bench(Speaks::http);
  const Peer stray(bench.origin->port()), asks(bench.origin->port());
  asks.send(get("/late"));
  bench.answer(asks, "hello\n");
  bench.origin->begin_try(bench.loop.now());
  CHECK(bench.origin->take().empty());
  bench.until([&] { return stray.over(); });  // never carried a request: it is reset
  asks.send(get("/next"));
  bench.answer(asks, "hello\n");
  CHECK(targets(bench.only()) == Names{"/next"});
}

TEST_CASE("a request in the middle of its body is told when the try is over, and then reset") {
  Bench bench(Speaks::http);
  const Peer peer(bench.origin->port());
  peer.send("POST /up HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10\r\n\r\nhalf");
  SUBCASE("taken while open") {
    for (int i = 0; i < 10; ++i) bench.loop.turn();
    CHECK_FALSE(bench.origin->quiet());
  }
  SUBCASE("ended by the peer") {
    for (int i = 0; i < 10; ++i) bench.loop.turn();
    peer.finish();
    bench.until([&] { return bench.origin->quiet(); });
  }
  const auto seen = bench.only();
  REQUIRE(targets(seen) == Names{"/up"});
  CHECK(seen.exchanges.front().request->body == "half");
  CHECK_FALSE(seen.exchanges.front().complete);
  CHECK_FALSE(seen.exchanges.front().response);
  CHECK(seen.ending.stage == policy::Stage::request);
}

TEST_CASE("an empty line after a request is not the beginning of another one") {
  Bench bench(Speaks::http);
  const Peer peer(bench.origin->port());
  peer.send(get("/a") + "\r\n");
  bench.answer(peer, "hello\n");
  for (int i = 0; i < 5; ++i) bench.loop.turn();
  CHECK(bench.origin->quiet());
}

TEST_CASE("64 KiB of a request's body are kept, and it is said that there was more") {
  Bench bench(Speaks::http);
  const auto post = [&](std::size_t size) {
    const Peer peer(bench.origin->port());
    peer.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    for (std::size_t sent = 0; sent < size; sent += 8192) {
      peer.send(std::string(std::min<std::size_t>(8192, size - sent), 'x'));
      bench.loop.turn();
    }
    bench.answer(peer, "hello\n");
    return *bench.only().exchanges.front().request;
  };
  const auto fits = post(64 << 10);
  CHECK(fits.body.size() == 64 << 10);
  CHECK_FALSE(fits.truncated);
  const auto more = post((64 << 10) + 1);
  CHECK(more.body.size() == 64 << 10);
  CHECK(more.truncated);
}

TEST_CASE("what is no HTTP/1.1 is answered with 400 and told once") {
  Bench bench(Speaks::http);
  const Peer peer(bench.origin->port());
  peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  CHECK(bench.answer(peer, "\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  peer.send("and more of it\r\n\r\n");
  peer.finish();
  bench.until([&] { return bench.origin->quiet(); });
  const auto seen = bench.only();
  REQUIRE(targets(seen) == Names{"none"});
  CHECK(seen.exchanges.front().response->status == 400);
  CHECK(seen.ending.note.find("not HTTP/1.1") != std::string::npos);
}

TEST_CASE("the answer to HEAD has the head of the answer to GET and nothing more") {
  OriginSpec spec = speaking(Speaks::http);
  SUBCASE("with a length") {}
  SUBCASE("chunked") { spec.headers.push_back({"Transfer-Encoding", "chunked"}); }
  Bench bench(spec);
  const Peer peer(bench.origin->port());
  peer.send("HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n" + get("/"));
  const std::string all = bench.answer(peer, spec.headers.empty() ? "hello\n" : "0\r\n\r\n");
  const auto end = all.find("\r\n\r\n") + 4;
  CHECK(all.substr(end, end) == all.substr(0, end));
}

TEST_CASE("an answer of status 204 has no body") {
  OriginSpec spec = speaking(Speaks::http);
  spec.status = 204;
  Bench bench(spec);
  const Peer peer(bench.origin->port());
  peer.send(get("/"));
  CHECK(bench.answer(peer, "\r\n\r\n") == "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_CASE("whoever says close, the origin closes") {
  OriginSpec spec = speaking(Speaks::http);
  std::string request = get("/");
  SUBCASE("the request") { request = "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"; }
  SUBCASE("an old version") { request = "GET / HTTP/1.0\r\nHost: shop.test\r\n\r\n"; }
  SUBCASE("the scenario") { spec.headers.push_back({"Connection", "Close"}); }
  Bench bench(spec);
  const Peer peer(bench.origin->port());
  peer.send(request + get("/too-late"));
  const std::string all = bench.answer(peer, "never");
  CHECK(lower(all).find("connection: close") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\nhello\n"));
  CHECK(targets(bench.only()) == Names{"/"});
}

TEST_CASE("strict_host: 421 for a host that the connection's certificate is not for") {
  OriginSpec spec = speaking(Speaks::http);
  spec.strict_host = true;
  tls::ServerSettings settings;
  settings.certificates = {certificate({"shop.test", "*.shop.test", "::1"}), certificate({"other.test"})};
  Bench bench(spec, settings);
  const auto status = [&](const std::string& host) {
    const Peer peer(bench.origin->port());
    peer.send(get("/", host));
    bench.until([&] { return bench.origin->quiet() && peer.read().size() > 0; });
    return bench.only().exchanges.front().response->status;
  };
  CHECK(status("shop.test") == 200);
  CHECK(status("a.shop.test:8443") == 200);
  CHECK(status("other.test") == 421);
  CHECK(status("[::1]:8443") == 200);
}

TEST_CASE("strict_host goes by the certificate that the SNI has chosen") {
  OriginSpec spec = speaking(Speaks::tls);
  spec.strict_host = true;
  tls::ServerSettings settings;
  settings.certificates = {certificate({"shop.test"}), certificate({"other.test"})};
  Bench bench(spec, settings);
  const auto status = [&](const std::string& sni, const std::string& host) {
    auto context = tls::openssl().client({});
    REQUIRE(context);
    Ask ask{.to = {"127.0.0.1", bench.origin->port()}};
    ask.request.fields.push_back({"Host", host});
    std::optional<path::Observation> seen;
    Client client(bench.loop, ask, std::move(*(*context)->connect({.sni = sni})), [&](auto all) { seen = all; });
    bench.until([&] { return seen && bench.origin->quiet(); });
    const auto at_origin = bench.only();
    CHECK(at_origin.tls);
    CHECK(at_origin.handshake.complete);
    CHECK(at_origin.spoke.empty());
    CHECK(at_origin.ending.how == policy::Ending::How::closed);
    return seen->exchanges.at(0).response->status;
  };
  CHECK(status("other.test", "other.test") == 200);
  CHECK(status("other.test", "shop.test") == 421);
  CHECK(status("shop.test", "shop.test") == 200);
}

TEST_CASE("a proxy that asks and never reads is not read on") {
  OriginSpec spec = speaking(Speaks::http);
  spec.body = std::string(256 << 10, 'x');
  Bench bench(spec);
  const Peer peer(bench.origin->port());
  for (int i = 0; i < 250; ++i) peer.send(get("/"));
  for (int i = 0; i < 200; ++i) bench.loop.turn();
  CHECK_FALSE(bench.origin->quiet());
  std::size_t came = 0;
  bench.until([&] { return (came += peer.read().size()) > 250 * spec.body.size() && bench.origin->quiet(); });
  CHECK(bench.only().exchanges.size() == 250);
}

TEST_CASE("of one connection in one try 256 exchanges are kept, and the last answer says close") {
  Bench bench(Speaks::http);
  const Peer peer(bench.origin->port());
  for (int i = 0; i < 300; ++i) peer.send(get("/"));
  const std::string all = bench.answer(peer, "never");
  CHECK(all.find("Connection: close") > all.size() - 100);
  CHECK(bench.only().exchanges.size() == 256);
}

TEST_CASE("of one try 1,000 connections are kept, and the next try has its own thousand") {
  Bench bench(Speaks::http);
  for (int i = 0; i < 1020; ++i) {
    const Peer peer(bench.origin->port());
    bench.loop.turn();
  }
  bench.until([&] { return bench.origin->quiet(); });
  CHECK(bench.origin->take().size() == 1000);
  const Peer peer(bench.origin->port());
  peer.send(get("/"));
  bench.answer(peer, "hello\n");
  CHECK(bench.only().exchanges.size() == 1);
}

TEST_CASE("an origin of an unknown stack is an error with its place") {
  net::Loop loop;
  OriginSpec spec = speaking(Speaks::tls);
  spec.stack = "notls";
  spec.place = {"s.toml", 3, 9};
  const auto started = Origin::start(loop, spec, {});
  REQUIRE_FALSE(started);
  CHECK(started.error().message() == "s.toml:3:9: there is no TLS stack \"notls\"");
}

}  // namespace bothends::run::test
