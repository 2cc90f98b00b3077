// Engines that break off, pause or wake: what their peer gets of it.
#include <sys/socket.h>
#include <unistd.h>

#include "support.hpp"

using namespace bothends;
using namespace bothends::net;
using namespace bothends::net::test;
using How = policy::Ending::How;
using Breaks = tls::Engine::Breaks;

namespace {

/// Says its words at the `at`th step and then breaks off; wakes when it is told to.
class Faulty : public Pass {
 public:
  Faulty(Breaks how, unsigned at, std::string words, tls::Phase start = tls::Phase::handshaking)
      : Pass({}, start), how_(how), at_(at), words_(std::move(words)) {}

  tls::Phase step(View from_peer, Bytes& to_peer) override {
    ++steps;
    if (wakes_at && !clocks.empty() && clocks.back() >= *wakes_at) {
      woken = clocks.back();
      wakes_at.reset();
      append(to_peer, view_of("awake"));
    }
    if (steps == at_) append(to_peer, view_of(words_));
    return Pass::step(from_peer, to_peer);
  }
  std::optional<microseconds> wakes() const override { return wakes_at; }
  Breaks breaks() const override { return steps >= at_ ? how_ : Breaks::none; }

  std::optional<microseconds> wakes_at, woken;
  unsigned steps = 0;

 private:
  Breaks how_;
  unsigned at_;
  std::string words_;
};

struct Bench {
  Loop loop;
  RawServer server;
  std::unique_ptr<Connection> connection;
  Told told;
  int raw = -1;
  Faulty* engine = nullptr;

  void connect(std::unique_ptr<Faulty> faulty, Deadlines deadlines = {}) {
    engine = faulty.get();
    connection = Connection::connect(loop, server.at(), std::move(faulty), deadlines, told.callbacks(connection));
    raw = server.accept();
  }
  void until_ended() {
    turn_until(loop, [&] { return told.ending.has_value(); });
  }
  ~Bench() {
    if (raw >= 0) ::close(raw);
  }
};

/// What came before the RST; nothing when there was none.
std::optional<std::string> read_until_reset(int fd) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
    if (got < 0) return errno == ECONNRESET ? std::optional(all) : std::nullopt;
    if (got == 0) return std::nullopt;
  }
}

constexpr unsigned at_once = 1, after_input = 2;

}  // namespace

TEST_CASE("a FIN of a fault comes after what it says, and the peer's own FIN is waited for") {
  for (const unsigned at : {at_once, after_input}) {
    Bench bench;
    bench.connect(std::make_unique<Faulty>(Breaks::fin, at, "last words"));
    if (at == after_input) raw_send(bench.raw, "hello");
    turn_until(bench.loop, [&] { return bench.connection->sent() == 10; });
    for (int i = 0; i < 3; ++i) bench.loop.turn();
    CHECK_FALSE(bench.told.ending);
    CHECK(raw_read_all(bench.raw) == "last words");
    ::close(std::exchange(bench.raw, -1));
    bench.until_ended();
    CHECK(bench.told.ending->how == How::broke_off);
    CHECK(bench.told.order.ends_with("e"));
  }
}

TEST_CASE("a RST of a fault does not overtake what it says") {
  for (const unsigned at : {at_once, after_input})
    for (const std::string words : {"", "last words"}) {
      Bench bench;
      bench.connect(std::make_unique<Faulty>(Breaks::reset, at, words));
      if (at == after_input) raw_send(bench.raw, "hello");
      bench.until_ended();
      CHECK(bench.told.ending->how == How::broke_off);
      CHECK(read_until_reset(bench.raw) == words);
    }
}

TEST_CASE("an open connection may break off as well") {
  for (const Breaks how : {Breaks::fin, Breaks::reset}) {
    Bench bench;
    bench.connect(std::make_unique<Faulty>(how, after_input, "", tls::Phase::open));
    turn_until(bench.loop, [&] { return bench.connection->opened(); });
    raw_send(bench.raw, "a request");
    bench.until_ended();
    CHECK(bench.told.ending->how == How::broke_off);
    CHECK(bench.told.order.front() == 'o');
    CHECK(bench.told.order.back() == 'e');
  }
}

TEST_CASE("an engine is woken once, not before its time, and its octets go out") {
  Bench bench;
  auto engine = std::make_unique<Faulty>(Breaks::none, 0, "");
  engine->wakes_at = milliseconds{30};
  bench.connect(std::move(engine));
  turn_until(bench.loop, [&] { return bench.connection->sent() == 5; });
  CHECK(bench.engine->woken >= milliseconds{30});
  CHECK(bench.engine->steps == 2);
  bench.connection->reset();
  bench.until_ended();
  CHECK(read_until_reset(bench.raw) == "awake");
}

TEST_CASE("waking does not put off deadlines, nor do they wait for it") {
  SUBCASE("of the handshake, before it") {
    Bench bench;
    auto engine = std::make_unique<Faulty>(Breaks::none, 0, "");
    engine->wakes_at = std::chrono::hours{1};
    bench.connect(std::move(engine), {milliseconds{30}, milliseconds{0}});
    bench.until_ended();
    CHECK(bench.told.ending->how == How::timed_out);
    CHECK_FALSE(bench.engine->woken);
  }
  SUBCASE("of the handshake, after it") {
    Bench bench;
    auto engine = std::make_unique<Faulty>(Breaks::none, 0, "");
    engine->wakes_at = milliseconds{10};
    bench.connect(std::move(engine), {milliseconds{60}, milliseconds{0}});
    bench.until_ended();
    CHECK(bench.told.ending->how == How::timed_out);
    CHECK(bench.told.ending->at >= milliseconds{60});
    CHECK(bench.engine->woken);
  }
  SUBCASE("of the whole connection") {
    Bench bench;
    auto engine = std::make_unique<Faulty>(Breaks::none, 0, "", tls::Phase::open);
    engine->wakes_at = std::chrono::hours{1};
    bench.connect(std::move(engine), {milliseconds{5000}, milliseconds{30}});
    bench.until_ended();
    CHECK(bench.told.ending->how == How::timed_out);
  }
}

TEST_CASE("who connects to a deaf port is neither accepted nor refused") {
  Loop loop;
  auto port = ReservedPort::reserve();
  REQUIRE(port);
  const Endpoint at{"127.0.0.1", port->port()};
  REQUIRE(port->deafen());
  const ReservedPort moved = std::move(*port);
  CHECK(moved.port() == at.port);
  Told told[2];
  std::unique_ptr<Connection> connections[2];
  for (int i = 0; i < 2; ++i)
    connections[i] = Connection::connect(loop, at, pass({}, tls::Phase::handshaking), {milliseconds{50}},
                                         told[i].callbacks(connections[i]));
  turn_until(loop, [&] { return told[0].ending && told[1].ending; });
  for (const Told& one : told) {
    CHECK(one.ending->how == How::timed_out);
    CHECK(one.ending->stage == policy::Stage::connect);
  }
}

TEST_CASE("a port is given back with its deafness") {
  Loop loop;
  std::uint16_t number = 0;
  {
    auto port = ReservedPort::reserve();
    REQUIRE(port);
    REQUIRE(port->deafen());
    number = port->port();
  }
  Told told;
  std::unique_ptr<Connection> connection;
  connection = Connection::connect(loop, {"127.0.0.1", number}, pass(), {}, told.callbacks(connection));
  turn_until(loop, [&] { return told.ending.has_value(); });
  CHECK(told.ending->how == How::connection_refused);
}
