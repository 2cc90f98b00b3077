// One recording origin: serves what its spec says and keeps what it saw of every connection. What it keeps is bounded,
// also when the proxy is out of control: of one try it records 1,000 connections, 256 requests on each and 64 KiB of
// every body; further connections are reset, further requests get the last answer of their connection.
#pragma once

#include <list>
#include <memory>

#include "http/http1.hpp"
#include "net/connection.hpp"
#include "path/path_record.hpp"
#include "run/scenario.hpp"

namespace bothends::run {

class Origin {
 public:
  /// `settings` are the spec's, with its certificates made. The listener is where the spec says, else on
  /// 127.0.0.1, on a port of its own.
  static Result<std::unique_ptr<Origin>> start(net::Loop& loop, const OriginSpec& spec,
                                               const tls::ServerSettings& settings);
  ~Origin();

  const OriginSpec& spec() const { return spec_; }
  const tls::ServerSettings& settings() const { return settings_; }
  std::uint16_t port() const { return port_; }
  /// The address it listens on: "127.0.0.1".
  const std::string& host() const { return host_; }

  /// No connection is in the middle of a handshake or a request, and none is open that never carried a request.
  bool quiet() const;
  /// Everything seen since the last take, in the order of begin. Idle connections stay open and are reported again, as
  /// `reused`, when they carry a further request; those that are not idle are reset, and said to be open.
  std::vector<path::Observation> take();
  /// What came since the last take belongs to no try and is dropped; times count from `now`.
  void begin_try(net::microseconds now);

 private:
  struct Live;
  Origin(net::Loop& loop, OriginSpec spec, tls::ServerSettings settings);
  std::unique_ptr<tls::Engine> engine() const;
  void accepted(std::unique_ptr<net::Connection> connection);
  void say(Live& live, View octets);
  void received(Live& live);
  void serve(Live& live, http::Reader::State state);
  bool host_allowed(const Live& live, const http::Request& request) const;
  http::Response response_to(const Live& live, const http::Request& request) const;
  void answer(Live& live);
  void withhold(Live& live);
  void refuse(Live& live);
  void ended(Live& live, const policy::Ending& ending);
  path::Observation report(Live& live) const;

  net::Loop& loop_;
  OriginSpec spec_;
  tls::ServerSettings settings_;
  std::shared_ptr<const tls::ServerContext> context_;
  std::string host_ = "127.0.0.1";
  std::uint16_t port_ = 0;
  net::microseconds try_begun_{0};
  std::size_t untaken_ = 0;                         // connections since the last take
  std::unique_ptr<net::ReservedPort> closed_port_;  // with Conduct::Reach: held, never listened on or deaf
  std::list<Live> live_;                            // stable addresses: callbacks hold them
  std::unique_ptr<net::Listener> listener_;         // last: gone first, so that nothing arrives while the rest goes
};

}  // namespace bothends::run
