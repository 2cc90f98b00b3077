// A chain on one loop: clients, the embedded proxy, origins; certificates from one mint.
#pragma once

#include <doctest/doctest.h>

#include <list>

#include "certs/mint.hpp"
#include "http/http1.hpp"
#include "proxy/proxy.hpp"
#include "tests/net/support.hpp"
#include "tls/stacks.hpp"

namespace bothends::proxy::test {

using net::milliseconds;

/// Of the whole test program.
certs::Mint& mint();
tls::Credential certificate(const std::string& name, certs::Kind kind = certs::Kind::good);

/// An origin that answers with 200 and what it was asked for, unless `answer` says otherwise.
class Origin {
 public:
  struct Visit {
    std::unique_ptr<net::Connection> connection;
    http::Reader requests{http::Reader::Kind::request};
    std::string body;
    std::optional<policy::Ending> ending;
  };
  using Answer = std::function<void(Visit&, const http::Request&)>;

  explicit Origin(net::Loop& loop, const std::string& stack = "openssl", tls::ServerSettings settings = {});
  std::uint16_t port() const { return listener_->port(); }
  std::size_t live() const;

  bool farewell = true;                 // false: new connections end with FIN and no close_notify
  Answer answer;                        // to a complete request; its body is in `body`
  std::function<void(Visit&)> came;     // instead of reading requests: plaintext is there
  std::vector<http::Request> requests;  // complete ones, with bodies
  std::list<Visit> visits;

 private:
  void add(std::unique_ptr<net::Connection> connection);
  void read(Visit& visit);
  std::unique_ptr<net::Listener> listener_;
};

void send(Origin::Visit& visit, const http::Response& response);

struct Client {
  /// `request` goes out when the handshake is complete.
  Client(net::Loop& loop, std::uint16_t port, std::string request = "", const std::string& sni = "shop.test",
         const std::string& stack = "openssl");
  void send(std::string_view octets) { connection->write(view_of(octets)); }
  /// What has come, as whole responses; the last one may be cut off.
  std::vector<http::Response> answers;
  std::vector<std::string> bodies;
  bool reads = true;
  bool cut_off = false;
  std::string cut_body;
  std::uint64_t body_octets = 0;
  std::optional<policy::Ending> ending;
  http::Reader responses{http::Reader::Kind::response};
  std::unique_ptr<net::Connection> connection;

 private:
  void read();
};

/// Loop, an origin "shop" for shop.test, and a proxy whose setup may be changed before start().
struct Chain {
  explicit Chain(const std::string& origin_stack = "openssl", tls::ServerSettings origin_settings = {});
  void start();
  /// A new client whose handshake is over, well or not.
  Client& client(std::string_view octets = "", const std::string& sni = "shop.test",
                 const std::string& stack = "openssl");
  /// One request on a connection of its own, to its end; the status.
  unsigned ask(std::string_view octets);
  void until(const std::function<bool()>& done) { net::test::turn_until(loop, done); }
  bool logged(std::string_view what) const;

  net::Loop loop;
  Origin origin;
  Setup setup;
  std::unique_ptr<Proxy> proxy;
  std::list<Client> clients;
};

tls::ServerSettings server_for(const std::string& name, certs::Kind kind = certs::Kind::good);
inline std::string get(const std::string& path = "/") { return "GET " + path + " HTTP/1.1\r\nHost: shop.test\r\n\r\n"; }

}  // namespace bothends::proxy::test
