#include "tests/report/samples.hpp"

#include <utility>

#include "tests/support/records.hpp"

namespace bothends::samples {
namespace {

using path::Status;
using policy::Party;
using support::Story;
using How = policy::Ending::How;

path::Expectation asked(std::string fact, std::string wanted) {
  path::Expectation expectation;
  expectation.line = fact + " = " + wanted;
  expectation.place = {"scenarios/no-sni.toml", 31, static_cast<unsigned>(fact.size() + 4)};
  expectation.fact = std::move(fact);
  expectation.wanted = {std::move(wanted)};
  return expectation;
}

path::Finding no_sni() {
  path::Finding finding;
  finding.cause = "origin-needs-sni";
  finding.refused_by = path::Side::proxy;
  finding.stage = policy::Stage::finished;
  finding.evidence = {"origin: the ClientHello held no server_name", "client: 502 from the proxy"};
  finding.remedy = "Tell the proxy to send the name.";
  return finding;
}

path::PathRecord without_sni() {
  auto record = support::a_record();
  record.proxy = "nginx";
  record.client = support::a_client(502);
  record.origins = {Story(path::Leg::origin)
                        .handshake({.sni = std::nullopt}, {.version = wire::tls1_2, .suite = 0xc02f})
                        .closes(Party::client)
                        .chain(support::a_chain(
                            {{policy::Defect::wrong_name, 0, "CN=other.test", "asked for shop.test"}}, "other.test"))
                        .ends(How::closed)};
  return record;
}

path::TryOutcome outcome(std::string name, Status status) {
  path::TryOutcome one;
  one.name = std::move(name);
  one.status = status;
  one.place = {"scenarios/no-sni.toml", 22, 1};
  one.took = std::chrono::milliseconds(12);
  return one;
}

http::Fields hostile_fields() { return {{hostile(), hostile()}, {"Host", hostile()}}; }

policy::ChainVerdict hostile_chain() {
  policy::ChainVerdict chain;
  chain.problems = {{policy::Defect::wrong_name, 0, hostile(), hostile()}};
  chain.names = {hostile()};
  chain.subject = chain.issuer = hostile();
  return chain;
}

path::Observation hostile_leg(path::Leg leg) {
  Story story(leg, hostile());
  story.handshake({.alpn = {hostile()}, .sni = hostile()}, {.alpn = hostile()});
  http::Request request{hostile(), hostile(), 1, hostile_fields(), hostile(), false};
  http::Response response{502, hostile(), 1, hostile_fields(), hostile(), false};
  story.exchange(request, response).alert(Party::client, 199).alert(Party::server, 45);
  story.chain(hostile_chain()).engine_chain(hostile_chain()).ends(How::alert_received, hostile());
  auto& seen = story.seen();
  seen.handshake.note = hostile();
  seen.handshake.transcript.foreign = bytes_of(view_of(hostile()).first(60));
  seen.handshake.transcript.malformed = hostile();
  seen.handshake.key_log = {"CLIENT_RANDOM 00 secret-of-the-session"};
  return seen;
}

path::TryOutcome hostile_try(How how) {
  auto one = failed(hostile());
  one.variant = {{"client.stack", hostile()}};
  one.reason = hostile();
  one.place.file = hostile();
  one.record->url = one.record->host = one.record->proxy = hostile();
  one.record->client = hostile_leg(path::Leg::client);
  one.record->origins = {hostile_leg(path::Leg::origin), hostile_leg(path::Leg::origin)};
  one.record->origins[1].exchanges.clear();
  one.record->origins[1].ending.how = how;
  one.record->proxy_log = {hostile()};
  one.findings[0].evidence = {hostile()};
  one.findings[0].remedy = hostile();
  auto& verdict = one.verdicts[0];
  verdict.expectation.line = hostile();
  verdict.expectation.wanted = {hostile()};
  verdict.expectation.place.file = hostile();
  verdict.actual = hostile();
  return one;
}

}  // namespace

path::TryOutcome passed(std::string name) {
  auto one = outcome(std::move(name), Status::passed);
  one.record = support::a_record();
  one.verdicts = {{asked("status", "200"), true, "200"}, {asked("finding", "none"), true, "none"}};
  return one;
}

path::TryOutcome failed(std::string name) {
  auto one = outcome(std::move(name), Status::failed);
  one.variant = {{"client.stack", "mbedtls"}};
  one.record = without_sni();
  one.verdicts = {{asked("status", "200"), false, "502"}};
  one.findings = {no_sni()};
  return one;
}

path::TryOutcome expected() {
  auto one = outcome("without SNI", Status::passed);
  one.record = without_sni();
  one.verdicts = {{asked("finding", "origin-needs-sni"), true, "origin-needs-sni"}};
  one.findings = {no_sni()};
  return one;
}

path::TryOutcome faulty(path::FaultOutcome::Came came, bool control) {
  const bool accepted = came == path::FaultOutcome::Came::accepted;
  auto one = outcome("an origin with a fault", Status::passed);
  one.variant = {{"fault.origin", "sni-selected"}};
  one.record = accepted ? support::a_record() : without_sni();
  if (!accepted) one.findings = {no_sni()};
  one.fault = path::FaultOutcome{.name = "sni-selected", .came = came};
  auto expectation = asked("fault", "named");
  expectation.how = path::Expectation::How::one_of;
  expectation.wanted = {"named", "accepted"};
  expectation.list = true;
  const bool met = accepted || came == path::FaultOutcome::Came::named;
  one.verdicts = {{expectation, met, std::string(name(came))}};
  if (!met) one.status = Status::failed;
  one.control = path::Control{.passed = control, .problem = control ? "" : "the control twin fails too"};
  if (!control) one.status = Status::error, one.reason = "the verdict is void: " + one.control->problem;
  return one;
}

path::TryOutcome broken() {
  auto one = outcome("with a port that is taken", Status::error);
  one.reason = "the proxy did not start: port 4433 is taken";
  return one;
}

path::TryOutcome skipped() {
  auto one = outcome("with HAProxy", Status::skipped);
  one.reason = "haproxy is not installed";
  return one;
}

path::ScenarioOutcome mixed() {
  path::ScenarioOutcome scenario;
  scenario.file = "scenarios/no-sni.toml";
  scenario.title = "The proxy sends no SNI";
  scenario.tries = {failed(), expected(), passed(), broken(), skipped()};
  return scenario;
}

std::string hostile() {
  return std::string("\x1b[31m\x1b]0;title\x07") + "\xe2\x80\xae\xe2\x81\xa6" + "\xff\xfe\xc3\x28\xed\xa0\x80" +
         std::string("\0\r\n\t\x7f", 5) + "\xc2\x9b" + "\xef\xbf\xbe\xef\xbf\xbf" + "]]> <script>&\"'</failure><!--" +
         "{\"a\":\\u0000}";
}

path::ScenarioOutcome hostile_scenario() {
  path::ScenarioOutcome scenario;
  scenario.file = scenario.title = hostile();
  scenario.error = Error{ErrorCode::file, hostile(), {hostile(), 1, 1}};
  for (auto how = 0; how <= static_cast<int>(How::stopped); ++how)
    scenario.tries.push_back(hostile_try(static_cast<How>(how)));
  scenario.tries.push_back(hostile_try(How::eof));
  scenario.tries.back().status = Status::skipped;
  return scenario;
}

path::ScenarioOutcome huge_scenario() {
  const std::string name(60000, 'n'), log(1 << 16, 'l'), body(1 << 20, 'b');
  auto one = failed(std::string(1 << 16, 't'));
  Story story(path::Leg::client);
  story.hello({.suites = wire::Codes(30000, 0x1301), .sni = name});
  for (int count = 0; count < 2000; ++count) story.alert(Party::server, 100, wire::warning);
  for (int count = 0; count < 100; ++count)
    story.exchange(support::a_request(name, name), support::a_response(200, body));
  auto chain = support::a_chain(std::vector<policy::ChainProblem>(1000), name);
  one.record->client = story.chain(chain).ends(How::closed);
  one.record->origins.assign(300, support::an_origin());
  one.record->proxy_log.assign(1000, log);
  one.findings[0].evidence.assign(100, name);
  one.verdicts[0].expectation.line = std::string(1 << 16, ' ') + "status = 200" + std::string(1 << 16, '#');
  one.verdicts[0].expectation.place.column = (1 << 16) + 10;
  one.verdicts[0].actual = name;
  path::ScenarioOutcome scenario;
  scenario.file = scenario.title = name;
  scenario.tries = {one};
  return scenario;
}

path::RunOutcome run_of(std::vector<path::ScenarioOutcome> scenarios) {
  path::RunOutcome run;
  run.version = "0.1.0";
  run.began = "2025-06-01T12:00:00Z";
  run.took = std::chrono::milliseconds(1234);
  run.scenarios = std::move(scenarios);
  return run;
}

const path::Digests& digests() {
  static const path::Digests both{[](View) { return Bytes(16, 0x0a); }, [](View) { return Bytes(32, 0x0b); }};
  return both;
}

path::ScenarioOutcome only(path::TryOutcome one) {
  path::ScenarioOutcome scenario;
  scenario.file = "x.toml";
  scenario.title = "A title";
  scenario.tries = {std::move(one)};
  return scenario;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace bothends::samples
