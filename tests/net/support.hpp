// Engines whose manners a test decides, and raw sockets to play the other end with.
#pragma once

#include <doctest/doctest.h>

#include <functional>

#include "net/connection.hpp"

namespace bothends::net::test {

/// Clear text, open at once; `on_step` may make of it whatever a test needs.
class Pass : public tls::Engine {
 public:
  using Step = std::function<void(Pass&, View, Bytes&)>;
  explicit Pass(Step on_step = {}, tls::Phase start = tls::Phase::open) : on_step_(std::move(on_step)), phase_(start) {}

  tls::Phase step(View from_peer, Bytes& to_peer) override;
  void write(View plain, Bytes& to_peer) override { append(to_peer, plain); }
  void close(Bytes&) override { ++closes; }
  Bytes take_plain() override { return std::exchange(plain, {}); }
  tls::Phase phase() const override { return phase_; }
  const policy::Handshake& handshake() const override { return seen; }
  void clock(std::chrono::microseconds now) override { clocks.push_back(now); }

  void become(tls::Phase phase) { phase_ = phase; }
  void alert(wire::Direction direction, std::uint8_t description);

  Bytes plain;
  policy::Handshake seen;
  unsigned closes = 0;
  std::vector<std::chrono::microseconds> clocks;

 private:
  Step on_step_;
  tls::Phase phase_;
};

std::unique_ptr<tls::Engine> pass(Pass::Step on_step = {}, tls::Phase start = tls::Phase::open);

/// A blocking socket of 127.0.0.1 that the test plays by hand, between turns of the loop.
class RawServer {
 public:
  explicit RawServer(int backlog = 16);
  ~RawServer();
  Endpoint at() const { return {"127.0.0.1", port_}; }
  int accept();
  /// -1 when nobody has come by then.
  int accept_within(milliseconds time);

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

int raw_connect(std::uint16_t port);
void raw_send(int fd, std::string_view text);
void raw_reset(int fd);  // closes it with a RST
/// What is there until the end of the stream, at most two seconds.
std::string raw_read_all(int fd);

/// Turns the loop until `done`; fails the test after five seconds.
void turn_until(Loop& loop, const std::function<bool()>& done);

/// What a connection told its user, in order.
struct Told {
  std::string order;  // "o" opened, "d" data, "r" drained, "p" peer closed, "e" ended
  std::string text;
  std::optional<policy::Ending> ending;
  Callbacks callbacks(std::unique_ptr<Connection>& connection, bool with_peer_closed = false);
};

}  // namespace bothends::net::test
