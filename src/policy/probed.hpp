// All that a probe says of one endpoint: the survey, and what we make of it ourselves.
#pragma once

#include <map>

#include "policy/negotiate.hpp"
#include "policy/survey.hpp"

namespace bothends::policy {

/// One certificate as sent, in words; subject, issuer and names are raw: printable() before showing.
struct CertificateFacts {
  std::string subject, issuer;
  std::vector<std::string> names;  // DNS names and addresses, the first 1000
  std::size_t more_names = 0;      // that are not listed
  Key key = Key::other;
  std::string key_name;  // "ECDSA P-256", "RSA 2048", or the algorithm's name for other keys
  unsigned bits = 0;
  std::string signature;  // "ecdsa-with-SHA256"
  std::int64_t not_before = 0, not_after = 0;
  bool is_ca = false;
  bool self_issued = false;
  std::string sha256;  // of the DER, hex
};

struct StapleFacts {
  /// `malformed` too when the responder says that it has no answer (RFC 6960 section 4.2.1: tryLater, …).
  enum class Status { none, good, revoked, unknown, malformed } status = Status::none;
  std::int64_t this_update = 0, next_update = 0;
  bool fits = false;  // it is about the leaf, and its signature is by the leaf's issuer or whom that delegated to
};

struct ChainFacts {
  std::vector<CertificateFacts> certificates;  // as sent, the first 100
  std::size_t more_certificates = 0;           // that were sent too
  ChainVerdict trust;                          // against the anchors asked for, without the name
  bool trust_known = true;                     // false: there were no anchors to judge by; `trust` holds the rest
  std::optional<bool> named;                   // is the leaf for the name asked? nullopt: no name was asked
  bool in_order = true;                        // each is issued by the next, those superfluous left out
  bool root_included = false;
  std::vector<std::size_t> superfluous;  // indices of certificates that belong to no path from the leaf, or come twice
  bool incomplete = false;               // what issued the leaf was not sent and is no anchor
  StapleFacts staple;
};

/// What one real stack made of the endpoint, against what the survey foretold.
struct CrossCheck {
  std::string stack;
  std::uint16_t version = 0;
  std::string foretold, seen;  // for people: "TLS_AES_128_GCM_SHA256, x25519", "alert handshake_failure (40)"
  enum class Is { equal, the_stacks, the_servers, unknown } is = Is::equal;
  std::string why;
};

/// Whose server it behaves like: the row of the manners (manners.hpp) that explains most of what it answered.
struct Likeness {
  std::string stack;       // empty: none explains enough, and what is foretold keeps to the RFCs
  unsigned explained = 0;  // by that row, or by the best of them
  unsigned answers = 0;    // that were compared

  friend bool operator==(const Likeness&, const Likeness&) = default;
};

struct Probed {
  std::string target;   // as given
  std::string address;  // numeric, with port
  std::string error;    // it could not be asked at all: unknown name, nobody listens; then nothing else is set
  Surveyed survey;
  std::vector<ChainFacts> chains;  // as survey.presented
  Likeness likeness;
  std::string anchors;  // "the system's 140" or the file's name
  unsigned connections = 0;
  std::chrono::microseconds round_trip{0};  // the shortest answer
  std::chrono::milliseconds took{0};
  unsigned throttled = 0;  // how often the target made us back off
  std::int64_t at = 0;     // seconds since 1970: what "days left" counts from
  std::vector<CrossCheck> cross_checks;
  std::map<std::string, Answer> hellos;  // by client id: what the real hellos of known clients got; empty: not sent
  bool interrupted = false;
};

/// The policy of one version, as negotiate() wants it; the default leaf goes first.
Policy policy_of(const Probed& probed, std::uint16_t version);

/// What the endpoint makes of offers for the name it was surveyed for, or for none or an unknown one: first the
/// version, then by what was seen of that version, with the alerts that were seen.
class Foreteller {
 public:
  /// By the manners of probed.likeness, or of another stack; `probed` must outlive it.
  explicit Foreteller(const Probed& probed);
  Foreteller(const Probed& probed, std::string_view stack);
  /// nullopt where the survey does not know enough.
  std::optional<Outcome> outcome(Offer offer) const;

 private:
  Outcome by(Offer offer, const VersionPolicy& found) const;
  /// Of a version that is not spoken.
  std::optional<std::uint8_t> alert_of(Offer offer, const VersionPolicy& found) const;

  const Probed& probed_;
  std::map<std::uint16_t, Policy> policies_;
};

/// One offer, see Foreteller.
std::optional<Outcome> foretell(const Offer& offer, const Probed& probed);
/// Why foretell() has no answer: a sentence, printable; empty when it has one.
std::string unknown_to(const Offer& offer, const Probed& probed);

}  // namespace bothends::policy
