// The catalogue of faults (faults.toml): one deliberate defect of one leg, by one word.
#pragma once

#include "path/path_record.hpp"
#include "run/scenario.hpp"

namespace bothends::run {

struct Fault {
  std::string name;  // "expired", "alert-40"
  path::Leg leg = path::Leg::origin;
  std::string about;  // what is wrong, to follow "the origin" or "the client leg": one line
  /// What a diagnosis may rightly name when the other side does not put up with it; the first is the usual one.
  std::vector<std::string> causes;
  bool fresh = false;  // pooling, resumption or back-off could colour it: a proxy process of its own

  // The certificates of the leg's server: the origin's, or those of the proxy's front.
  std::optional<certs::Kind> certificate;
  std::optional<policy::Key> key;
  std::string default_name;  // a certificate for this name comes first, the others are chosen by SNI
  // The TLS settings of our end: the origin, or the client.
  TlsSpec tls;
  bool no_alpn = false;
  // The leg's server wants a client certificate; `other_trust`: from an authority that nobody has one of.
  bool wants_certificate = false;
  bool other_trust = false;
  bool strict_sni = false;
  std::optional<proxy::NameSource> sni;  // of our client
  // Below and beside TLS.
  Conduct conduct;
};

/// Sorted by leg, then as in the file; "alert-N" stands for one for each alert.
const std::vector<Fault>& faults();
/// Error{value} with "did you mean".
Result<Fault> fault_named(path::Leg leg, std::string_view name);
/// The words for a matrix that says "all": with a few alerts in the place of alert-N.
std::vector<std::string> fault_names(path::Leg leg);

/// Makes stage and client faulty. The origin it strikes is the one that the route for `host` leads to. Otherwise why it
/// strikes nothing there: such a try is skipped, never accepted.
std::optional<std::string> apply(const Fault& fault, const std::string& host, StageSpec& stage, ClientSpec& client);
/// It changes the proxy's front, so that must be ours.
bool spoils_front(const Fault& fault);

}  // namespace bothends::run
