// What can go wrong between the client and the proxy.
#include <algorithm>

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
  Finding found = finding("tls-refused", Leg::client, Side::client, record.client.ending.stage, Certainty::undecided,
                          std::move(evidence));
  found.candidates = causes_of_alert(alert->description);
  return found;
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
  const std::vector<std::string> candidates = causes_of_alert(alert->description);
  Finding found = finding(candidates.size() == 1 ? candidates.front() : "tls-refused", Leg::client, Side::proxy,
                          record.client.ending.stage,
                          candidates.size() == 1 ? Certainty::inferred : Certainty::undecided, std::move(evidence));
  if (candidates.size() > 1) found.candidates = candidates;
  return found;
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
  static const std::vector<Rule> rules{unreachable,      not_tls,          refused_by_client,
                                       refused_by_proxy, refused_silently, ended_early};
  return rules;
}

}  // namespace bothends::path
