// What can go wrong between the proxy and the origin, told from the origin's end and from what the client got.
#include <algorithm>

#include "base/text.hpp"
#include "path/rules.hpp"
#include "policy/negotiate.hpp"

namespace bothends::path {

namespace {

using How = policy::Ending::How;
using policy::Stage;

const wire::Transcript& transcript(const Observation& origin) { return origin.handshake.transcript; }

std::string say_sni(const wire::ClientHello& hello) {
  const auto sni = hello.sni();
  return sni ? "the ClientHello that the origin received asks for " + printable(*sni, 100)
             : "the ClientHello that the origin received has no SNI";
}

void add_chain(std::vector<std::string>& evidence, const Observation& origin, const policy::ChainVerdict& chain) {
  if (const auto hello = transcript(origin).client_hello()) evidence.push_back(say_sni(*hello));
  for (const auto& problem : chain.problems) evidence.push_back(say_problem(problem, "the origin"));
}

policy::Offer offer_to(const Observation& origin) {
  policy::Offer offer = policy::offer_of(*transcript(origin).client_hello());
  const auto certificate = transcript(origin).client_certificate();
  offer.has_certificate = certificate && !certificate->entries.empty();
  if (origin.handshake.chain)
    for (const auto& problem : origin.handshake.chain->problems) offer.server_finds.push_back(problem.defect);
  return offer;
}

Story no_route(const PathRecord& record) {
  if (!record.known.proxy || !record.known.origin_name.empty() || served(record)) return std::nullopt;
  return finding("no-route", Leg::origin, Side::proxy, Stage::connect, Certainty::certain,
                 {"no route of the proxy matches " + printable(record.host, 100), say_client(record)});
}

// No connection came, and the client was told that something is wrong.
Story unreachable(const PathRecord& record) {
  // With a proxy that runs already there may be no origin of ours behind it: silence there says nothing.
  if (!record.known.proxy || !record.origins.empty()) return std::nullopt;
  if (answered(record) && client_status(record) < 500) return std::nullopt;
  std::vector<std::string> evidence{"no connection reached any origin", say_client(record)};
  if (!record.known.origin_address.empty())
    evidence.push_back("the proxy's route leads to " + record.known.origin_address);
  return finding("origin-unreachable", Leg::origin, std::nullopt, Stage::connect, Certainty::inferred,
                 std::move(evidence));
}

// The origin was told not to speak TLS, and the proxy does.
Story tls_to_plain(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || origin->tls || served(record)) return std::nullopt;
  const Bytes& came = transcript(*origin).foreign;
  std::vector<std::string> evidence;
  evidence.push_back(is_tls(came)   ? "the origin received a TLS ClientHello from the proxy"
                     : came.empty() ? "the origin received nothing from the proxy"
                                    : say_start(came, "the proxy"));
  evidence.push_back(origin->spoke.empty() ? "the origin sent nothing" : say_start(origin->spoke, "the origin"));
  evidence.push_back(say_client(record));
  const bool closed_by_origin = origin->ending.how == How::closed && origin->spoke.empty() && came.empty();
  std::string_view cause = "not-tls";
  if (is_http(origin->spoke)) cause = "plaintext-vs-tls";
  if (closed_by_origin)
    cause = "connection-lost";
  else if (origin->spoke.empty() || is_tls(origin->spoke))
    cause = "no-answer";
  return finding(cause, Leg::origin, std::nullopt, Stage::client_hello, Certainty::certain, std::move(evidence));
}

// The origin speaks TLS, and the proxy does not.
Story plain_to_tls(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || !origin->tls || transcript(*origin).foreign.empty()) return std::nullopt;
  const Bytes& came = transcript(*origin).foreign;
  return finding(is_http(came) ? "plaintext-vs-tls" : "not-tls", Leg::origin, Side::origin, Stage::client_hello,
                 Certainty::certain, {"the origin speaks TLS", say_start(came, "the proxy"), say_client(record)});
}

// RFC 8446 section 4.4.2.2, RFC 5246 section 7.4.6: a client may send no certificate when none is from the authorities
// that the server names. An issuer's name stands in the certificate as it does in the list.
bool was_held_back(const PathRecord& record, const Observation& origin) {
  const auto request = transcript(origin).certificate_request();
  if (!request || record.known.proxy_certificate.empty()) return false;
  const std::vector<Bytes> issuers = request->acceptable_issuers();
  return !issuers.empty() && std::ranges::none_of(issuers, [&](const Bytes& issuer) {
    return std::ranges::any_of(record.known.proxy_certificate, [&](const Bytes& certificate) {
      return !std::ranges::search(certificate, issuer).empty();
    });
  });
}

// Both the hello and the policy are known exactly: the predictor names the reason.
Story refused_by_origin(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin) return std::nullopt;
  const auto alert = first_alert(transcript(*origin));
  if (!alert || alert->direction != wire::Direction::sent) return std::nullopt;
  std::vector<std::string> evidence{say_alert("the origin", "the proxy", alert->description)};
  if (transcript(*origin).client_hello() && record.known.origin) {
    const policy::Offer offer = offer_to(*origin);
    const policy::Outcome foretold = policy::negotiate(offer, *record.known.origin);
    const auto* refusal = std::get_if<policy::Refusal>(&foretold);
    const bool explained = refusal && refusal->by == policy::Party::server;
    const policy::Reason reason = explained ? refusal->reason : policy::Reason::other;
    say_disagreement(evidence, reason, offer, "the proxy", *record.known.origin, "the origin");
    if (reason == policy::Reason::client_certificate_required && was_held_back(record, *origin)) {
      evidence.push_back(
          "the proxy was told of a certificate and sent none: it is from none of the authorities that "
          "the origin named");
      return finding("client-certificate-refused", Leg::origin, Side::origin, origin->ending.stage, Certainty::inferred,
                     std::move(evidence));
    }
    if (explained)
      return finding(cause_of_refusal(*refusal, offer, *record.known.origin, Leg::origin), Leg::origin, Side::origin,
                     origin->ending.stage,
                     refusal->alert == alert->description ? Certainty::certain : Certainty::inferred,
                     std::move(evidence));
  }
  return finding_by_alert(alert->description, Leg::origin, Side::origin, origin->ending.stage, std::move(evidence));
}

// Some refusals of some stacks come without an alert: our origin's policy says that it refused, and why.
Story refused_silently(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || !record.known.origin || served(record) || first_alert(transcript(*origin))) return std::nullopt;
  if (!transcript(*origin).client_hello() || origin->ending.how != How::failed) return std::nullopt;
  const policy::Offer offer = offer_to(*origin);
  const policy::Outcome foretold = policy::negotiate(offer, *record.known.origin);
  const auto* refusal = std::get_if<policy::Refusal>(&foretold);
  if (!refusal || refusal->by != policy::Party::server || refusal->alert) return std::nullopt;
  std::vector<std::string> evidence{"the origin gave up during the handshake, without an alert"};
  say_disagreement(evidence, refusal->reason, offer, "the proxy", *record.known.origin, "the origin");
  evidence.push_back(say_client(record));
  return finding(cause_of_refusal(*refusal, offer, *record.known.origin, Leg::origin), Leg::origin, Side::origin,
                 origin->ending.stage, Certainty::certain, std::move(evidence));
}

// OpenSSL at its usual security level offers TLS 1.0 and ends the handshake once the origin takes it, with
// internal_error.
Story outdated_answer(const PathRecord& record, const Observation& origin, std::uint8_t alert) {
  const auto agreement = origin.handshake.agreement();
  if (!agreement || agreement->version == 0 || agreement->version >= wire::tls1_2) return std::nullopt;
  std::vector<std::string> evidence{
      say_alert("the proxy", "the origin", alert),
      "the origin had answered with " + wire::name(wire::Registry::version, agreement->version), say_client(record)};
  const bool only = record.known.origin && !record.known.origin->versions.empty() &&
                    std::ranges::max(record.known.origin->versions) < wire::tls1_2;
  return finding(only ? "outdated-versions-only" : "no-shared-version", Leg::origin, Side::proxy, Stage::server_hello,
                 only ? Certainty::certain : Certainty::inferred, std::move(evidence));
}

Story refused_by_proxy(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin) return std::nullopt;
  const auto alert = first_alert(transcript(*origin));
  if (!alert || alert->direction != wire::Direction::received) return std::nullopt;
  if (auto story = outdated_answer(record, *origin, alert->description)) return story;
  std::vector<std::string> evidence{say_alert("the proxy", "the origin", alert->description)};
  if (origin->chain && !origin->chain->ok()) {
    policy::ChainVerdict chain = minded(*origin->chain, record.known);
    if (chain.ok()) chain = *origin->chain;  // what was configured is not what the proxy did: go by the chain
    add_chain(evidence, *origin, chain);
    evidence.push_back(say_client(record));
    return finding(
        cause_of_chain(chain, cause_of_name(*origin, record.known.origin, record.host, record.known.checked_name)),
        Leg::origin, Side::proxy, origin->ending.stage, Certainty::certain, std::move(evidence));
  }
  evidence.push_back(say_client(record));
  return finding_by_alert(alert->description, Leg::origin, Side::proxy, origin->ending.stage, std::move(evidence));
}

// nginx and others verify when the handshake is over: the origin sees it succeed, and then no request.
Story refused_after_handshake(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || !origin->handshake.complete || served(record) || !origin->exchanges.empty()) return std::nullopt;
  if (answered(record) && client_status(record) < 500) return std::nullopt;
  if (!origin->chain) return std::nullopt;
  const policy::ChainVerdict chain = minded(*origin->chain, record.known);
  if (chain.ok()) return std::nullopt;
  std::vector<std::string> evidence{"the origin's handshake with the proxy finished, then the connection ended as " +
                                    std::string(policy::name(origin->ending.how)) + " without a request"};
  add_chain(evidence, *origin, chain);
  evidence.push_back(say_client(record));
  return finding(
      cause_of_chain(chain, cause_of_name(*origin, record.known.origin, record.host, record.known.checked_name)),
      Leg::origin, Side::proxy, Stage::finished, Certainty::certain, std::move(evidence));
}

// RFC 9110 section 15.5.20, told from the two names that the origin really received.
Story misdirected(const PathRecord& record) {
  for (const Observation& origin : record.origins) {
    for (const Exchange& exchange : origin.exchanges) {
      if (!exchange.request || !exchange.response || exchange.response->status != 421) continue;
      std::vector<std::string> evidence{"the origin answered 421"};
      if (const auto hello = transcript(origin).client_hello()) evidence.push_back(say_sni(*hello));
      evidence.push_back("the request's Host is " + printable(exchange.request->host().value_or("missing"), 100));
      return finding("421-behind-proxy", Leg::origin, Side::origin, Stage::response, Certainty::certain,
                     std::move(evidence));
    }
  }
  return std::nullopt;
}

// TLS ends at the proxy, the origin gets HTTP and sends everybody to HTTPS.
Story redirect_loop(const PathRecord& record) {
  if (record.known.proxy_origin_tls || !served(record) || record.client.exchanges.empty()) return std::nullopt;
  const auto& response = record.client.exchanges.front().response;
  if (!response || response->status < 301 || response->status > 308) return std::nullopt;
  const auto location = http::find(response->fields, "location");
  if (!location || *location != record.url) return std::nullopt;
  return finding("flexible-redirect-loop", Leg::origin, std::nullopt, Stage::response, Certainty::certain,
                 {"the proxy speaks HTTP without TLS to the origin",
                  "the origin answered " + std::to_string(response->status) +
                      " with the very URL that the client asks for: " + printable(*location, 200)});
}

// Told to verify, met a defect, went on.
Story accepted_anyway(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || !served(record) || !origin->chain) return std::nullopt;
  const policy::ChainVerdict chain = minded(*origin->chain, record.known);
  if (chain.ok()) return std::nullopt;
  std::vector<std::string> evidence{"the origin received a request although the proxy was told to verify (" +
                                    std::string(policy::name(record.known.proxy_verifies)) + ")"};
  add_chain(evidence, *origin, chain);
  return finding("bad-certificate-accepted", Leg::origin, std::nullopt, Stage::request, Certainty::certain,
                 std::move(evidence));
}

Story ended_early(const PathRecord& record) {
  const Observation* origin = last_origin(record);
  if (!origin || served(record) || (answered(record) && client_status(record) < 500)) return std::nullopt;
  const policy::Ending& ending = origin->ending;
  const bool silent = ending.how == How::timed_out || ending.how == How::open ||
                      (!answered(record) && record.client.ending.how == How::timed_out);
  const std::vector<std::string> evidence{"the origin's connection stood at " +
                                              std::string(policy::name(ending.stage)) + " when it ended as " +
                                              std::string(policy::name(ending.how)),
                                          say_client(record)};
  return finding(silent ? "no-answer" : "connection-lost", Leg::origin, std::nullopt, ending.stage, Certainty::inferred,
                 evidence);
}

Story without_answer(const PathRecord& record) {
  if (answered(record) || !record.client.handshake.complete) return std::nullopt;
  const bool late = record.client.ending.how == How::timed_out;
  return finding(late ? "no-answer" : "connection-lost", Leg::client, std::nullopt, record.client.ending.stage,
                 Certainty::inferred,
                 {"the client's request got no complete answer; its connection ended as " +
                  std::string(policy::name(record.client.ending.how))});
}

// Served by an origin and yet another status at the client, or an error without any origin.
Story proxy_failed(const PathRecord& record) {
  const unsigned status = client_status(record);
  if (status < 500) return std::nullopt;
  for (const Observation& origin : record.origins)
    for (const Exchange& exchange : origin.exchanges)
      if (exchange.response && exchange.response->status == status) return std::nullopt;
  return finding("proxy-failed", Leg::origin, Side::proxy, Stage::response, Certainty::inferred, {say_client(record)});
}

}  // namespace

const std::vector<Rule>& origin_rules() {
  static const std::vector<Rule> rules{no_route,
                                       tls_to_plain,
                                       plain_to_tls,
                                       refused_by_origin,
                                       refused_silently,
                                       refused_by_proxy,
                                       refused_after_handshake,
                                       misdirected,
                                       redirect_loop,
                                       accepted_anyway,
                                       unreachable,
                                       ended_early,
                                       without_answer,
                                       proxy_failed};
  return rules;
}

}  // namespace bothends::path
