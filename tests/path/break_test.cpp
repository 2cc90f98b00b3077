// What breaks below or beside TLS, and what became of a fault: each rule told, and silent when its condition is
// missing.
#include <doctest/doctest.h>

#include <algorithm>

#include "path/outcome.hpp"
#include "tests/support/records.hpp"

using namespace bothends;
using namespace bothends::path;
using support::Story;
using Came = FaultOutcome::Came;
using How = policy::Ending::How;
using Party = policy::Party;
using policy::Stage;

namespace {

/// The client got `status` from the proxy, and this came to the origin.
PathRecord at_origin(const Observation& origin, unsigned status = 502) {
  PathRecord record = support::a_record();
  record.client = support::a_client(status);
  record.known.origin_name = "shop";
  record.known.origin_address = "127.0.0.1:4711";
  record.known.proxy_verifies = policy::Verify::full;
  record.origins = {origin};
  return record;
}

PathRecord at_client(const Observation& client) {
  PathRecord record = support::a_record();
  record.client = client;
  record.origins.clear();
  return record;
}

Finding only(const PathRecord& record) {
  const auto findings = diagnose(record);
  REQUIRE(findings.size() == 1);
  CHECK(cause_of(findings[0].cause) != nullptr);
  CHECK_FALSE(findings[0].evidence.empty());
  return findings[0];
}

/// Nobody names it.
bool names(const PathRecord& record, std::string_view cause) {
  return std::ranges::any_of(diagnose(record), [&](const Finding& found) { return found.cause == cause; });
}

Observation spoke(Observation seen, std::string_view text) {
  seen.spoke = bytes_of(view_of(text));
  return seen;
}

Observation silent(Observation seen) {
  seen.handshake.fell_silent = true;
  return seen;
}

const std::string banner = "SSH-2.0-x\r\n";
const std::string plain = "HTTP/1.1 400 Bad Request\r\n\r\n";

}  // namespace

TEST_CASE("an origin that speaks something else") {
  const Observation origin = Story(Leg::origin).hello().ends(How::broke_off);
  CHECK(only(at_origin(spoke(origin, banner))).cause == "not-tls");
  const Finding found = only(at_origin(spoke(origin, plain)));
  CHECK(found.cause == "plaintext-vs-tls");
  CHECK(found.leg == Leg::origin);
  CHECK(found.certainty == Certainty::certain);
  CHECK(found.evidence.size() == 3);
  CHECK(only(at_origin(spoke(Story(Leg::origin).ends(How::broke_off), banner))).evidence.size() == 2);
  // An alert or half a ServerHello is TLS, and then the end counts.
  for (const std::string& tls :
       {std::string("\x15\x03\x03\x00\x02\x02\x28", 7), std::string("\x16\x03\x03\x00\x40\x02", 6)}) {
    CHECK_FALSE(names(at_origin(spoke(origin, tls)), "not-tls"));
  }
  CHECK(only(at_origin(spoke(origin, std::string("\x16\x03\x03\x00\x40\x02", 6)))).cause == "origin-aborted");
  // Where the answer came from the origin, nothing was wrong.
  CHECK(diagnose(at_origin(spoke(support::an_origin(), banner), 200)).empty());
}

TEST_CASE("an origin that ends the connection itself, at every stage") {
  struct Case {
    Story story;
    Stage stage;
  };
  const Case cases[] = {{Story(Leg::origin), Stage::connect},
                        {Story(Leg::origin).hello(), Stage::client_hello},
                        {Story(Leg::origin).hello().server_hello(), Stage::server_hello},
                        {Story(Leg::origin).handshake(), Stage::finished}};
  for (Case one : cases) {
    const Finding found = only(at_origin(one.story.ends(How::broke_off)));
    CHECK(found.cause == "origin-aborted");
    CHECK(found.leg == Leg::origin);
    CHECK(found.refused_by == Side::origin);
    CHECK(found.stage == one.stage);
    CHECK(found.certainty == Certainty::certain);
    for (const How how : {How::closed, How::eof, How::reset, How::timed_out})
      CHECK_FALSE(names(at_origin(one.story.ends(how)), "origin-aborted"));
  }
}

TEST_CASE("an origin that falls silent is no answer, wherever it stood") {
  for (Story story : {Story(Leg::origin), Story(Leg::origin).hello(), Story(Leg::origin).handshake()}) {
    const Observation loud = story.ends(How::eof);
    const Finding found = only(at_origin(silent(loud)));
    CHECK(found.cause == "no-answer");
    CHECK(found.leg == Leg::origin);
    CHECK_FALSE(found.refused_by);
    CHECK(found.certainty == Certainty::certain);
  }
  CHECK_FALSE(names(at_origin(Story(Leg::origin).handshake().ends(How::eof)), "no-answer"));
  CHECK(diagnose(at_origin(silent(support::an_origin()), 200)).empty());
}

TEST_CASE("the first piece of a large ClientHello, and never the rest") {
  const auto cut = [](std::uint8_t type, std::size_t announced) {
    Observation seen = Story(Leg::origin).ends(How::eof);
    seen.handshake.transcript.unfinished = {.type = type, .announced = announced, .here = 995};
    return at_origin(seen);
  };
  const Finding found = only(cut(wire::handshake, 1700));
  CHECK(found.cause == "pq-large-clienthello");
  CHECK(found.certainty == Certainty::inferred);
  CHECK(found.evidence[0].find("995 of the 1700 octets") != std::string::npos);
  CHECK_FALSE(names(cut(wire::handshake, 600), "pq-large-clienthello"));
  CHECK_FALSE(names(cut(wire::application_data, 1700), "pq-large-clienthello"));
  PathRecord whole = at_origin(Story(Leg::origin).hello().ends(How::eof));
  whole.origins[0].handshake.transcript.unfinished = {.type = wire::handshake, .announced = 1700, .here = 995};
  CHECK_FALSE(names(whole, "pq-large-clienthello"));
}

TEST_CASE("a warning that the proxy takes for a refusal") {
  const auto warned = [](std::uint8_t alert, std::uint8_t level) {
    return at_origin(Story(Leg::origin).hello().alert(Party::server, alert, level).server_hello().ends(How::eof));
  };
  const Finding found = only(warned(wire::unrecognized_name, wire::warning));
  CHECK(found.cause == "sni-unknown");
  CHECK(found.refused_by == Side::proxy);
  CHECK(found.certainty == Certainty::inferred);
  CHECK_FALSE(names(warned(wire::user_canceled, wire::warning), "sni-unknown"));
  PathRecord done = warned(wire::unrecognized_name, wire::warning);
  done.origins[0].handshake.complete = true;
  CHECK_FALSE(names(done, "sni-unknown"));
  // The other way round it is not the origin's word.
  CHECK_FALSE(names(
      at_origin(Story(Leg::origin).hello().alert(Party::client, wire::unrecognized_name, wire::warning).ends(How::eof)),
      "sni-unknown"));
}

TEST_CASE("h2 was agreed on, and a bad certificate is the cause all the same") {
  PathRecord record = at_origin(Story(Leg::origin)
                                    .handshake({.alpn = {"h2"}}, {.alpn = "h2"})
                                    .chain(support::a_chain({{.defect = policy::Defect::expired}}))
                                    .closes(Party::client)
                                    .ends(How::closed));
  CHECK(only(record).cause == "cert-expired");
  record.origins.front().chain = support::a_chain();
  CHECK(only(record).cause == "h2-origin-520");
}

TEST_CASE("h2 was agreed on, and the origin does not speak it") {
  const auto agreed = [](const std::string& alpn, bool complete) {
    Observation seen = Story(Leg::origin).handshake({.alpn = {alpn}}, {.alpn = alpn}).ends(How::closed);
    seen.handshake.complete = complete;
    return at_origin(seen);
  };
  CHECK(only(agreed("h2", true)).cause == "h2-origin-520");
  CHECK_FALSE(names(agreed("http/1.1", true), "h2-origin-520"));
  CHECK_FALSE(names(agreed("h2", false), "h2-origin-520"));
}

TEST_CASE("a chain that is too large for the proxy") {
  const auto sent = [](std::size_t octets, std::vector<policy::ChainProblem> problems = {}) {
    return at_origin(Story(Leg::origin)
                         .hello()
                         .server_hello()
                         .message(Party::server, wire::certificate, Bytes(octets, 0))
                         .chain(support::a_chain(std::move(problems)))
                         .ends(How::eof));
  };
  const Finding found = only(sent(100 << 10));
  CHECK(found.cause == "oversize-chain");
  CHECK(found.certainty == Certainty::inferred);
  CHECK_FALSE(found.refused_by);
  CHECK_FALSE(names(sent(8 << 10), "oversize-chain"));
  CHECK_FALSE(names(sent(100 << 10, {{.defect = policy::Defect::expired}}), "oversize-chain"));
  PathRecord refused = sent(100 << 10);
  refused.origins[0].handshake.transcript.events.push_back(
      {wire::Direction::received, wire::alert, {wire::fatal, wire::illegal_parameter}, false, {}});
  CHECK(only(refused).refused_by == Side::proxy);
  CHECK(only(refused).cause == "oversize-chain");
}

TEST_CASE("a client that speaks something else") {
  const Observation seen = Story(Leg::client).ends(How::eof);
  CHECK(only(at_client(spoke(seen, banner))).cause == "not-tls");
  const Finding found = only(at_client(spoke(seen, "GET / HTTP/1.1\r\n\r\n")));
  CHECK(found.cause == "plaintext-vs-tls");
  CHECK(found.leg == Leg::client);
  CHECK(found.refused_by == Side::proxy);
  CHECK_FALSE(names(at_client(spoke(seen, std::string("\x15\x03\x03\x00\x02\x02\x28", 7))), "not-tls"));
  CHECK_FALSE(names(at_client(spoke(seen, std::string("\x16\x03\x01\x02\x00", 5))), "not-tls"));
}

TEST_CASE("a client that ends the connection or falls silent") {
  for (Story story : {Story(Leg::client), Story(Leg::client).hello(), Story(Leg::client).handshake()}) {
    const Finding found = only(at_client(story.ends(How::broke_off)));
    CHECK(found.cause == "client-aborted");
    CHECK(found.refused_by == Side::client);
    CHECK(found.evidence[0].ends_with("ended it"));
    CHECK(only(at_client(silent(story.ends(How::eof)))).cause == "client-aborted");
    CHECK(only(at_client(silent(story.ends(How::eof)))).evidence[0].ends_with("fell silent"));
    CHECK_FALSE(names(at_client(story.ends(How::eof)), "client-aborted"));
  }
  // Its own alert says more than its end.
  CHECK_FALSE(
      names(at_client(Story(Leg::client).hello().alert(Party::client, 48).ends(How::broke_off)), "client-aborted"));
  CHECK_FALSE(names(at_client(silent(support::a_client(200))), "client-aborted"));
}

TEST_CASE("a client certificate that is missed after the handshake, in HTTP") {
  const auto answered = [](unsigned status, bool asked, bool sent) {
    PathRecord record = at_client(Story(Leg::client)
                                      .handshake({}, {.asks_certificate = asked, .client_certificate = sent})
                                      .exchange(support::a_request(), support::a_response(status))
                                      .ends(How::closed));
    record.known.proxy = policy::Policy{};
    record.known.proxy->client_certificate = policy::ClientCertificate::required;
    return record;
  };
  const Finding found = only(answered(400, true, false));
  CHECK(found.cause == "client-certificate-wanted");
  CHECK(found.leg == Leg::client);
  CHECK(found.refused_by == Side::proxy);
  CHECK(found.certainty == Certainty::inferred);
  PathRecord untrusted = answered(403, true, true);
  untrusted.known.proxy_finds = {policy::Defect::unknown_issuer};
  CHECK(only(untrusted).cause == "client-certificate-refused");
  CHECK_FALSE(names(answered(404, true, true), "client-certificate-refused"));  // nothing is wrong with it
  for (const PathRecord& other : {answered(400, false, false), answered(200, true, false), answered(502, true, false)})
    CHECK_FALSE(names(other, "client-certificate-wanted"));
  PathRecord optional = answered(400, true, false);
  optional.known.proxy->client_certificate = policy::ClientCertificate::optional;
  CHECK_FALSE(names(optional, "client-certificate-wanted"));
  PathRecord passed_on = answered(400, true, false);
  passed_on.origins = {support::an_origin(400)};
  CHECK_FALSE(names(passed_on, "client-certificate-wanted"));
}

TEST_CASE("what became of a fault") {
  const std::vector<std::string> causes{"no-shared-group", "no-shared-suite"};
  const PathRecord served = support::a_record(), failed = at_origin(Story(Leg::origin).ends(How::eof));
  const auto came = [&](const std::vector<Finding>& findings, const PathRecord& record) {
    return came_of(Leg::origin, causes, findings, record);
  };
  const auto found = [](std::string cause, Leg leg = Leg::origin, std::vector<std::string> candidates = {}) {
    return Finding{.cause = std::move(cause), .leg = leg, .candidates = std::move(candidates)};
  };
  CHECK(came({found("no-shared-group")}, failed) == Came::named);
  CHECK(came({found("cert-expired"), found("no-shared-suite")}, failed) == Came::named);
  CHECK(came({found("no-shared-suite", Leg::client)}, failed) == Came::misnamed);
  CHECK(came({found("cert-expired")}, failed) == Came::misnamed);
  CHECK(came({found("tls-refused", Leg::origin, {"cert-expired", "no-shared-suite"})}, failed) == Came::undecided);
  CHECK(came({found("tls-refused", Leg::origin, {"cert-expired"})}, failed) == Came::misnamed);
  CHECK(came({found("bad-certificate-accepted")}, served) == Came::accepted);
  CHECK(came({}, served) == Came::accepted);
  CHECK(came({}, failed) == Came::unnamed);
  PathRecord cut = served;
  cut.client.exchanges.front().complete = false;
  CHECK(came({}, cut) == Came::unnamed);
  PathRecord refused = served;
  refused.client.exchanges.front().response->status = 500;
  CHECK(came({}, refused) == Came::unnamed);
  refused.client.exchanges.front().response->status = 404;
  CHECK(came({}, refused) == Came::accepted);
  const std::string_view words[] = {"named", "accepted", "undecided", "misnamed", "unnamed"};
  for (int at = 0; at < 5; ++at) CHECK(name(static_cast<Came>(at)) == words[at]);
}

TEST_CASE("a control twin passes when it is served without a finding, else it says why not") {
  TryOutcome twin;
  twin.reason = "the port is taken";
  CHECK_FALSE(control_of(twin, Leg::client).passed);
  CHECK(control_of(twin, Leg::client).problem == "the control twin did not run: the port is taken");
  twin.record = support::a_record();
  CHECK(control_of(twin, Leg::client).passed);
  CHECK(control_of(twin, Leg::client).problem.empty());
  twin.findings = {{.cause = "cert-expired"}};
  CHECK_FALSE(control_of(twin, Leg::client).passed);
  CHECK(control_of(twin, Leg::client).problem == "the control twin, without the fault, fails too: cert-expired");
  twin.findings.clear();
  twin.record->client.exchanges.front().response->status = 503;
  CHECK(control_of(twin, Leg::client).problem == "the control twin, without the fault, gets status 503");
  twin.record->client.exchanges.clear();
  CHECK(control_of(twin, Leg::client).problem == "the control twin, without the fault, gets no answer");
  CHECK_FALSE(control_of(twin, Leg::client).passed);
}

TEST_CASE("an answer of the proxy's own says nothing of an origin") {
  PathRecord record = support::a_record();
  CHECK(came_of(Leg::origin, {"cert-expired"}, {}, record) == Came::accepted);
  TryOutcome twin{.record = record};
  CHECK(control_of(twin, Leg::origin).passed);
  twin.record->origins.clear();
  CHECK(came_of(Leg::origin, {"cert-expired"}, {}, *twin.record) == Came::unnamed);
  CHECK(came_of(Leg::client, {"cert-expired"}, {}, *twin.record) == Came::accepted);
  CHECK(control_of(twin, Leg::client).passed);
  CHECK_FALSE(control_of(twin, Leg::origin).passed);
  twin.status = Status::error;
  CHECK_FALSE(control_of(twin, Leg::client).passed);
}
