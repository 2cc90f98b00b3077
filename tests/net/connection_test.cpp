#include <sys/socket.h>
#include <unistd.h>

#include "support.hpp"

using namespace bothends;
using namespace bothends::net;
using namespace bothends::net::test;
using How = policy::Ending::How;

namespace {

/// One of our connections against a socket that the test plays.
struct Bench {
  Loop loop;
  RawServer server;
  std::unique_ptr<Connection> connection;
  Told told;
  int raw = -1;

  void connect(std::unique_ptr<tls::Engine> engine = pass(), Deadlines deadlines = {}, bool with_peer_closed = false) {
    connection = Connection::connect(loop, server.at(), std::move(engine), deadlines,
                                     told.callbacks(connection, with_peer_closed));
    CHECK(told.order.empty());
    raw = server.accept();
  }
  void until_ended() {
    turn_until(loop, [&] { return told.ending.has_value(); });
  }
  void until_opened() {
    turn_until(loop, [&] { return connection->opened(); });
  }
  ~Bench() {
    if (raw >= 0) ::close(raw);
  }
};

}  // namespace

TEST_CASE("octets go both ways and both ends close in order") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  bench.connection->write(view_of("ping"));
  raw_send(bench.raw, "pong");
  turn_until(bench.loop, [&] { return bench.told.text == "pong" && bench.connection->queued() == 0; });
  CHECK(bench.connection->peer() == bench.server.at());
  CHECK(bench.connection->local().host == "127.0.0.1");
  bench.connection->close();
  bench.connection->close();
  turn_until(bench.loop, [&] { return bench.connection->sent() == 4; });
  shutdown(bench.raw, SHUT_WR);
  bench.until_ended();
  CHECK(bench.told.ending->how == How::closed);
  CHECK(raw_read_all(bench.raw) == "ping");
  CHECK(bench.told.order.front() == 'o');
  CHECK(bench.told.order.back() == 'e');
  CHECK(bench.told.order.find('r') != std::string::npos);
  CHECK(bench.connection->received() == 4);
  CHECK(bench.connection->sent() == 4);
}

TEST_CASE("the engine's clock runs from the begin and never backwards") {
  Bench bench;
  auto engine = std::make_unique<Pass>();
  const Pass& seen = *engine;
  bench.connect(std::move(engine));
  bench.until_opened();
  raw_send(bench.raw, "x");
  turn_until(bench.loop, [&] { return bench.told.text == "x"; });
  REQUIRE(seen.clocks.size() >= 2);
  CHECK(std::is_sorted(seen.clocks.begin(), seen.clocks.end()));
  CHECK(seen.clocks.back() <= bench.loop.now() - bench.connection->begun());
}

TEST_CASE("the peer's FIN without close_notify is eof; what came before is told first") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  raw_send(bench.raw, "last words");
  shutdown(bench.raw, SHUT_WR);
  bench.until_ended();
  CHECK(bench.told.ending->how == How::eof);
  CHECK(bench.told.text == "last words");
  CHECK(bench.told.order == "ode");
}

TEST_CASE("with peer_closed we may still speak after the peer's FIN") {
  Bench bench;
  bench.connect(pass(), {}, true);
  bench.until_opened();
  shutdown(bench.raw, SHUT_WR);
  turn_until(bench.loop, [&] { return bench.told.order == "op"; });
  bench.connection->write(view_of("one more thing"));
  bench.connection->close();
  bench.until_ended();
  CHECK(bench.told.ending->how == How::eof);
  CHECK(raw_read_all(bench.raw) == "one more thing");
  CHECK(bench.told.order.find('p') == bench.told.order.rfind('p'));
}

TEST_CASE("a close_notify of the peer is closed, not eof") {
  Bench bench;
  bench.connect(pass([](Pass& engine, View octets, Bytes&) {
    if (!octets.empty()) engine.become(tls::Phase::closed);
  }));
  bench.until_opened();
  raw_send(bench.raw, "bye");
  shutdown(bench.raw, SHUT_WR);
  bench.until_ended();
  CHECK(bench.told.ending->how == How::closed);
}

TEST_CASE("a RST is a reset") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  raw_reset(std::exchange(bench.raw, -1));
  bench.until_ended();
  CHECK(bench.told.ending->how == How::reset);
}

TEST_CASE("the alert wins over the RST behind it, also when our own writing fails first") {
  for (const bool we_write : {false, true}) {
    Bench bench;
    bench.connect(pass([](Pass& engine, View octets, Bytes&) {
      if (octets.empty()) return;
      engine.alert(wire::Direction::received, wire::certificate_required);
      engine.become(tls::Phase::failed);
    }));
    bench.until_opened();
    raw_send(bench.raw, "alert");
    raw_reset(std::exchange(bench.raw, -1));
    if (we_write) bench.connection->write(view_of("a request"));
    bench.until_ended();
    CHECK(bench.told.ending->how == How::alert_received);
    CHECK(bench.told.ending->alert == wire::certificate_required);
  }
}

TEST_CASE("our alert goes out before the end, though the peer has sent more than we will read") {
  Bench bench;
  bench.connect(pass(
      [](Pass& engine, View octets, Bytes& to_peer) {
        if (octets.empty()) return;
        append(to_peer, view_of("ALERT"));
        engine.alert(wire::Direction::sent, wire::unknown_ca);
        engine.become(tls::Phase::failed);
      },
      tls::Phase::handshaking));
  raw_send(bench.raw, std::string(100000, 'x'));
  turn_until(bench.loop, [&] { return bench.connection->sent() == 5; });
  CHECK_FALSE(bench.told.ending);
  CHECK(raw_read_all(bench.raw) == "ALERT");
  ::close(std::exchange(bench.raw, -1));
  bench.until_ended();
  CHECK(bench.told.ending->how == How::alert_sent);
  CHECK(bench.told.ending->alert == wire::unknown_ca);
  CHECK(bench.told.order == "e");
}

TEST_CASE("a peer that goes on sending after our failure is not read for ever") {
  Bench bench;
  bench.connect(pass([](Pass& engine, View octets, Bytes&) {
    if (!octets.empty()) engine.become(tls::Phase::failed);
  }));
  const std::string much(65536, 'x');
  turn_until(bench.loop, [&] {
    if (!bench.told.ending) send(bench.raw, much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return bench.told.ending.has_value();
  });
  CHECK(bench.told.ending->how == How::failed);
  CHECK(bench.connection->received() < 4 * 1024 * 1024);
}

TEST_CASE("who spoke the first fatal alert has refused; foreign and malformed octets are neither") {
  const auto ends_as = [](const std::function<void(Pass&)>& what) {
    Bench bench;
    bench.connect(pass(
        [&](Pass& engine, View octets, Bytes&) {
          if (octets.empty()) return;
          what(engine);
          engine.become(tls::Phase::failed);
        },
        tls::Phase::handshaking));
    raw_send(bench.raw, "x");
    shutdown(bench.raw, SHUT_WR);
    bench.until_ended();
    return *bench.told.ending;
  };
  using wire::Direction;
  CHECK(ends_as([](Pass& engine) {
          engine.alert(Direction::received, 40);
          engine.alert(Direction::sent, 80);
        }).alert == 40);
  CHECK(ends_as([](Pass& engine) {
          engine.alert(Direction::sent, 80);
          engine.alert(Direction::received, 40);
        }).how == How::alert_sent);
  CHECK(ends_as([](Pass& engine) {
          engine.alert(Direction::sent, 70);
          engine.seen.transcript.foreign = bytes_of(view_of("HTTP/1.1 400"));
        }).how == How::foreign);
  CHECK(ends_as([](Pass& engine) {
          engine.alert(Direction::sent, 50);
          engine.seen.transcript.malformed = "a record of type 99";
        }).how == How::malformed);
  const auto failed = ends_as([](Pass& engine) { engine.seen.note = "no entropy"; });
  CHECK(failed.how == How::failed);
  CHECK(failed.note == "no entropy");
}

TEST_CASE("nobody listens: connection refused") {
  auto port = ReservedPort::reserve();
  REQUIRE(port);
  Bench bench;
  bench.connection =
      Connection::connect(bench.loop, {"127.0.0.1", port->port()}, pass(), {}, bench.told.callbacks(bench.connection));
  CHECK(bench.told.order.empty());
  bench.until_ended();
  CHECK(bench.told.ending->how == How::connection_refused);
  CHECK(bench.told.ending->stage == policy::Stage::connect);
}

TEST_CASE("no way there: unreachable") {
  Bench bench;
  for (const std::string host : {"255.255.255.255", "not numeric"}) {
    bench.told = {};
    bench.connection = Connection::connect(bench.loop, {host, 9}, pass(), {}, bench.told.callbacks(bench.connection));
    CHECK(bench.told.order.empty());
    bench.until_ended();
    CHECK(bench.told.ending->how == How::unreachable);
    CHECK_FALSE(bench.told.ending->note.empty());
  }
}

TEST_CASE("a connect that the system holds times out") {
  Loop loop;
  RawServer full(0);
  const int holder = raw_connect(full.at().port);  // its queue holds no more than this one
  std::vector<std::unique_ptr<Connection>> held;
  Told told;
  std::unique_ptr<Connection> last;
  for (int i = 0; i < 3; ++i)
    held.push_back(Connection::connect(loop, full.at(), pass({}, tls::Phase::handshaking), {milliseconds{50}}, {}));
  last =
      Connection::connect(loop, full.at(), pass({}, tls::Phase::handshaking), {milliseconds{50}}, told.callbacks(last));
  turn_until(loop, [&] { return told.ending.has_value(); });
  CHECK(told.ending->how == How::timed_out);
  CHECK(told.ending->at >= milliseconds{50});
  ::close(holder);
}

TEST_CASE("handshakes and whole connections have deadlines") {
  SUBCASE("handshake") {
    Bench bench;
    bench.connect(pass({}, tls::Phase::handshaking), {milliseconds{30}, milliseconds{0}});
    bench.until_ended();
    CHECK(bench.told.ending->how == How::timed_out);
  }
  SUBCASE("total") {
    Bench bench;
    bench.connect(pass(), {milliseconds{5000}, milliseconds{30}});
    bench.until_ended();
    CHECK(bench.told.ending->how == How::timed_out);
    CHECK(bench.told.order == "oe");
  }
  SUBCASE("extended") {
    Bench bench;
    bench.connect(pass(), {milliseconds{5000}, milliseconds{30}});
    bench.connection->extend(milliseconds{90});
    bench.until_ended();
    CHECK(bench.told.ending->at >= milliseconds{90});
  }
}

TEST_CASE("close waits for the peer no longer than it was told to") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  bench.connection->close(milliseconds{20});
  bench.until_ended();
  CHECK(bench.told.ending->how == How::closed);
}

TEST_CASE("what is queued at close still arrives, and more slowly than `linger`") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  bench.connection->write(Bytes(8 * 1024 * 1024, 'x'));
  bench.connection->close(milliseconds{50});
  std::size_t got = 0;
  std::vector<char> buffer(256 * 1024);
  turn_until(bench.loop, [&] {
    const ssize_t now = recv(bench.raw, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (now > 0) got += static_cast<std::size_t>(now);
    bench.loop.post([] {});
    return got == 8 * 1024 * 1024;
  });
  bench.until_ended();
  CHECK(bench.told.ending->how == How::closed);
}

TEST_CASE("reset is a RST, told as stopped") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  bench.connection->reset();
  CHECK_FALSE(bench.told.ending);
  bench.until_ended();
  CHECK(bench.told.ending->how == How::stopped);
  char octet;
  CHECK(recv(bench.raw, &octet, 1, 0) == -1);
  CHECK(errno == ECONNRESET);
}

TEST_CASE("destroying it resets the peer and calls nothing") {
  for (int turns : {0, 1, 5}) {
    Bench bench;
    bench.connect();
    for (int i = 0; i < turns; ++i) bench.loop.turn();
    bench.told.order.clear();
    bench.connection.reset();
    for (int i = 0; i < 5; ++i) bench.loop.turn();
    CHECK(bench.told.order.empty());
  }
}

TEST_CASE("it may be destroyed from inside each of its callbacks") {
  for (const char where : {'o', 'd', 'r', 'p', 'e'}) {
    CAPTURE(where);
    Loop loop;
    RawServer server;
    std::unique_ptr<Connection> connection;
    bool destroyed = false;
    const auto maybe = [&](char here) {
      CHECK_FALSE(destroyed);
      if (here == where) {
        connection.reset();
        destroyed = true;
      }
    };
    Callbacks callbacks;
    callbacks.opened = [&] {
      connection->write(view_of("x"));
      maybe('o');
    };
    callbacks.data = [&] { maybe('d'); };
    callbacks.drained = [&] { maybe('r'); };
    callbacks.peer_closed = [&] {
      connection->close();
      maybe('p');
    };
    callbacks.ended = [&](const policy::Ending&) { maybe('e'); };
    connection = Connection::connect(loop, server.at(), pass(), {}, callbacks);
    const int raw = server.accept();
    raw_send(raw, "data");
    shutdown(raw, SHUT_WR);
    turn_until(loop, [&] { return destroyed; });
    ::close(raw);
  }
}

TEST_CASE("a paused connection reads nothing, and goes on where it stopped") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  bench.connection->pause();
  raw_send(bench.raw, "held");
  for (int i = 0; i < 10; ++i) bench.loop.turn();
  CHECK(bench.connection->received() == 0);
  bench.connection->resume();
  turn_until(bench.loop, [&] { return bench.told.text == "held"; });
}

TEST_CASE("plaintext that nobody takes stops the reading") {
  Loop loop;
  RawServer server;
  auto connection = Connection::connect(loop, server.at(), pass(), {}, {});
  const int raw = server.accept();
  std::size_t sent = 0, taken = 0;
  const std::string much(65536, 'x');
  const auto pump = [&] {
    const ssize_t now = send(raw, much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (now > 0) sent += static_cast<std::size_t>(now);
    loop.turn();
  };
  for (int i = 0; i < 400; ++i) pump();
  CHECK(sent > 512 * 1024);
  CHECK(connection->received() <= 400 * 1024);
  turn_until(loop, [&] {
    taken += connection->take_plain().size();
    loop.post([] {});
    return taken == sent;
  });
  ::close(raw);
}

TEST_CASE("a peer that makes the engine answer without end, and reads nothing, is dropped") {
  Bench bench;
  bench.connect(pass([](Pass&, View octets, Bytes& to_peer) { append(to_peer, octets); }));
  const std::string much(65536, 'x');
  std::size_t peak = 0;
  turn_until(bench.loop, [&] {
    send(bench.raw, much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    peak = std::max(peak, bench.connection->queued());
    return bench.told.ending.has_value();
  });
  CHECK(bench.told.ending->how == How::failed);
  CHECK(peak < 1024 * 1024);
}

TEST_CASE("drained comes when everything written is with the system") {
  Bench bench;
  bench.connect();
  bench.until_opened();
  bench.connection->write(Bytes(4 * 1024 * 1024, 'x'));
  CHECK(bench.connection->queued() == 4 * 1024 * 1024);
  for (int i = 0; i < 5; ++i) bench.loop.turn();
  CHECK(bench.told.order == "o");
  CHECK(bench.connection->queued() > 0);
  std::vector<char> buffer(1024 * 1024);
  turn_until(bench.loop, [&] {
    recv(bench.raw, buffer.data(), buffer.size(), MSG_DONTWAIT);
    bench.loop.post([] {});
    return bench.told.order == "or";
  });
  CHECK(bench.connection->queued() == 0);
}

TEST_CASE("what decides the ending is told once, before the parting is over") {
  for (const auto phase : {tls::Phase::closed, tls::Phase::failed}) {
    Loop loop;
    RawServer server;
    std::unique_ptr<Connection> connection;
    std::string order;
    Callbacks callbacks;
    callbacks.decided = [&](const policy::Ending&) { order += 'D'; };
    callbacks.ended = [&](const policy::Ending&) { order += 'e'; };
    auto engine = pass(
        [phase](Pass& self, View in, Bytes&) {
          if (!in.empty()) self.become(phase);
        },
        tls::Phase::handshaking);
    connection = Connection::connect(loop, server.at(), std::move(engine), {}, callbacks);
    const int raw = server.accept();
    raw_send(raw, "all there is");
    turn_until(loop, [&] { return !order.empty(); });
    CHECK(order == "D");
    ::close(raw);
    turn_until(loop, [&] { return order.ends_with('e'); });
    CHECK(order == "De");
  }
  Loop loop;
  RawServer server;
  std::unique_ptr<Connection> connection;
  bool ended = false;
  Callbacks callbacks;
  callbacks.decided = [&](const policy::Ending&) { connection.reset(); };  // also then nothing more is called
  callbacks.ended = [&](const policy::Ending&) { ended = true; };
  connection = Connection::connect(loop, server.at(), pass({}, tls::Phase::handshaking), {}, callbacks);
  ::close(server.accept());
  turn_until(loop, [&] { return connection == nullptr; });
  CHECK_FALSE(ended);
}
