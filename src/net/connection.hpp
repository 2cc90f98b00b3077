// One TCP connection that drives one Engine. Callbacks are one level deep and never re-enter: they come from the loop,
// not from inside write() or close(). `ended` is called exactly once and is the last; then the Connection may be
// destroyed (also from inside `ended`). Destroying it earlier resets the TCP connection and calls nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/loop.hpp"
#include "policy/handshake.hpp"
#include "tls/engine.hpp"

namespace bothends::net {

struct Endpoint {
  std::string host;  // a numeric address; names are resolved before (resolve.hpp)
  std::uint16_t port = 0;
  std::string text() const;  // "127.0.0.1:443", "[::1]:443"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// All optional.
struct Callbacks {
  std::function<void()> opened;       // the handshake is complete: write() may be called
  std::function<void()> data;         // plaintext came: take it with take_plain()
  std::function<void()> drained;      // queued() has fallen to zero after having been above it
  std::function<void()> peer_closed;  // the peer said close_notify or FIN while we were open and have not
                                      // closed; without this callback the connection ends by itself
  std::function<void(const policy::Ending&)> decided;  // how it will end is known, though the parting may take its
                                                       // time: once, before `ended`
  std::function<void(const policy::Ending&)> ended;
};

struct Deadlines {
  milliseconds handshake{10000};  // from the begin until `opened`
  milliseconds total{30000};      // from the begin until `ended`; 0: none
};

class Connection {
 public:
  /// Connects, then handshakes. Failures to connect are Endings, told through `ended`.
  static std::unique_ptr<Connection> connect(Loop& loop, const Endpoint& to, std::unique_ptr<tls::Engine> engine,
                                             Deadlines deadlines, Callbacks callbacks);
  ~Connection();
  Connection(const Connection&) = delete;

  void write(View plain);
  /// Sends close_notify and FIN after what is queued, waits for the peer's end (at most `linger`), then `ended`.
  void close(milliseconds linger = milliseconds{500});
  /// RST, at once; `ended` follows from the loop.
  void reset();
  /// Back-pressure: no more is read from the socket while paused.
  void pause();
  void resume();
  Bytes take_plain();
  std::size_t queued() const;  // octets not yet taken by the system

  const tls::Engine& engine() const;
  const policy::Handshake& handshake() const;
  bool opened() const;
  /// It could not even be begun: this machine had no descriptor, port or memory for it. The ending's note says which.
  bool is_starved() const;
  Endpoint peer() const;  // the other end's address
  Endpoint local() const;
  std::uint64_t received() const;  // raw octets
  std::uint64_t sent() const;
  microseconds begun() const;  // Loop::now() when it was begun
  /// From here the deadline counts anew: `total` after now.
  void extend(milliseconds total);

  struct State;

 private:
  friend class Listener;
  friend void on(Connection& connection, Callbacks callbacks);
  void set(Callbacks callbacks);
  explicit Connection(State* state) : state_(state) {}
  State* state_;  // owned by the loop until its handles are closed
};

/// Accepts on an address; port 0 picks a free one, which port() tells.
class Listener {
 public:
  using Accepted = std::function<void(std::unique_ptr<Connection>)>;
  /// `engine` makes one engine per connection; nullptr from it refuses the connection. Callbacks of a new connection
  /// are set by on() below before anything of it has been read.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& at,
                                                  std::function<std::unique_ptr<tls::Engine>()> engine,
                                                  Deadlines deadlines, Accepted accepted);
  ~Listener();
  Listener(const Listener&) = delete;
  std::uint16_t port() const;
  /// Connections that reached this listener so far.
  std::uint64_t accepted() const;

  struct State;

 private:
  explicit Listener(State* state) : state_(state) {}
  State* state_;
};

/// Sets the callbacks of an accepted connection; to be called from inside Accepted.
void on(Connection& connection, Callbacks callbacks);

/// Holds a free port of 127.0.0.1 for a child process that will bind it: bound with SO_REUSEADDR and not listening, so
/// that nobody else is given it meanwhile, and a program that sets SO_REUSEADDR can still bind and listen on it.
class ReservedPort {
 public:
  static Result<ReservedPort> reserve();
  ReservedPort(ReservedPort&& other) noexcept;
  ReservedPort& operator=(ReservedPort&& other) noexcept;
  ~ReservedPort();
  std::uint16_t port() const { return port_; }
  /// From here on who connects to the port is neither accepted nor refused: a black hole. Error{resource}.
  Result<void> deafen();

 private:
  ReservedPort(int fd, std::uint16_t port) : fd_(fd), port_(port) {}
  int fd_ = -1;
  int filler_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace bothends::net
