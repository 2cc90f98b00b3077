// What can go wrong between the client and the proxy.
#include <algorithm>

#include "base/text.hpp"
#include "path/rules.hpp"
#include "policy/negotiate.hpp"

namespace bothends::path {

namespace {

using How = policy::Ending::How;
using policy::Stage;

const wire::Transcript& transcript(const PathRecord& record) { return record.client.handshake.transcript; }

bool is_foretellable(const std::optional<policy::Policy>& proxy) { return proxy && !proxy->versions.empty(); }

Story unreachable(const PathRecord& record) {
  const How how = record.client.ending.how;
  if (how != How::connection_refused && how != How::unreachable) return std::nullopt;
  return finding("proxy-unreachable", Leg::client, std::nullopt, Stage::connect, Certainty::certain,
                 {"the client's connection to the proxy ended as " + std::string(policy::name(how))});
}

Story not_tls(const PathRecord& record) {
  const Bytes& foreign = transcript(record).foreign;
  if (foreign.empty()) return std::nullopt;
  return finding(is_http(foreign) ? "plaintext-vs-tls" : "not-tls", Leg::client, std::nullopt, Stage::client_hello,
                 Certainty::certain, {"the client sent a ClientHello", say_start(foreign, "the proxy")});
}

// The client itself did not speak TLS.
Story spoke_otherwise(const PathRecord& record) {
  const Bytes& spoke = record.client.spoke;
  if (spoke.empty() || spoke[0] == wire::alert || is_tls(spoke)) return std::nullopt;
  std::vector<std::string> evidence{say_start(spoke, "the client")};
  const Bytes& foreign = transcript(record).foreign;
  if (!foreign.empty()) evidence.push_back(say_start(foreign, "the proxy"));
  return finding(is_http(spoke) ? "plaintext-vs-tls" : "not-tls", Leg::client, Side::proxy, Stage::client_hello,
                 Certainty::certain, std::move(evidence));
}

Story broke_off(const PathRecord& record) {
  const bool silent = record.client.handshake.fell_silent;
  if (answered(record) || (record.client.ending.how != How::broke_off && !silent)) return std::nullopt;
  // What the proxy said to a client that had ended the connection already is an answer to that.
  const auto alert = first_alert(transcript(record));
  if (alert && (silent || alert->direction == wire::Direction::sent)) return std::nullopt;
  return finding(
      "client-aborted", Leg::client, Side::client, record.client.ending.stage, Certainty::certain,
      {"the client's connection to the proxy stood at " + std::string(policy::name(record.client.ending.stage)) +
       " when the client " + (silent ? "fell silent" : "ended it")});
}

Story fragments_refused(const PathRecord& record) {
  if (!record.client.handshake.fragmented || record.client.handshake.complete) return std::nullopt;
  return finding("fragments-refused", Leg::client, Side::proxy, record.client.ending.stage, Certainty::inferred,
                 {"the client sent its ClientHello in many small records",
                  "the proxy then ended the connection as " + std::string(policy::name(record.client.ending.how))});
}

// mbedTLS refuses a missing client certificate of TLS 1.3 under keys that the client cannot read; all that the client
// can say of it is bad_record_mac.
Story certificate_missed_unreadably(const PathRecord& record) {
  const auto agreed = record.client.handshake.agreement();
  const auto alert = first_alert(transcript(record));
  if (!agreed || !alert || alert->direction != wire::Direction::sent || answered(record)) return std::nullopt;
  if (alert->description != wire::bad_record_mac || !record.known.proxy || !record.origins.empty()) return std::nullopt;
  if (record.known.proxy->client_certificate != policy::ClientCertificate::required) return std::nullopt;
  if (!agreed->client_certificate_asked || record.client.ending.stage < Stage::client_certificate) return std::nullopt;
  const bool sent = agreed->client_certificate_sent;
  if (sent && record.known.proxy_finds.empty()) return std::nullopt;
  return finding(sent ? "client-certificate-refused" : "client-certificate-wanted", Leg::client, Side::proxy,
                 record.client.ending.stage, Certainty::inferred,
                 {"the proxy, as configured, requires a client certificate, and asked for one",
                  sent ? "the client sent one that the proxy does not trust" : "the client sent none",
                  "the proxy then sent what the client could not decrypt, and no connection reached any origin"});
}

// Many a front finishes the handshake first and then says in HTTP that it misses a client certificate.
Story certificate_missed(const PathRecord& record) {
  const auto agreed = record.client.handshake.agreement();
  if (!agreed || !record.known.proxy || !record.origins.empty()) return std::nullopt;
  if (record.known.proxy->client_certificate != policy::ClientCertificate::required) return std::nullopt;
  const unsigned status = client_status(record);
  if (!agreed->client_certificate_asked || status < 400 || status >= 500) return std::nullopt;
  const bool sent = agreed->client_certificate_sent;
  if (sent && record.known.proxy_finds.empty()) return std::nullopt;
  return finding(sent ? "client-certificate-refused" : "client-certificate-wanted", Leg::client, Side::proxy,
                 Stage::response, Certainty::inferred,
                 {"the proxy, as configured, requires a client certificate, and asked for one",
                  sent ? "the client sent one" : "the client sent none",
                  "the client got status " + std::to_string(status) + ", and no connection reached any origin"});
}

// RFC 7301 section 3.1: the answer is one of the protocols that were offered. Some servers answer with their own.
Story unoffered_protocol(const PathRecord& record, std::uint8_t alert) {
  const auto agreed = record.client.handshake.agreement();
  const auto hello = transcript(record).client_hello();
  if (!agreed || !hello || agreed->alpn.empty()) return std::nullopt;
  const std::vector<std::string> offered = policy::offer_of(*hello).alpn;
  if (offered.empty() || std::ranges::find(offered, agreed->alpn) != offered.end()) return std::nullopt;
  return finding("alpn-mismatch", Leg::client, Side::client, record.client.ending.stage, Certainty::certain,
                 {"the client offered ALPN " + printable(join(offered, ", "), 200),
                  "the proxy answered with " + printable(agreed->alpn, 64) + ", which was not offered",
                  say_alert("the client", "the proxy", alert)});
}

// We refused: our own verdict on the chain, or on what the proxy chose.
Story refused_by_client(const PathRecord& record) {
  const auto alert = first_alert(transcript(record));
  if (!alert || alert->direction != wire::Direction::sent) return std::nullopt;
  std::vector<std::string> evidence{say_alert("the client", "the proxy", alert->description)};
  // The client's own check decides what it minded; the independent one has more words for it.
  if (record.client.handshake.chain && !record.client.handshake.chain->ok()) {
    const policy::ChainVerdict chain =
        minded(record.client.chain.value_or(*record.client.handshake.chain), record.known.client_verifies);
    for (const auto& problem : chain.problems) evidence.push_back(say_problem(problem, "the proxy"));
    return finding(cause_of_chain(chain, cause_of_name(record.client, record.known.proxy, record.host)), Leg::client,
                   Side::client, Stage::certificate, Certainty::certain, std::move(evidence));
  }
  if (auto story = unoffered_protocol(record, alert->description)) return story;
  return finding_by_alert(alert->description, Leg::client, Side::client, record.client.ending.stage,
                          std::move(evidence));
}

Story refused_by_proxy(const PathRecord& record) {
  const auto alert = first_alert(transcript(record));
  if (!alert || alert->direction != wire::Direction::received) return std::nullopt;
  std::vector<std::string> evidence{"the client received the alert " +
                                    wire::name(wire::Registry::alert, alert->description) + " (" +
                                    std::to_string(alert->description) + ") from the proxy"};
  const auto hello = transcript(record).client_hello();
  if (hello && is_foretellable(record.known.proxy)) {
    policy::Offer offer = policy::offer_of(*hello);
    offer.has_certificate =
        transcript(record).client_certificate() && !transcript(record).client_certificate()->entries.empty();
    offer.server_finds = record.known.proxy_finds;
    const policy::Outcome foretold = policy::negotiate(offer, *record.known.proxy);
    if (const auto* refusal = std::get_if<policy::Refusal>(&foretold);
        refusal && refusal->by == policy::Party::server) {
      say_disagreement(evidence, refusal->reason, offer, "the client", *record.known.proxy,
                       "the proxy, as configured,");
      const bool same = refusal->alert == alert->description;
      return finding(cause_of_refusal(*refusal, offer, *record.known.proxy, Leg::client), Leg::client, Side::proxy,
                     record.client.ending.stage, same ? Certainty::certain : Certainty::inferred, std::move(evidence));
    }
  }
  return finding_by_alert(alert->description, Leg::client, Side::proxy, record.client.ending.stage,
                          std::move(evidence));
}

// A server that closes without a word, where its configuration says that it would.
Story refused_silently(const PathRecord& record) {
  const auto hello = transcript(record).client_hello();
  if (record.client.handshake.complete || !hello || !is_foretellable(record.known.proxy)) return std::nullopt;
  if (first_alert(transcript(record))) return std::nullopt;
  if (record.client.ending.how != How::eof && record.client.ending.how != How::reset) return std::nullopt;
  const policy::Offer offer = policy::offer_of(*hello);
  const policy::Outcome foretold = policy::negotiate(offer, *record.known.proxy);
  const auto* refusal = std::get_if<policy::Refusal>(&foretold);
  if (!refusal || refusal->by != policy::Party::server || refusal->alert) return std::nullopt;
  std::vector<std::string> evidence{"the proxy closed the connection during the handshake, without an alert"};
  say_disagreement(evidence, refusal->reason, offer, "the client", *record.known.proxy, "the proxy, as configured,");
  return finding(cause_of_refusal(*refusal, offer, *record.known.proxy, Leg::client), Leg::client, Side::proxy,
                 record.client.ending.stage, Certainty::inferred, std::move(evidence));
}

// Our client was told to verify and to meet weak peers too: what it put up with, others do not.
Story weak_certificate(const PathRecord& record) {
  if (!record.client.handshake.complete || !record.client.chain) return std::nullopt;
  const policy::ChainVerdict chain = minded(*record.client.chain, record.known.client_verifies);
  if (chain.ok()) return std::nullopt;
  std::vector<std::string> evidence;
  for (const auto& problem : chain.problems) evidence.push_back(say_problem(problem, "the proxy"));
  evidence.push_back("this client went on all the same; those of today do not");
  return finding(cause_of_chain(chain, cause_of_name(record.client, record.known.proxy, record.host)), Leg::client,
                 std::nullopt, Stage::certificate, Certainty::inferred, std::move(evidence));
}

Story ended_early(const PathRecord& record) {
  if (record.client.handshake.complete) return std::nullopt;
  const policy::Ending& ending = record.client.ending;
  std::vector<std::string> evidence{"the client's handshake with the proxy stood at " +
                                    std::string(policy::name(ending.stage)) + " when it ended as " +
                                    std::string(policy::name(ending.how))};
  if (!transcript(record).malformed.empty())
    evidence.push_back("what the proxy sent made no sense: " + transcript(record).malformed);
  const std::string_view cause = ending.how == How::timed_out   ? "no-answer"
                                 : ending.how == How::malformed ? "not-tls"
                                                                : "connection-lost";
  return finding(cause, Leg::client, std::nullopt, ending.stage, Certainty::certain, std::move(evidence));
}

}  // namespace

const std::vector<Rule>& client_rules() {
  static const std::vector<Rule> rules{
      unreachable,       spoke_otherwise,   broke_off,        certificate_missed_unreadably,
      not_tls,           refused_by_client, refused_by_proxy, certificate_missed,
      fragments_refused, refused_silently,  weak_certificate, ended_early};
  return rules;
}

}  // namespace bothends::path
