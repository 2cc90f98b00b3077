// Asking an endpoint for its whole policy: a planner that hands out questions and takes in answers. It knows neither
// sockets nor time; run/probe sends. Method: DESIGN.md's "survey", elimination (offer all that is left, drop what was
// chosen), an empty key_share where HelloRetryRequest tells enough.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "policy/policy.hpp"
#include "policy/question.hpp"

namespace bothends::policy {

enum class Known { no, yes, unknown };
enum class Preference { unknown, none, server, client, adaptive };  // none: there is nothing to choose among
std::string_view name(Known known);
std::string_view name(Preference preference);

/// What one version accepts.
struct VersionPolicy {
  std::uint16_t version = 0;
  Known spoken = Known::unknown;
  /// With which it refuses suites (when not spoken: the version), groups and schemes; nullopt: closes, or never did.
  std::optional<std::uint8_t> alert, group_alert, scheme_alert;
  wire::Codes suites;  // in the order in which the server takes them
  Preference suites_by = Preference::unknown;
  wire::Codes groups;
  Preference groups_by = Preference::unknown;
  wire::Codes schemes;                                          // by which its keys sign
  Preference schemes_by = Preference::unknown;                  // TLS 1.3; up to TLS 1.2 the suite comes first
  std::map<std::uint16_t, std::uint16_t> dh_bits;               // suite -> size of the prime
  wire::Codes unknown_suites, unknown_groups, unknown_schemes;  // asked, and neither accepted nor refused
  friend bool operator==(const VersionPolicy&, const VersionPolicy&) = default;
};

/// One chain that was presented, and for what.
struct Presented {
  std::vector<Bytes> chain;  // DER, as sent
  wire::Codes versions;      // in which it was seen
  wire::Codes schemes;       // by which its key signed
  Bytes staple;
  friend bool operator==(const Presented&, const Presented&) = default;
};

/// One line of the SNI map.
struct NameAnswer {
  enum class Case { none, unknown, given, mixed_case, trailing_dot, address } which = Case::given;
  std::string sni;  // what was sent
  Answer::Kind kind = Answer::Kind::none;
  std::optional<std::uint8_t> alert;
  std::optional<std::size_t> presented;  // index into Surveyed::presented
  Ending::How how = Ending::How::open;
  std::string note;
};

enum class ResumeBy { ticket, id, psk };
struct Resumption {
  Known ticket = Known::unknown;  // TLS 1.2, RFC 5077
  Known id = Known::unknown;      // TLS 1.2, by session id
  Known psk = Known::unknown;     // TLS 1.3
  struct Across {                 // a session of one name offered for another
    std::string from, to;
    std::uint16_t version = 0;
    Known accepted = Known::unknown;
  };
  std::vector<Across> across;
};

/// One of several unequal servers behind the address, told apart by the leaf that it presents.
struct Member {
  Bytes leaf;
  std::vector<VersionPolicy> versions;  // suites and groups seen from it; `unknown_…`: never seen from it, nor excluded
  unsigned answers = 0;
};

/// One question, and what matters of its answer.
struct Heard {
  Question question;
  Answer answer;                         // without certificates and issuers
  std::optional<std::size_t> presented;  // index into Surveyed::presented
  bool telling = false;                  // asked to tell one stack from another
};

struct Surveyed {
  std::optional<std::string> sni;       // that most questions carried
  std::vector<VersionPolicy> versions;  // TLS 1.3 down to SSLv3
  std::vector<Presented> presented;     // distinct chains; the first is what a modern client gets
  std::vector<NameAnswer> names;
  std::vector<std::string> alpn;  // accepted, in order; `alpn_known`
  Known alpn_known = Known::unknown;
  std::optional<std::uint8_t> alpn_alert;  // for a protocol it does not know; nullopt with alpn_known: it is ignored
  std::string alpn_otherwise;  // what it says to a client that offers nothing it knows (RFC 7301 forbids that)
  Known certificate_asked = Known::unknown;
  Known certificate_required = Known::unknown;
  std::vector<Bytes> issuers;
  Resumption resumption;
  Known compression = Known::unknown;
  Known secure_renegotiation = Known::unknown;
  Known extended_master_secret = Known::unknown;
  Known encrypt_then_mac = Known::unknown;
  Known large_hello = Known::unknown;  // tolerates a ClientHello of two packets
  Known grease = Known::unknown;
  std::vector<Member> members;       // empty: one server, as far as repeated questions tell
  std::vector<std::string> unknown;  // sentences: what is not known, and why; empty: the survey is complete
  std::string foreign;               // not TLS at all: the first octets, printable
  unsigned questions = 0;            // asked, repetitions included
  /// For likeness_of(): no part of a report. The first `most_heard`, and those asked to tell stacks apart.
  std::vector<Heard> heard;

  static constexpr std::size_t most_heard = 96;

  bool complete() const { return unknown.empty(); }
  const VersionPolicy* version(std::uint16_t version) const;
};

struct SurveySettings {
  std::optional<std::string> sni;  // the name the endpoint is for; nullopt: none is sent
  std::vector<std::string> names;  // further ones for the SNI map
  bool sweep = false;              // all 65,536 suite codes, not only registered ones
};

class Survey {
 public:
  explicit Survey(SurveySettings settings);
  ~Survey();

  struct Numbered {
    std::size_t number;
    Question question;
  };
  /// Up to `room` questions that may be asked now, all side by side. Empty though not done(): answers are missing.
  std::vector<Numbered> next(std::size_t room);
  /// The answer to a question handed out, each once, in any order. A question without an answer is handed out again
  /// later, up to `attempts`.
  void absorb(std::size_t number, Answer answer);
  bool done() const;
  /// Stops asking: what is not known stays unknown, with this reason.
  void give_up(std::string_view reason);
  /// As far as it came; whole when done().
  Surveyed result() const;

  static constexpr unsigned attempts = 4;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace bothends::policy
