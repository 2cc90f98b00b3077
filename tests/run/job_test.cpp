// The tries of one stage, in their order, each with what is its own.
#include "run/job.hpp"

#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

using path::Status;

const path::Verdict* failed(const path::TryOutcome& outcome) {
  for (const path::Verdict& verdict : outcome.verdicts)
    if (!verdict.met) return &verdict;
  return nullptr;
}

}  // namespace

TEST_CASE("tries run in the order of the file, and each has its own request") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[origin.shop]
[[try]]
name = "a"
url = "https://shop.test/a"
[[try]]
name = "b"
url = "https://shop.test/b"
[[try]]
name = "c"
url = "https://shop.test/c"
)");
  REQUIRE(outcomes.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    CHECK(outcomes[i].name == name);
    CHECK(outcomes[i].status == Status::passed);
    REQUIRE(outcomes[i].record->origins.size() == 1);
    CHECK(outcomes[i].record->origins[0].exchanges.at(0).request->target == "/" + name);
    CHECK(outcomes[i].record->origins[0].begun >= outcomes[i].record->client.begun);
    CHECK(outcomes[i].took >= outcomes[i].record->took);
  }
}

TEST_CASE("a client that gives up leaves nothing to the next try") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[origin.mute]
speaks = "nothing"
[origin.shop]
[proxy]
timeout = "60s"
[proxy.routes."mute.test"]
to = "mute"
[proxy.routes."shop.test"]
to = "shop"
[[try]]
url = "https://mute.test/"
timeout = "60ms"
expect.finding = "no-answer"
[[try]]
url = "https://shop.test/"
expect.origin.connections = 1
[[try]]
url = "https://mute.test/"
timeout = "60ms"
expect = { origin.connections = 1, finding = "no-answer" }
)");
  REQUIRE(outcomes.size() == 3);
  for (const auto& outcome : outcomes)
    if (const auto* verdict = failed(outcome)) FAIL_CHECK(outcome.place.line, " ", verdict->expectation.fact);
  CHECK(outcomes[0].record->client.ending.how == policy::Ending::How::timed_out);
  CHECK(outcomes[0].record->origins.at(0).name == "mute");
  CHECK(outcomes[1].record->origins.at(0).name == "shop");
}

// The proxy here takes the client's connection, says nothing, and goes to the origin when the client has given up. Its
// connection is never closed: the try waits for it as long as it waits for any, and then resets it.
TEST_CASE("what a proxy begins after its client has given up belongs to that try, and does not hold up the run") {
  net::Loop loop;
  const Job* running = nullptr;
  int late = -1;
  const std::function<void(int)> go = [&](int turns) {
    if (turns > 0) return loop.post([&, turns] { go(turns - 1); });
    late = net::test::raw_connect(running->stage()->origins().at(0)->port());
  };
  std::vector<std::unique_ptr<net::Connection>> connections;
  const auto listener = net::Listener::listen(
      loop, {"127.0.0.1", 0}, [] { return net::test::pass(); }, {},
      [&](std::unique_ptr<net::Connection> came) {
        const bool first = connections.empty();
        connections.push_back(std::move(came));
        net::on(*connections.back(), {.ended = [&go, first](const auto&) {
          if (first) go(8);
        }});
      });
  REQUIRE(listener);
  const Scenario scenario =
      read("[origin.shop]\n[proxy]\naddress = \"127.0.0.1:" + std::to_string((*listener)->port()) +
           "\"\n[[try]]\nname = \"1\"\nurl = \"https://shop.test/\"\ntimeout = \"60ms\"\n" +
           "[[try]]\nname = \"2\"\nurl = \"https://shop.test/\"\ntimeout = \"60ms\"\n");
  Workshop workshop{loop, mint(), std::nullopt};
  std::optional<std::vector<path::TryOutcome>> outcomes;
  Job job(workshop, {&scenario.tries[0], &scenario.tries[1]}, [&](auto all) { outcomes = std::move(all); });
  running = &job;
  turn_until(loop, [&] { return outcomes.has_value(); });
  REQUIRE(outcomes->size() == 2);
  REQUIRE(outcomes->at(0).record->origins.size() == 1);
  CHECK(outcomes->at(0).record->origins[0].ending.how == policy::Ending::How::open);
  CHECK(outcomes->at(1).record->origins.empty());
  CHECK(net::test::raw_read_all(late).empty());  // it was ended
  net::test::raw_reset(late);
}

TEST_CASE("a try that cannot be is said to be so, and the ones after it run") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[origin.shop]
[[try]]
url = "https://shop.test/"
client = { stack = "mbedtls", versions = "TLSv1.0" }
[[try]]
url = "https://shop.test/"
)");
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].status == Status::skipped);
  CHECK_FALSE(outcomes[0].record);
  says(outcomes[0].reason, "mbedtls");
  CHECK(outcomes[1].status == Status::passed);
}

TEST_CASE("where the stage cannot be, none of its tries can") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[origin.shop]
stack = "mbedtls"
versions = "TLSv1.0"
[[try]]
name = "a"
url = "https://shop.test/"
[[try]]
name = "b"
url = "https://shop.test/"
)");
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].name == "a");
  CHECK(outcomes[1].name == "b");
  for (const auto& outcome : outcomes) CHECK(outcome.status == Status::skipped);
}

TEST_CASE("a finding that nobody expected fails the try") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[origin.shop]
speaks = "refuses"
[[try]]
url = "https://shop.test/"
expect.status = 503
)");
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].status == Status::failed);
  REQUIRE(failed(outcomes[0]));
  CHECK(failed(outcomes[0])->expectation.fact == "finding");
}

TEST_CASE("no SNI for an address (RFC 6066 section 3)") {
  net::Loop loop;
  const auto outcomes = run_job(loop, R"(
[origin.shop]
[[try]]
url = "https://127.0.0.1/"
expect.client.hello.sni = "absent"
expect.status = 200
)");
  REQUIRE(outcomes.size() == 1);
  if (const auto* verdict = failed(outcomes[0])) FAIL_CHECK(verdict->expectation.fact);
}

TEST_CASE("a job may be destroyed at any time, and what has ended can be had") {
  const Scenario scenario = read(R"(
[origin.shop]
[[try]]
url = "https://shop.test/1"
[[try]]
url = "https://shop.test/2"
)");
  std::size_t most = 0;
  for (int turns = 0; turns < 60; ++turns) {
    net::Loop loop;
    Workshop workshop{loop, mint(), std::nullopt};
    Job job(workshop, {&scenario.tries[0], &scenario.tries[1]}, [](auto) {});
    for (int i = 0; i < turns; ++i) loop.turn();
    most = std::max(most, job.ended());
    CHECK(job.take_outcomes().size() <= 2);
  }
  CHECK(most > 0);
}

}  // namespace bothends::run::test
