// Everything that both ends saw of one try: the evidence of verdicts and findings.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "policy/handshake.hpp"
#include "policy/policy.hpp"

namespace bothends::path {

enum class Leg { client, origin };  // client↔proxy · proxy↔origin
enum class Side { client, proxy, origin };
std::string_view name(Leg leg);
std::string_view name(Side side);

/// One request and its answer on one connection. On the origin leg the request is what the proxy really sent.
struct Exchange {
  std::optional<http::Request> request;
  std::optional<http::Response> response;
  bool complete = false;  // the whole response went over
};

/// One connection of one leg, seen from our end: the client on the client leg, the origin on the origin leg.
struct Observation {
  Leg leg = Leg::client;
  std::string
      name;  // the origin's name in the scenario; of the client its stack and profile: "openssl", "openssl like chrome"
  bool tls = true;   // false: clear text was asked for on this leg
  std::string peer;  // "127.0.0.1:4711"
  std::string local;
  std::chrono::microseconds begun{0};  // since the try was begun
  policy::Handshake handshake;
  policy::Ending ending;
  std::vector<Exchange> exchanges;
  bool reused = false;  // opened by an earlier try, used again by this one
  /// What our end said instead of TLS, because it was told to or by a fault: the first 64 octets.
  Bytes spoke;
  /// Our independent examination of the chain that this leg's server presented, with the trust and the name that this
  /// leg's client was told to use (whether or not it was told to verify). nullopt: no chain went over, or no trust is
  /// known.
  std::optional<policy::ChainVerdict> chain;
};

/// What we know beforehand of one leg's two TLS endpoints because we set them up ourselves. Absent for parties we did
/// not.
struct Known {
  /// The proxy's face towards the client, as configured; no versions: of a TLS library whose habits are not known, so
  /// that nothing can be foretold of it.
  std::optional<policy::Policy> proxy;
  std::optional<policy::Policy> origin;  // the policy of the origin that the route leads to
  std::string origin_name;               // and its name in the scenario; empty: no route for this request
  bool origin_tls = true;                // the origin speaks TLS
  bool proxy_origin_tls = true;          // the proxy was told to speak TLS to it
  /// The client certificate that the proxy was told to send to the origin, with its chain in DER; empty: none.
  std::vector<Bytes> proxy_certificate;
  policy::Verify proxy_verifies = policy::Verify::none;  // as configured
  policy::Verify client_verifies = policy::Verify::full;
  std::string checked_name;                 // that the proxy checks in the origin's certificate; empty: not known
  std::string origin_address;               // "127.0.0.1:4711"
  std::vector<policy::Defect> proxy_minds;  // refuses these in the origin's certificate although it does not verify
  /// What is wrong with the client certificate that our client sent, by the trust that the proxy was given for it.
  std::vector<policy::Defect> proxy_finds;
  /// What to change in this proxy's configuration, by cause; of causes on the client leg by "client.CAUSE".
  std::map<std::string, std::string> fixes;
};

struct PathRecord {
  std::string url;
  std::string host;   // what the client asked for: its Host, without port
  std::string proxy;  // "builtin", "nginx", …
  Observation client;
  std::vector<Observation> origins;  // in the order of their begin; empty: no connection reached any origin
  Known known;
  std::vector<std::string> proxy_log;  // what the proxy logged during the try; printable; support, never evidence
  std::chrono::microseconds took{0};
};

}  // namespace bothends::path
