// What a TLS connection came to, in words that are the same for every stack: derived from the transcript by our own
// codec.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "wire/codes.hpp"
#include "wire/transcript.hpp"

namespace bothends::policy {

enum class Party { client, server };  // the two roles on one leg
std::string_view name(Party party);

/// How far a connection came. Ordered.
enum class Stage {
  connect,             // no TCP connection, or no octet of TLS from either side
  client_hello,        // the ClientHello went out, no answer to it
  server_hello,        // ServerHello (or HelloRetryRequest) is there
  certificate,         // the server's certificate is there
  client_certificate,  // TLS 1.2: the client answered (Certificate or ClientKeyExchange); TLS 1.3: the server's
                       // Finished is there
  finished,            // this end holds both Finished messages, no request yet
  request,             // a request went over
  response,            // a response head came
  done                 // the exchange is complete
};
std::string_view name(Stage stage);

/// What both settled on (RFC 8446 section 4.1.1; RFC 5246 section 7.4.1.3). Zero or empty where it does not apply.
struct Agreement {
  std::uint16_t version = 0;
  std::uint16_t suite = 0;
  std::uint16_t group = 0;             // of the key exchange; 0 for RSA key transport and explicit DHE parameters
  std::uint16_t signature_scheme = 0;  // by which the server proved its key; 0 where none was negotiated
  std::string alpn;
  bool hello_retry = false;
  bool resumed = false;
  bool client_certificate_asked = false;
  bool client_certificate_sent = false;  // a non-empty Certificate by the client
  Bytes leaf;                            // DER; empty when resumed or (TLS 1.3, other end's view) not seen
  friend bool operator==(const Agreement&, const Agreement&) = default;
};
/// As far as the transcript tells: nullopt before ServerHello. A field the transcript does not reach is zero.
std::optional<Agreement> agreement_of(const wire::Transcript& transcript);
/// At most `finished`: requests are not in a transcript.
Stage stage_of(const wire::Transcript& transcript);

/// One thing wrong with a chain (RFC 5280 section 6; RFC 6125), the same words for every stack.
enum class Defect {
  expired,
  not_yet_valid,
  self_signed,
  unknown_issuer,
  incomplete,
  issuer_expired,
  wrong_name,
  no_subject_alt_name,
  wrong_purpose,
  weak_key,
  weak_signature,
  bad_signature,
  not_a_ca,
  path_too_long,
  revoked,
  none_sent,
  other
};
std::string_view name(Defect defect);
std::optional<Defect> defect_of(std::string_view name);

struct ChainProblem {
  Defect defect = Defect::other;
  unsigned depth = 0;   // 0 is the leaf
  std::string subject;  // of the certificate at that depth, as far as known; raw: printable() before showing
  std::string detail;   // "ended 30 days ago", "for other.test, asked for shop.test"; printable
  friend bool operator==(const ChainProblem&, const ChainProblem&) = default;
};

/// The certificates a peer presented and what is wrong with them. Problems are sorted: the one that names the cause
/// first.
struct ChainVerdict {
  std::vector<ChainProblem> problems;  // empty: trusted and, where a name was asked for, of that name
  std::vector<std::string> names;      // the leaf's DNS names and addresses (subjectAltName), raw
  std::string subject;                 // the leaf's, raw
  std::string issuer;                  // the leaf's, raw
  std::int64_t not_before = 0;         // the leaf's, seconds since 1970
  std::int64_t not_after = 0;
  unsigned sent = 0;  // how many certificates the peer sent

  bool ok() const { return problems.empty(); }
  bool has(Defect defect) const;
};

/// Why no agreement came about.
enum class Reason {
  no_shared_version,
  no_shared_suite,
  no_shared_group,
  no_shared_signature_scheme,
  no_shared_alpn,
  unknown_name,
  no_certificate,               // the server has none for what the client offers
  chain,                        // the client refused the server's chain: see the defect
  client_certificate_required,  // none was sent
  client_certificate_refused,   // one was sent and not trusted
  other
};
std::string_view name(Reason reason);
std::optional<Reason> reason_of(std::string_view name);

/// TLS said no: data, never an Error.
struct Refusal {
  Party by = Party::server;
  Reason reason = Reason::other;
  std::optional<std::uint8_t> alert;  // nullopt: closed without one
  std::optional<Defect> defect;       // with Reason::chain and client_certificate_refused
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// How one connection ended, as this end saw it.
struct Ending {
  enum class How {
    open,                // still open when we stopped looking
    closed,              // close_notify, or a complete HTTP exchange and then FIN
    alert_sent,          // by us: we refused
    alert_received,      // by the peer: it refused
    eof,                 // the peer's FIN without close_notify
    reset,               // the peer's RST
    timed_out,           // our deadline passed: "no answer", not "refused"
    connection_refused,  // TCP RST to our SYN
    unreachable,
    foreign,    // the peer does not speak TLS (see Transcript::foreign)
    malformed,  // the peer's octets made no sense
    failed,     // our stack gave up without an alert
    stopped,    // we closed it: the run ended
    broke_off   // we broke off in the middle, as we were told to (a fault)
  };
  How how = How::open;
  std::optional<std::uint8_t> alert;  // with alert_sent, alert_received
  Stage stage = Stage::connect;       // how far it had come
  std::chrono::microseconds at{0};    // since the connection was begun
  std::string note;                   // the stack's or the system's own words, printable: support, never evidence
};
std::string_view name(Ending::How how);

/// All that one engine knows of its connection.
struct Handshake {
  wire::Transcript transcript;
  bool complete = false;              // this end may send application data
  std::optional<ChainVerdict> chain;  // of the peer's chain, when this end asked for one and the peer sent one
  std::string note;                   // why the stack failed, in its own words, printable: support, never evidence
  Bytes spoke;                        // what this end said instead of TLS, its first 64 octets (a fault)
  bool fragmented = false;            // this end cut its handshake messages into many small records (a fault)
  bool fell_silent = false;           // this end stopped in the middle and said nothing more (a fault)
  std::vector<std::string> key_log;   // NSS key log lines (secrets!), when the settings ask for them

  std::optional<Agreement> agreement() const { return agreement_of(transcript); }
};

}  // namespace bothends::policy
