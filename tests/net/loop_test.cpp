#include <csignal>

#include "net/resolve.hpp"
#include "support.hpp"

using namespace bothends;
using namespace bothends::net;
using net::test::turn_until;

TEST_CASE("posted tasks run later, in order, also those that post again") {
  Loop loop;
  std::string order;
  loop.post([&] {
    order += 'a';
    loop.post([&] { order += 'c'; });
  });
  loop.post([&] { order += 'b'; });
  CHECK(order.empty());
  CHECK(loop.run_until([&] { return order.size() == 3; }));
  CHECK(order == "abc");
}

TEST_CASE("a loop with nothing to wait for says so") {
  Loop loop;
  CHECK_FALSE(loop.run_until([] { return false; }));
}

TEST_CASE("a delayed task comes after its delay; one that is never due is let go of with the loop") {
  Loop loop;
  bool came = false;
  const auto before = loop.now();
  loop.after(milliseconds{20}, [&] { came = true; });
  loop.after(milliseconds{60000}, [&] { FAIL("too early"); });
  CHECK(loop.run_until([&] { return came; }));
  CHECK(loop.now() - before >= milliseconds{20});
}

TEST_CASE("a task that is posted and never run is let go of with the loop") {
  Loop loop;
  loop.post([] { FAIL("nobody turns this loop"); });
}

TEST_CASE("a timer may stop, restart and destroy itself from inside its call") {
  Loop loop;
  int calls = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, milliseconds{1}, [&] {
    if (++calls < 3) return timer->restart(milliseconds{1});
    timer.reset();
  });
  turn_until(loop, [&] { return !timer; });
  CHECK(calls == 3);
  Timer stopped(loop, milliseconds{0}, [] { FAIL("it was stopped"); });
  stopped.stop();
  CHECK_FALSE(loop.run_until([] { return false; }));
}

TEST_CASE("an interrupt is told and does not keep the loop going") {
  Loop loop;
  int got = 0;
  {
    Interrupt interrupt(loop, [&](int number) { got = number; });
    CHECK_FALSE(loop.run_until([] { return false; }));
    std::raise(SIGTERM);
    turn_until(loop, [&] { return got != 0; });
  }
  CHECK(got == SIGTERM);
  loop.turn();
}

TEST_CASE("endpoints as text") {
  CHECK(Endpoint{"127.0.0.1", 443}.text() == "127.0.0.1:443");
  CHECK(Endpoint{"::1", 443}.text() == "[::1]:443");
}

TEST_CASE("reserved ports differ and are held while they live") {
  auto one = ReservedPort::reserve();
  auto two = ReservedPort::reserve();
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->port() != 0);
  CHECK(one->port() != two->port());
  const auto port = one->port();
  ReservedPort moved = std::move(*one);
  CHECK(moved.port() == port);
  Loop loop;
  auto listener = Listener::listen(
      loop, {"127.0.0.1", port}, [] { return nullptr; }, {}, [](auto) {});
  CHECK_MESSAGE(listener, "a program with SO_REUSEADDR can listen on it");
}

TEST_CASE("numeric hosts and localhost are resolved, never from inside the call") {
  Loop loop;
  for (const std::string host : {"127.0.0.1", "::1", "localhost"}) {
    std::optional<Result<std::vector<Endpoint>>> answer;
    Resolution resolution(loop, host, 443, milliseconds{4000}, [&](auto found) { answer = std::move(found); });
    CHECK_FALSE(answer);
    turn_until(loop, [&] { return answer.has_value(); });
    REQUIRE(*answer);
    CHECK((*answer)->front().port == 443);
    const auto& first = (*answer)->front().host;
    CHECK_MESSAGE((first == "127.0.0.1" || first == "::1"), first);
  }
}

TEST_CASE("names without an address are an error, and so is a deadline that passes") {
  Loop loop;
  for (const auto& [host, limit] :
       {std::pair{std::string(), 4000}, {std::string("no such host"), 4000}, {"a.invalid", 0}}) {
    std::optional<Result<std::vector<Endpoint>>> answer;
    Resolution resolution(loop, host, 443, milliseconds{limit}, [&](auto found) { answer = std::move(found); });
    turn_until(loop, [&] { return answer.has_value(); });
    CHECK_FALSE(*answer);
    CHECK((*answer).error().code == ErrorCode::network);
  }
}

TEST_CASE("a resolution may be forgotten, also from inside its answer") {
  Loop loop;
  {
    Resolution forgotten(loop, "localhost", 1, milliseconds{4000}, [](auto) { FAIL("it was forgotten"); });
  }
  std::unique_ptr<Resolution> resolution;
  resolution =
      std::make_unique<Resolution>(loop, "localhost", 1, milliseconds{4000}, [&](auto) { resolution.reset(); });
  turn_until(loop, [&] { return !resolution; });
}

TEST_CASE("a turn does not wait when what was due has made us done") {
  Loop loop;
  bool done = false;
  loop.after(milliseconds{60000}, [] {});
  loop.after(milliseconds{0}, [&] { done = true; });
  const auto before = loop.now();
  CHECK(loop.run_until([&] { return done; }));
  CHECK(loop.now() - before < milliseconds{30000});
}
