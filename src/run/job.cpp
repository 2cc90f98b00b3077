#include "run/job.hpp"

#include <algorithm>

#include "path/facts.hpp"
#include "run/fault.hpp"
#include "tls/digest.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {

using namespace std::chrono_literals;

// How long a try waits, after its client has its answer, for origin connections in the middle of something. Reached
// only when a proxy leaves one behind; what is still busy then is reset and said to be open.
constexpr auto settle_limit = 2000ms;
// A connection the proxy has made is in the listener's queue before the client's answer leaves the proxy: two turns of
// the loop see it.
constexpr unsigned settle_turns = 2;
// A client that has lost patience, or left, tells nothing of where the proxy is: what the proxy still begins belongs to
// this try.
constexpr auto late_limit = 50ms;
// A proxy that dies closes its connections a moment before its end is known.
constexpr auto end_limit = 20ms;
// Under which a client gets the session that it then offers under its own name.
constexpr std::string_view other_name = "other.test";

path::TryOutcome outcome_of(const TrySpec& one) {
  return {.name = one.name, .variant = one.variant, .place = one.place};
}

bool breaks_off(const policy::Ending& ending) {
  using How = policy::Ending::How;
  return ending.how == How::eof || ending.how == How::reset || ending.how == How::connection_refused;
}

std::vector<std::string> finding_ids(const std::vector<path::Finding>& findings) {
  std::vector<std::string> ids;
  for (const path::Finding& finding : findings)
    if (std::ranges::find(ids, finding.cause) == ids.end()) ids.push_back(finding.cause);
  if (ids.empty()) ids.push_back("none");
  return ids;
}

// The proxy's own words for the remedy are worth more than ours for all proxies.
void say_fix(path::Finding& finding, const std::map<std::string, std::string>& fixes) {
  const auto found = fixes.find((finding.leg == path::Leg::client ? "client." : "") + finding.cause);
  if (found != fixes.end()) finding.remedy = found->second;
}

http::Request request_of(const TrySpec& one) {
  http::Request request{.method = one.method, .target = one.target, .body = one.body};
  request.fields.push_back({"Host", one.host_field});
  request.fields.push_back({"User-Agent", "bothends/" BOTHENDS_VERSION});
  request.fields.push_back({"Accept", "*/*"});
  for (const http::Field& field : one.headers) request.fields.push_back(field);
  return request;
}

std::optional<path::FaultOutcome> fault_outcome(const TrySpec& one, const std::vector<path::Finding>& findings,
                                                const path::PathRecord& record) {
  if (!one.fault) return std::nullopt;
  const auto fault = fault_named(one.fault->leg, one.fault->name);
  if (!fault) return std::nullopt;
  return path::FaultOutcome{fault->leg, fault->name, path::came_of(fault->leg, fault->causes, findings, record)};
}

// Whether or not anybody asked: a fault is named or accepted; and a finding where none was expected is a failure.
std::optional<path::Expectation> expected_anyway(const TrySpec& one, const path::TryOutcome& outcome) {
  const bool asked =
      std::ranges::any_of(one.expectations, [](const auto& e) { return e.fact == "finding" || e.fact == "fault"; });
  if (asked) return std::nullopt;
  const bool let_pass = std::ranges::any_of(
      outcome.findings, [](const path::Finding& found) { return found.cause == "bad-certificate-accepted"; });
  if (one.fault && !let_pass)
    return path::Expectation{.fact = "fault",
                             .how = path::Expectation::How::one_of,
                             .wanted = {"named", "accepted"},
                             .list = true,
                             .place = one.place};
  if (outcome.findings.empty()) return std::nullopt;
  return path::Expectation{.fact = "finding", .wanted = {"none"}, .place = one.place};
}

}  // namespace

path::TryOutcome judge_try(const TrySpec& one, path::PathRecord record) {
  path::TryOutcome outcome = outcome_of(one);
  outcome.took = record.took;
  outcome.findings = path::diagnose(record);
  for (path::Finding& finding : outcome.findings) say_fix(finding, record.known.fixes);
  auto facts = path::facts_of(record, {.md5 = tls::md5, .sha256 = tls::sha256});
  facts["finding"] = {.values = finding_ids(outcome.findings), .list = true};
  outcome.fault = fault_outcome(one, outcome.findings, record);
  facts["fault"] = {.values = {std::string(outcome.fault ? path::name(outcome.fault->came) : "none")}};
  for (const path::Expectation& expectation : one.expectations)
    outcome.verdicts.push_back(path::judge(expectation, facts));
  if (const auto unasked = expected_anyway(one, outcome)) outcome.verdicts.push_back(path::judge(*unasked, facts));
  const bool met = std::ranges::all_of(outcome.verdicts, &path::Verdict::met);
  outcome.status = met ? path::Status::passed : path::Status::failed;
  outcome.record = std::move(record);
  return outcome;
}

Job::Job(Workshop& workshop, std::vector<const TrySpec*> tries, std::function<void(std::vector<path::TryOutcome>)> done)
    : workshop_(workshop), tries_(std::move(tries)), done_(std::move(done)) {
  stage_ = Stage::set_up(workshop_, tries_.front()->stage,
                         [this](std::optional<Unready> problem) { ready(std::move(problem)); });
}

Job::Job(Workshop& workshop, std::vector<const TrySpec*> tries, std::unique_ptr<Stage> stage,
         std::function<void(std::vector<path::TryOutcome>)> done)
    : workshop_(workshop), tries_(std::move(tries)), done_(std::move(done)), stage_(std::move(stage)) {
  workshop_.loop.post([this, alive = alive_] {
    if (*alive) begin_next();
  });
}

Job::~Job() { *alive_ = false; }

void Job::ready(std::optional<Unready> problem) {
  if (!problem) return begin_next();
  for (const TrySpec* one : tries_) {
    path::TryOutcome outcome = outcome_of(*one);
    outcome.status = problem->status;
    outcome.reason = problem->reason;
    outcomes_.push_back(std::move(outcome));
  }
  finish();
}

void Job::begin_next() {
  const TrySpec& one = current();
  begun_ = workshop_.loop.now();
  if (auto why = stage_->broken()) {
    lost_proxy_ = true;
    return add_unready({why->status, why->reason + (outcomes_.empty() ? "" : " during an earlier try")});
  }
  if (const std::string why = no_fault(one); !why.empty()) return add_unready({path::Status::skipped, why});
  if (one.client.conduct.foreign_ticket) return get_session();
  ask(one, nullptr, &Job::conclude);
}

std::string Job::no_fault(const TrySpec& one) const {
  if (!one.fault || !one.no_fault.empty() || stage_->has_own_front()) return one.no_fault;
  const auto fault = fault_named(one.fault->leg, one.fault->name);
  return fault && spoils_front(*fault) ? "the fault is one of the proxy's front, and this one runs already" : "";
}

// A first client, of another name and without the fault. What it causes at origins belongs to no try.
void Job::get_session() {
  TrySpec first = current();
  first.client.conduct = {};
  first.client.sni = {proxy::NameSource::From::fixed, std::string(other_name)};
  first.host_field = other_name;
  first.method = "GET";
  first.target = "/";
  first.headers.clear();
  first.body.clear();
  ask(first, nullptr, &Job::offer_session);
}

void Job::offer_session() {
  client_.reset();
  auto session = std::move(session_);
  if (auto why = stage_->broken()) {
    lost_proxy_ = true;
    return add_unready(std::move(*why));
  }
  const auto skip = [this](std::string why) { add_unready({path::Status::skipped, std::move(why)}); };
  if (!session)
    return skip("the proxy's front granted no session to a client that asked for " + std::string(other_name) +
                ", whose connection ended as " + std::string(policy::name(client_seen_.ending.how)) + " at stage " +
                std::string(policy::name(client_seen_.ending.stage)));
  const auto agreed = client_seen_.handshake.agreement();
  const tls::Stack* stack = tls::stack_named(current().client.stack);
  if (agreed && agreed->version == wire::tls1_3 && stack && !stack->can().foreign_tickets13)
    return skip(current().client.stack + " offers a session of TLS 1.3 under the name only that it was got by");
  ask(current(), std::move(session), &Job::conclude);
}

Result<net::Endpoint> Job::address_for(const ClientSpec& client) {
  using Reach = Conduct::Reach;
  if (client.conduct.reach == Reach::normal) return stage_->proxy_address();
  auto port = net::ReservedPort::reserve();
  if (!port) return tl::unexpected(port.error());
  if (client.conduct.reach == Reach::deaf)
    if (auto deaf = port->deafen(); !deaf) return tl::unexpected(deaf.error());
  nobody_ = std::move(*port);
  return net::Endpoint{"127.0.0.1", nobody_->port()};
}

void Job::ask(const TrySpec& one, std::shared_ptr<const tls::Session> session, void (Job::*then)()) {
  auto engine = stage_->client_engine(one, std::move(session));
  if (!engine) return add_unready(std::move(engine.error()));
  const auto address = address_for(one.client);
  if (!address) return add_unready({path::Status::error, address.error().message()});
  begun_ = stage_->begin_try();  // the first client of its settings takes long to make: that is not the try's time
  const Ask ask{.to = *address,
                .name = one.client.like.empty() ? one.client.stack : one.client.stack + " like " + one.client.like,
                .request = request_of(one),
                .timeout = one.timeout,
                .begun = begun_,
                .after_request = one.client.conduct.after_request};
  client_ = std::make_unique<Client>(workshop_.loop, ask, std::move(*engine), [this, then](path::Observation seen) {
    client_seen_ = std::move(seen);
    session_ = client_->session();
    then_ = then;
    settle_begun_ = workshop_.loop.now();
    settle(0);
  });
}

void Job::add_unready(Unready why) {
  path::TryOutcome outcome = outcome_of(current());
  outcome.status = why.status;
  outcome.reason = std::move(why.reason);
  add(std::move(outcome));
}

void Job::settle(unsigned turn) {
  const auto waited = workshop_.loop.now() - settle_begun_;
  using How = policy::Ending::How;
  const bool impatient = client_seen_.ending.how == How::timed_out || client_seen_.ending.how == How::broke_off;
  const bool dying = breaks_off(client_seen_.ending) && stage_->can_end() && !stage_->broken();
  const bool early = turn < settle_turns || (impatient && waited < late_limit) || (dying && waited < end_limit);
  if (!early && (waited > settle_limit || stage_->quiet())) return (this->*then_)();
  const auto again = [this, alive = alive_, turn] {
    if (*alive) settle(turn + 1);
  };
  if (turn < 16) return workshop_.loop.post(again);
  workshop_.loop.after(turn < 64 ? 1ms : 5ms, again);
}

void Job::conclude() {
  client_.reset();
  nobody_.reset();
  if (const auto why = stage_->broken()) {  // nothing can be said of a path without its proxy
    lost_proxy_ = true;
    path::TryOutcome outcome = outcome_of(current());
    outcome.record = stage_->take(current(), std::move(client_seen_));
    outcome.status = why->status;
    outcome.reason = why->reason;
    return add(std::move(outcome));
  }
  add(judge_try(current(), stage_->take(current(), std::move(client_seen_))));
}

void Job::add(path::TryOutcome outcome) {
  outcome.took = std::max(outcome.took, workshop_.loop.now() - begun_);
  outcomes_.push_back(std::move(outcome));
  workshop_.loop.post([this, alive = alive_] {
    if (!*alive) return;
    if (outcomes_.size() < tries_.size()) return begin_next();
    finish();
  });
}

void Job::finish() {
  stage_->shut_down([this] {
    stage_.reset();
    const auto done = std::move(done_);
    done(std::move(outcomes_));
  });
}

}  // namespace bothends::run
