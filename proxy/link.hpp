// One connection to an origin, and the responses that come over it. It serves one request after another, each for a
// user of its own; without one it waits in the pool, or for its end.
#pragma once

#include <optional>

#include "http/http1.hpp"
#include "net/resolve.hpp"
#include "proxy/setup.hpp"

namespace bothends::proxy {

/// What makes two origin connections interchangeable.
struct Destination {
  const Route* route = nullptr;
  std::optional<std::string> sni;
  std::string name;  // checked with Verify::full
  friend bool operator==(const Destination&, const Destination&) = default;
};

class Link {
 public:
  class User {
   public:
    virtual void origin_opened() = 0;
    virtual void origin_came() = 0;  // more of the response
    virtual void origin_drained() = 0;
    virtual void origin_ended(const policy::Ending& ending) = 0;

   protected:
    ~User() = default;
  };

  /// `patience` for the address and for the handshake. `gone` is called when it is over, with or without a user.
  Link(net::Loop& loop, Destination destination, std::unique_ptr<tls::Engine> engine, net::milliseconds patience,
       std::function<void()> gone);
  Link(const Link&) = delete;

  void serve(User* user) {
    user_ = user;
    if (user) ++uses_;
  }
  /// Closes it in order; nobody is told.
  void leave();

  bool connected() const { return connection_ && connection_->local().port != 0; }
  bool opened() const { return connection_ && connection_->opened(); }
  bool over() const { return over_; }
  bool used_before() const { return uses_ > 1; }
  const Destination& destination() const { return destination_; }
  /// Only when opened.
  net::Connection& connection() { return *connection_; }
  http::Reader& responses() { return responses_; }
  /// How it stands with TLS, for the log; nullptr before the connection is begun.
  const policy::Handshake* handshake() const { return connection_ ? &connection_->handshake() : nullptr; }

 private:
  void resolved(const Result<std::vector<net::Endpoint>>& found);
  void ended(const policy::Ending& ending);

  net::Loop& loop_;
  Destination destination_;
  net::Deadlines deadlines_;
  std::function<void()> gone_;
  User* user_ = nullptr;
  http::Reader responses_{http::Reader::Kind::response};
  std::unique_ptr<tls::Engine> waiting_;  // for the address
  std::unique_ptr<net::Resolution> resolution_;
  std::unique_ptr<net::Connection> connection_;
  unsigned uses_ = 0;
  bool over_ = false;
};

}  // namespace bothends::proxy
