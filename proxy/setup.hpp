// What a reverse proxy is to do, neutral of which one: the embedded proxy does it, drivers write it as a configuration.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/place.hpp"
#include "tls/settings.hpp"

namespace bothends::proxy {

/// Where the SNI, and the name that is verified, come from.
struct NameSource {
  // host: the Host of the request, without port; upstream: OriginLeg::host
  enum class From { none, host, fixed, upstream } from = From::none;
  std::string fixed;
  friend bool operator==(const NameSource&, const NameSource&) = default;
};

/// One origin as the proxy must reach it.
struct OriginLeg {
  std::string origin;              // the scenario's name for it
  std::string host = "127.0.0.1";  // the name or address by which the proxy's configuration names it
  std::uint16_t port = 0;
  bool tls = true;  // false: clear text to the origin
  NameSource sni;
  /// The name checked with Verify::full; From::none: the SNI, or without one the Host.
  NameSource verify_name;
  tls::ClientSettings settings;   // versions, suites, groups, ALPN, trust, verify, client certificate
  std::string stack = "openssl";  // embedded proxy only
};

/// The same with `upstream` taken for what it stands for: a fixed name, and of an address no SNI (RFC 6066 section 3).
OriginLeg settled(OriginLeg leg);

struct Route {
  std::string match;  // "shop.test", "*.shop.test", or "default"
  OriginLeg leg;
  Place place;  // of the route in the scenario
};

/// HTTP statuses of the embedded proxy's failures.
struct Statuses {
  unsigned tls = 502, connect = 503, time = 504, no_route = 421;
};

struct Setup {
  tls::ServerSettings front;            // its certificates are chosen by SNI
  bool weak_certificates = false;       // the front's are below what libraries load unless told to
  std::string front_stack = "openssl";  // embedded proxy only
  std::vector<Route> routes;            // the most specific match wins, whatever their order
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds origin_timeout{10000};  // handshake and answer
  bool keep_alive = true;                           // towards the client
  bool pool = false;                                // keeps origin connections for later requests of the same route
  Statuses statuses;
  /// false: a real proxy's configuration says nothing of the origins but where they are and that they speak TLS. The
  /// legs then hold what the proxy does by itself.
  bool told = true;
};

/// The route for a request: by Host without port (or, when there is no Host, by SNI): exact, then the longest wildcard
/// (one label or more, as nginx and HAProxy do), then default. nullptr: none.
const Route* route_for(const std::vector<Route>& routes, std::string_view host);

}  // namespace bothends::proxy
