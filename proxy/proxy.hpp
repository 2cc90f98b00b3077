// The embedded reverse proxy: TLS in, TLS out, each leg on either stack; HTTP/1.1 on both. To the harness it is a proxy
// like any other: its log is support for people, the diagnosis does not read it.
//
// Every request gets an origin connection of its own (with Setup::pool: one of the same route, SNI and name again).
// Bodies go straight through, with back-pressure; 1xx answers too. Host is passed on unchanged; X-Forwarded-For and
// X-Forwarded-Proto are set. Before an answer has begun, the proxy itself answers failures, in one line of text:
//
//   400  no HTTP/1.1 request; no Host, or several
//   408  the client is too slow: a minute without progress
//   417  an expectation other than 100-continue
//   501  Upgrade and CONNECT
//   statuses.no_route (421)  no route for Host
//   statuses.connect  (503)  TCP refused, or no way to the origin
//   statuses.time     (504)  no connection, handshake or answer in the time of the Setup
//   statuses.tls      (502)  TLS refused by either side, also after our handshake was finished (TLS 1.3 and a client
//                            certificate); no HTTP/1.1 from the origin; an end without an answer
//
// Later nothing can be said any more: the client's connection ends without the rest of the message.
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
