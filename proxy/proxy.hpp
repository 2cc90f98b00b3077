// The embedded reverse proxy: TLS in, TLS out, each leg on either stack; HTTP/1.1 on both. To the harness it is a proxy
// like any other: its log is support for people, the diagnosis does not read it.
#pragma once

#include <memory>

#include "net/connection.hpp"
#include "proxy/setup.hpp"

namespace bothends::proxy {

class Proxy {
 public:
  /// Listens on `at` (port 0: a free one). Contexts are made here, once.
  static Result<std::unique_ptr<Proxy>> start(net::Loop& loop, const net::Endpoint& at, Setup setup);
  ~Proxy();  // ends every connection of both legs

  std::uint16_t port() const;
  /// Lines logged so far, one per event, printable; the last 1,000 are kept.
  std::size_t logged() const;
  /// The kept ones after the first `seen`.
  std::vector<std::string> log_since(std::size_t seen) const;
  /// Connections of either leg that are still there.
  std::size_t connections() const;
  /// Octets that came from one leg and are not yet with the system on the other: bounded for every connection.
  std::size_t queued() const;

  struct State;

 private:
  explicit Proxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bothends::proxy
