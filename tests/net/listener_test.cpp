#include <sys/socket.h>
#include <unistd.h>

#include <map>

#include "support.hpp"

using namespace bothends;
using namespace bothends::net;
using namespace bothends::net::test;
using How = policy::Ending::How;

namespace {

/// Answers every octet in upper case, and keeps its connections.
struct Shouter {
  std::map<Connection*, std::unique_ptr<Connection>> open;
  std::unique_ptr<Listener> listener;

  explicit Shouter(
      Loop& loop, std::function<std::unique_ptr<tls::Engine>()> engine = [] { return pass(); }) {
    auto made = Listener::listen(loop, {"127.0.0.1", 0}, std::move(engine), {}, [this](auto connection) {
      Connection* raw = connection.get();
      CHECK(raw->peer().host == "127.0.0.1");
      Callbacks callbacks;
      callbacks.data = [raw] {
        Bytes text = raw->take_plain();
        for (auto& octet : text) octet = static_cast<std::uint8_t>(std::toupper(octet));
        raw->write(text);
      };
      callbacks.ended = [this, raw](const policy::Ending&) { open.erase(raw); };
      on(*raw, std::move(callbacks));
      open.emplace(raw, std::move(connection));
    });
    REQUIRE(made);
    listener = std::move(*made);
  }
};

}  // namespace

TEST_CASE("a listener on a free port serves many connections") {
  Loop loop;
  Shouter shouter(loop);
  CHECK(shouter.listener->port() != 0);
  constexpr int many = 50;
  std::vector<std::unique_ptr<Connection>> clients(many);
  std::vector<Told> told(many);
  for (int i = 0; i < many; ++i) {
    auto callbacks = told[i].callbacks(clients[i]);
    callbacks.opened = [&, i] { clients[i]->write(view_of("hello")); };
    clients[i] = Connection::connect(loop, {"127.0.0.1", shouter.listener->port()}, pass(), {}, std::move(callbacks));
  }
  turn_until(loop,
             [&] { return std::all_of(told.begin(), told.end(), [](const Told& t) { return t.text == "HELLO"; }); });
  CHECK(shouter.listener->accepted() == many);
  for (auto& client : clients) client->close();
  turn_until(loop,
             [&] { return std::all_of(told.begin(), told.end(), [](const Told& t) { return t.ending.has_value(); }); });
  turn_until(loop, [&] { return shouter.open.empty(); });
  for (const Told& one : told) CHECK(one.ending->how == How::closed);
}

TEST_CASE("no engine: the connection is refused, and the next one is served") {
  Loop loop;
  int asked = 0;
  Shouter shouter(loop, [&] { return ++asked == 1 ? nullptr : pass(); });
  for (const char* expected : {"", "HI"}) {
    const int raw = raw_connect(shouter.listener->port());
    raw_send(raw, "hi");
    for (int i = 0; i < 10; ++i) loop.turn();
    shutdown(raw, SHUT_WR);
    for (int i = 0; i < 10; ++i) loop.turn();
    CHECK(raw_read_all(raw) == expected);
    ::close(raw);
  }
}

TEST_CASE("a connection that is not kept is reset") {
  Loop loop;
  auto listener = Listener::listen(
      loop, {"127.0.0.1", 0}, [] { return pass(); }, {}, [](std::unique_ptr<Connection>) {});
  REQUIRE(listener);
  const int raw = raw_connect((*listener)->port());
  for (int i = 0; i < 10; ++i) loop.turn();
  char octet;
  CHECK(recv(raw, &octet, 1, 0) == -1);
  ::close(raw);
}

TEST_CASE("a listener may go from inside its own call, and its connections live on") {
  Loop loop;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Connection> kept;
  auto made = Listener::listen(
      loop, {"127.0.0.1", 0}, [] { return pass(); }, {},
      [&](std::unique_ptr<Connection> connection) {
        kept = std::move(connection);
        listener.reset();
      });
  REQUIRE(made);
  listener = std::move(*made);
  const int raw = raw_connect(listener->port());
  turn_until(loop, [&] { return kept && kept->opened(); });
  kept->write(view_of("still here"));
  kept->close(milliseconds{10});
  for (int i = 0; i < 10; ++i) loop.turn();
  CHECK(raw_read_all(raw) == "still here");
  ::close(raw);
}

TEST_CASE("a port that is taken and a host that is no address are errors") {
  Loop loop;
  Shouter first(loop);
  for (const Endpoint& at : {Endpoint{"127.0.0.1", first.listener->port()}, Endpoint{"localhost", 0}}) {
    const auto second = Listener::listen(
        loop, at, [] { return pass(); }, {}, [](auto) {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::network);
  }
}
