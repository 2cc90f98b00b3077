// Where the origin leg breaks below or beside TLS, told from what the origin itself did and got.
#include <algorithm>

#include "base/text.hpp"
#include "path/rules.hpp"

namespace bothends::path {

namespace {

using How = policy::Ending::How;
using policy::Stage;

constexpr std::size_t one_packet = 1200;       // octets of a ClientHello that surely fit into one, RFC 8446 or not
constexpr std::size_t least_chain = 16 << 10;  // octets of a Certificate message that somebody may find too many

/// The origin answered with octets of its own that are neither TLS nor an alert.
Story spoke_otherwise(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || !origin->tls || origin->spoke.empty() || served(record)) return std::nullopt;
  if (origin->spoke[0] == wire::alert || is_tls(origin->spoke)) return std::nullopt;
  std::vector<std::string> evidence;
  if (origin->handshake.transcript.client_hello())
    evidence.push_back("the origin received a TLS ClientHello from the proxy");
  evidence.push_back(say_start(origin->spoke, "the origin"));
  evidence.push_back(say_client(record));
  return finding(is_http(origin->spoke) ? "plaintext-vs-tls" : "not-tls", Leg::origin, std::nullopt,
                 Stage::client_hello, Certainty::certain, std::move(evidence));
}

std::string stood_at(const Observation& origin) {
  return "the origin's connection stood at " + std::string(policy::name(origin.ending.stage));
}

/// The origin itself ended the connection in the middle.
Story broke_off(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || origin->ending.how != How::broke_off) return std::nullopt;
  return finding("origin-aborted", Leg::origin, Side::origin, origin->ending.stage, Certainty::certain,
                 {stood_at(*origin) + " when the origin ended it", say_client(record)});
}

Story fell_silent(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || !origin->handshake.fell_silent || served(record)) return std::nullopt;
  return finding("no-answer", Leg::origin, std::nullopt, origin->ending.stage, Certainty::certain,
                 {stood_at(*origin) + " when the origin fell silent", say_client(record)});
}

/// The first packet of a large ClientHello came, and never the rest: something on the way drops it.
Story large_hello(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || served(record)) return std::nullopt;
  const wire::Transcript& transcript = origin->handshake.transcript;
  const auto& cut = transcript.unfinished;
  if (!cut || cut->type != wire::handshake || cut->announced < one_packet || transcript.client_hello())
    return std::nullopt;
  return finding("pq-large-clienthello", Leg::origin, std::nullopt, Stage::client_hello, Certainty::inferred,
                 {"the origin received " + std::to_string(cut->here) + " of the " + std::to_string(cut->announced) +
                      " octets of the proxy's ClientHello, and then nothing",
                  say_client(record)});
}

/// h2 was agreed on, and what then went over is not HTTP/2.
Story broken_http2(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || served(record)) return std::nullopt;
  const auto agreed = origin->handshake.agreement();
  if (!agreed || agreed->alpn != "h2" || !origin->handshake.complete) return std::nullopt;
  if (first_alert(origin->handshake.transcript)) return std::nullopt;
  if (origin->chain && !minded(*origin->chain, record.known).ok()) return std::nullopt;
  return finding(
      "h2-origin-520", Leg::origin, std::nullopt, origin->ending.stage, Certainty::certain,
      {"both sides agreed on ALPN h2", "the origin does not speak HTTP/2 on this connection", say_client(record)});
}

/// RFC 8446 section 5.1 and RFC 5246 section 6.2.1 let a message be cut at any place.
Story fragments_refused(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || served(record) || !origin->handshake.fragmented || origin->handshake.complete) return std::nullopt;
  std::vector<std::string> evidence{"the origin sent its handshake messages in many small records",
                                    "the proxy then ended the handshake"};
  const auto alert = first_alert(origin->handshake.transcript);
  if (alert && alert->direction == wire::Direction::received)
    evidence.push_back(say_alert("the proxy", "the origin", alert->description));
  evidence.push_back(say_client(record));
  return finding("fragments-refused", Leg::origin, Side::proxy, origin->ending.stage, Certainty::inferred,
                 std::move(evidence));
}

/// The proxy left at the certificate, nothing is wrong with the chain, and it is a very large one.
Story oversize_chain(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || served(record)) return std::nullopt;
  const wire::Event* sent = origin->handshake.transcript.message(wire::certificate);
  if (!sent || sent->direction != wire::Direction::sent || sent->bytes.size() < least_chain) return std::nullopt;
  if (origin->chain && !minded(*origin->chain, record.known).ok()) return std::nullopt;
  std::vector<std::string> evidence{"the origin's Certificate message has " + std::to_string(sent->bytes.size()) +
                                    " octets"};
  const auto alert = first_alert(origin->handshake.transcript);
  const bool by_proxy = alert && alert->direction == wire::Direction::received;
  if (by_proxy) evidence.push_back(say_alert("the proxy", "the origin", alert->description));
  evidence.push_back(say_client(record));
  return finding("oversize-chain", Leg::origin, by_proxy ? std::optional(Side::proxy) : std::nullopt,
                 Stage::certificate, Certainty::inferred, std::move(evidence));
}

/// RFC 6066 section 3 lets a server warn and go on; some clients take the warning for a refusal.
Story minded_warning(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || served(record)) return std::nullopt;
  const auto& events = origin->handshake.transcript.events;
  const auto warned = std::ranges::any_of(events, [](const wire::Event& event) {
    return event.direction == wire::Direction::sent && event.type == wire::alert && event.bytes.size() == 2 &&
           event.bytes[0] == wire::warning && event.bytes[1] == wire::unrecognized_name;
  });
  if (!warned || origin->handshake.complete) return std::nullopt;
  return finding("sni-unknown", Leg::origin, Side::proxy, origin->ending.stage, Certainty::inferred,
                 {"the origin warned that it does not know the name (unrecognized_name) and went on",
                  "the proxy then ended the handshake", say_client(record)});
}

}  // namespace

const std::vector<Rule>& break_rules() {
  static const std::vector<Rule> rules{spoke_otherwise, broke_off,    fell_silent,    large_hello,
                                       minded_warning,  broken_http2, oversize_chain, fragments_refused};
  return rules;
}

}  // namespace bothends::path
