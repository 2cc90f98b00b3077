// Tries with faults: what is expected of them unasked, and what their control twins make of their verdicts.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "run/run_scenarios.hpp"
#include "tests/run/run_support.hpp"
#include "tests/support/records.hpp"

namespace bothends::run::test {

namespace {

using path::Status;
using Came = path::FaultOutcome::Came;

path::TryOutcome only(const std::string& above, const std::string& in_try) {
  net::Loop loop;
  auto outcomes = run_job(loop, above + "[[try]]\nurl = \"https://shop.test/\"\n" + in_try);
  REQUIRE(outcomes.size() == 1);
  return std::move(outcomes.front());
}

/// Facts of the expectations that were not met.
std::vector<std::string> unmet(const path::TryOutcome& outcome) {
  std::vector<std::string> facts;
  for (const path::Verdict& verdict : outcome.verdicts)
    if (!verdict.met) facts.push_back(verdict.expectation.fact + " " + verdict.actual);
  return facts;
}
using Texts = std::vector<std::string>;

struct Told {
  std::vector<path::TryOutcome> tries;
  RunSummary summary;
};

Told run(const std::string& text, RunOptions options = {}) {
  const Folder folder;
  options.paths = {folder.write("a.toml", text)};
  Told told;
  const auto summary = run_scenarios(options, [&](path::ScenarioOutcome outcome) {
    REQUIRE_MESSAGE(!outcome.error, outcome.error->message());
    for (auto& one : outcome.tries) told.tries.push_back(std::move(one));
  });
  REQUIRE_MESSAGE(summary, summary.error().message());
  told.summary = *summary;
  return told;
}

/// A running proxy that closes every connection, and counts them.
class Counter {
 public:
  Counter() : thread_([this] { serve(); }) {}
  ~Counter() { stop(); }
  std::string address() const { return server_.at().text(); }
  unsigned stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
    return count_;
  }

 private:
  void serve() {
    while (!over_) {
      const int fd = server_.accept_within(net::milliseconds{20});
      if (fd < 0) continue;
      ++count_;
      ::close(fd);
    }
  }
  net::test::RawServer server_;
  std::atomic<bool> over_ = false;
  std::atomic<unsigned> count_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a fault of which nothing is asked passes when it is named, and when it is accepted") {
  const auto named = only("", "fault.origin = \"expired\"\n");
  CHECK(named.status == Status::passed);
  REQUIRE(named.fault);
  CHECK(named.fault->came == Came::named);
  CHECK(named.fault->leg == path::Leg::origin);
  CHECK(named.fault->name == "expired");
  CHECK(named.findings.at(0).cause == "cert-expired");
  const auto accepted = only("", "fault.origin = \"octet-records\"\n");
  CHECK(accepted.status == Status::passed);
  CHECK(accepted.fault->came == Came::accepted);
  CHECK(accepted.findings.empty());
}

TEST_CASE("a fault behind which something else goes wrong is misnamed, and fails") {
  const auto outcome = only("[proxy.routes.default]\ntrust = \"unknown-root\"\n", "fault.origin = \"request-fin\"\n");
  CHECK(outcome.fault->came == Came::misnamed);
  CHECK(outcome.status == Status::failed);
  CHECK(unmet(outcome) == Texts{"fault misnamed"});
}

TEST_CASE("what is asked of the finding counts, and is all that is asked") {
  CHECK(only("", "fault.origin = \"expired\"\nexpect.finding = \"cert-expired\"\n").status == Status::passed);
  CHECK(unmet(only("", "fault.origin = \"expired\"\nexpect.finding = \"unknown-ca\"\n")) ==
        Texts{"finding [cert-expired]"});
  CHECK(unmet(only("", "fault.origin = \"expired\"\nexpect.finding = \"none\"\n")) == Texts{"finding [cert-expired]"});
  const auto misnamed = only("[proxy.routes.default]\ntrust = \"unknown-root\"\n",
                             "fault.origin = \"request-fin\"\nexpect.finding = \"unknown-ca\"\n");
  CHECK(misnamed.status == Status::passed);
  CHECK(misnamed.fault->came == Came::misnamed);
}

TEST_CASE("what is asked of the fault counts; without one it is none") {
  CHECK(only("", "fault.origin = \"expired\"\nexpect.fault = \"named\"\n").status == Status::passed);
  CHECK(unmet(only("", "fault.origin = \"expired\"\nexpect.fault = \"accepted\"\n")) == Texts{"fault named"});
  CHECK(only("", "expect.fault = \"none\"\n").status == Status::passed);
  CHECK(unmet(only("", "expect.fault = \"named\"\n")) == Texts{"fault none"});
  // It says nothing of other expectations.
  CHECK(unmet(only("", "fault.origin = \"expired\"\nexpect.status = 200\n")) == Texts{"status 502"});
}

TEST_CASE("a bad certificate that was let pass although the proxy verifies fails the try that did not ask for it") {
  path::PathRecord record = support::a_record();
  record.known.proxy_verifies = policy::Verify::full;
  record.origins.front().chain = support::a_chain({{.defect = policy::Defect::expired}});
  const auto judged = [&](const std::string& expect) {
    const Scenario scenario = read("[[try]]\nurl = \"https://shop.test/\"\nfault.origin = \"expired\"\n" + expect);
    return judge_try(scenario.tries.at(0), record);
  };
  const auto outcome = judged("");
  CHECK(outcome.fault->came == Came::accepted);
  CHECK(outcome.status == Status::failed);
  CHECK(unmet(outcome) == Texts{"finding [bad-certificate-accepted]"});
  CHECK(judged("expect.finding = \"bad-certificate-accepted\"\n").status == Status::passed);
  CHECK(judged("expect.fault = \"accepted\"\n").status == Status::passed);
}

TEST_CASE("a client that finds nobody, and one that is not answered by anybody") {
  const auto refused = only("", "fault.client = \"refuse\"\n");
  CHECK(refused.status == Status::passed);
  CHECK(refused.fault->came == Came::named);
  CHECK(refused.record->client.ending.how == policy::Ending::How::connection_refused);
  CHECK(refused.record->origins.empty());
}

TEST_CASE("a session of another name is offered, and what comes of it is told") {
  const std::string asks = "fault.client = \"foreign-ticket\"\nexpect.";
  for (const std::string versions : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(versions);
    const std::string client = "[client]\nversions = \"" + versions + "\"\n";
    const auto taken = only(client, asks + "client.agreed.resumed = true\n");
    CHECK(taken.status == Status::passed);
    CHECK(taken.fault->came == Came::accepted);
    const auto hello = taken.record->client.handshake.transcript.client_hello();
    REQUIRE(hello);
    CHECK(hello->sni() == std::optional<std::string>("shop.test"));
    // The first connection is not part of the try, nor is what it caused.
    REQUIRE(taken.record->origins.size() <= 1);
    for (const auto& origin : taken.record->origins) CHECK(origin.exchanges.size() == 1);
    CHECK(only(client, "expect.client.agreed.resumed = false\n").status == Status::passed);
  }
}

TEST_CASE("where no session is granted, or none can be offered, the try is skipped and says why") {
  const auto strict = only("[proxy]\nstrict_sni = true\n", "fault.client = \"foreign-ticket\"\n");
  CHECK(strict.status == Status::skipped);
  CHECK(says(strict.reason, "granted no session to a client that asked for other.test"));
  CHECK(says(strict.reason, "alert-received"));
  CHECK_FALSE(strict.record);
  const std::string mbedtls = "[client]\nstack = \"mbedtls\"\nversions = \"";
  const auto own_name = only(mbedtls + "TLSv1.3\"\n", "fault.client = \"foreign-ticket\"\n");
  CHECK(own_name.status == Status::skipped);
  CHECK(says(own_name.reason, "mbedtls offers a session of TLS 1.3 under the name only that it was got by"));
  CHECK(only(mbedtls + "TLSv1.2\"\n", "fault.client = \"foreign-ticket\"\nexpect.client.agreed.resumed = true\n")
            .status == Status::passed);
}

TEST_CASE("a control twin that passes is told, and changes nothing") {
  const Told told = run("[[try]]\nurl = \"https://shop.test/\"\nfault.origin = \"expired\"\n");
  REQUIRE(told.tries.size() == 1);
  CHECK(told.tries[0].status == Status::passed);
  REQUIRE(told.tries[0].control);
  CHECK(told.tries[0].control->passed);
  CHECK(told.summary.counts == path::Counts{.passed = 1});
  CHECK_FALSE(run("[[try]]\nurl = \"https://shop.test/\"\n").tries.at(0).control);
}

TEST_CASE("a verdict whose twin fails is void: an error, whatever the try came to") {
  const std::string nobody = "[origin.shop]\nspeaks = \"refuses\"\n";
  const std::string one = "[[try]]\nurl = \"https://shop.test/\"\nfault.client = \"connect-fin\"\n";
  for (const std::string& expect : {std::string(), std::string("expect.finding = \"cert-expired\"\n")}) {
    const Told told = run(nobody + one + expect);
    REQUIRE(told.tries.size() == 1);
    CHECK(told.tries[0].status == Status::error);
    CHECK(told.tries[0].reason ==
          "the verdict is void: the control twin, without the fault, fails too: origin-unreachable");
    CHECK_FALSE(told.tries[0].control->passed);
    CHECK(told.tries[0].record);
    CHECK(told.summary.counts == path::Counts{.errors = 1});
    CHECK(path::exit_code(told.summary.counts, false, false) == 2);
  }
  const Told unserved = run("[origin.shop]\nstatus = 503\n" + one);
  CHECK(unserved.tries.at(0).reason == "the verdict is void: the control twin, without the fault, gets status 503");
}

TEST_CASE("what was skipped stays skipped, and a twin that cannot run makes a verdict void") {
  const Told told =
      run("[origin.shop]\nspeaks = \"refuses\"\n[proxy]\nstrict_sni = true\n"
          "[[try]]\nurl = \"https://shop.test/\"\nfault.client = \"foreign-ticket\"\n");
  CHECK(told.tries.at(0).status == Status::skipped);
  const Told twin =
      run("[origin.shop]\nversions = \"TLSv1.0\"\nstack = \"mbedtls\"\n"
          "[[try]]\nurl = \"https://shop.test/\"\nfault.origin = \"tls1.2-only\"\n");
  REQUIRE(twin.tries.size() == 1);
  CHECK(twin.tries[0].status == Status::error);
  CHECK(says(twin.tries[0].reason, "the verdict is void: the control twin did not run: mbedtls"));
}

TEST_CASE("tries that differ in their faults only share a twin; another request has its own") {
  Counter counter;
  const Told told = run("[proxy]\naddress = \"" + counter.address() +
                        "\"\n[matrix]\nfault.client = [\"hello-fin\", \"stalled\", \"garbage\"]\n"
                        "[[try]]\nurl = \"https://shop.test/\"\n[[try]]\nurl = \"https://shop.test/other\"\n");
  CHECK(told.tries.size() == 6);
  for (const auto& one : told.tries) CHECK(one.control);
  CHECK(counter.stop() == 6 + 2);
}

TEST_CASE("a try is never told without its twin, also when the run is interrupted between them") {
  RunOptions options{.jobs = 1};
  unsigned jobs = 0;
  options.progress = [&](const std::string&) {
    if (++jobs == 1) std::raise(SIGINT);
  };
  const Told told = run("[[try]]\nurl = \"https://shop.test/\"\nfault.origin = \"refuse\"\n", options);
  CHECK(told.summary.interrupted);
  CHECK(told.tries.empty());
  CHECK(told.summary.not_run == 1);
}

TEST_CASE("fresh tries have their stage for themselves") {
  const std::string two = "[[try]]\nurl = \"https://shop.test/\"\n";
  const auto ports = [](const Told& told) {
    std::set<std::string> all;
    for (const auto& one : told.tries) all.insert(one.record->origins.at(0).local);
    return all.size();
  };
  CHECK(ports(run(two + two + two)) == 1);
  CHECK(ports(run("fresh = true\n" + two + two + two)) == 3);
  CHECK(ports(run(two + two + two + "fresh = true\n")) == 2);
}

}  // namespace bothends::run::test
