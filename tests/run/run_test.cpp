// The main job: files in, outcomes out, in the order of the files.
#include <csignal>

#include "run/run_scenarios.hpp"
#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

constexpr auto* good = R"(
title = "good"
[origin.shop]
[[try]]
name = "first"
url = "https://shop.test/1"
[[try]]
name = "second"
url = "https://shop.test/2"
)";

struct Told {
  std::vector<path::ScenarioOutcome> scenarios;
  RunSummary summary;
  std::vector<std::string> titles() const {
    std::vector<std::string> all;
    for (const auto& one : scenarios) all.push_back(one.title);
    return all;
  }
};

Told run(const RunOptions& options, const std::function<void()>& after_each = {}) {
  Told told;
  const auto summary = run_scenarios(options, [&](path::ScenarioOutcome outcome) {
    told.scenarios.push_back(std::move(outcome));
    if (after_each) after_each();
  });
  REQUIRE_MESSAGE(summary, summary.error().message());
  told.summary = *summary;
  return told;
}

/// Where the origin that answered listens.
std::string origin_of(const path::TryOutcome& outcome) {
  REQUIRE(outcome.record);
  REQUIRE(outcome.record->origins.size() == 1);
  return outcome.record->origins.front().local;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("tries of equal stages share one, others do not") {
  const Folder folder;
  folder.write("a.toml", R"(
[origin.shop]
[[try]]
name = "1"
url = "https://shop.test/"
[[try]]
name = "2"
with.origin.shop.body = "other"
url = "https://shop.test/"
[[try]]
name = "3"
url = "https://shop.test/"
)");
  const Told told = run({.paths = {folder.path()}, .jobs = 2});
  REQUIRE(told.scenarios.size() == 1);
  const auto& tries = told.scenarios[0].tries;
  REQUIRE(tries.size() == 3);
  CHECK(tries[0].name == "1");
  CHECK(tries[1].name == "2");
  CHECK(tries[2].name == "3");
  CHECK(origin_of(tries[0]) == origin_of(tries[2]));
  CHECK(origin_of(tries[0]) != origin_of(tries[1]));
  CHECK(told.summary.counts == path::Counts{.passed = 3});
}

TEST_CASE("outcomes are told in the order of the files, also when a later one ends first") {
  const Folder folder;
  folder.write("a.toml", R"(
title = "slow"
[origin.shop]
speaks = "nothing"
[[try]]
url = "https://shop.test/"
timeout = "300ms"
expect.finding = "no-answer"
)");
  folder.write("b.toml", good);
  std::vector<std::string> progress;
  RunOptions options{.paths = {folder.path()}, .jobs = 4};
  options.progress = [&](const std::string& line) { progress.push_back(line); };
  const Told told = run(options);
  CHECK(told.titles() == Names{"slow", "good"});
  CHECK(told.summary.counts == path::Counts{.passed = 3});
  CHECK(progress == Names{"2 of 3 tries", "3 of 3 tries"});
}

TEST_CASE("a bad file is an outcome, and the others still run") {
  const Folder folder;
  folder.write("a.toml", "[origin\n");
  folder.write("b.toml", good);
  const Told told = run({.paths = {folder.path()}});
  REQUIRE(told.scenarios.size() == 2);
  CHECK(told.scenarios[0].error);
  CHECK(told.scenarios[1].tries.size() == 2);
  CHECK(told.summary.counts == path::Counts{.passed = 2, .errors = 1});
}

TEST_CASE("only tries of that name") {
  const Folder folder;
  folder.write("a.toml", good);
  const Told told = run({.paths = {folder.path()}, .name = "econ"});
  REQUIRE(told.scenarios.size() == 1);
  REQUIRE(told.scenarios[0].tries.size() == 1);
  CHECK(told.scenarios[0].tries[0].name == "second");
  CHECK(run({.paths = {folder.path()}, .name = "nobody"}).scenarios.empty());
}

TEST_CASE("rounds") {
  const Folder folder;
  folder.write("a.toml", good);
  const Told told = run({.paths = {folder.path()}, .jobs = 3, .repeat = 3});
  CHECK(told.titles() == Names{"good", "good (round 2)", "good (round 3)"});
  CHECK(told.summary.counts == path::Counts{.passed = 6});
  CHECK(told.summary.not_run == 0);
}

TEST_CASE("a round without a try is not run again") {
  const Folder folder;
  folder.write("a.toml", "[origin\n");
  const Told told = run({.paths = {folder.path()}, .repeat = 1'000'000});
  CHECK(told.summary.counts == path::Counts{.errors = 1});
  CHECK(told.summary.not_run == 0);
}

TEST_CASE("an interrupt ends the run: what has ended is told, the rest is counted") {
  const Folder folder;
  folder.write("a.toml", good);
  folder.write("b.toml", R"(
title = "endless"
[origin.shop]
speaks = "nothing"
[[try]]
url = "https://shop.test/"
timeout = "60s"
)");
  folder.write("c.toml", good);
  for (const int signal : {SIGINT, SIGTERM}) {
    const Told told = run({.paths = {folder.path()}, .repeat = 10}, [&] { std::raise(signal); });
    CHECK(told.summary.interrupted);
    CHECK(told.titles() == Names{"good"});
    CHECK(told.summary.counts == path::Counts{.passed = 2});
    CHECK(told.summary.not_run == 5 * 10 - 2);
  }
}

TEST_CASE("an interrupt that comes with the first words is not lost") {
  const Folder folder;
  folder.write("a.toml", "[origin\n");
  folder.write("b.toml", good);
  const Told told = run({.paths = {folder.path()}, .jobs = 1, .repeat = 1000}, [] { std::raise(SIGINT); });
  CHECK(told.summary.interrupted);
  CHECK(told.summary.not_run > 0);
}

TEST_CASE("what cannot be run at all is an error") {
  const Folder folder;
  const auto refused = [](const RunOptions& options) {
    const auto summary = run_scenarios(options, [](auto) { FAIL("told"); });
    return summary ? "accepted" : summary.error().message();
  };
  says(refused({.paths = {folder.path() / "none.toml"}}), "none.toml: there is no such file or folder");
  says(refused({.paths = {folder.path()}}), "holds no scenario");
  folder.write("a.toml", good);
  CHECK(refused({.paths = {folder.path()}, .driver = folder.path() / "none.toml"}) != "accepted");
}

TEST_CASE("a driver's proxy takes the place of every proxy, once") {
  const Folder folder;
  folder.write("a.toml", R"(
[matrix]
proxy.use = ["builtin", "nginx", "haproxy"]
[origin.shop]
[[try]]
url = "https://shop.test/"
)");
  const Folder elsewhere;
  const auto driver =
      elsewhere.write("odd.toml", "name = \"odd\"\nbinaries = [\"no-such-proxy-here\"]\nstart = [\"x\"]\n");
  const Told told = run({.paths = {folder.path()}, .driver = driver});
  CHECK(told.summary.proxy == "odd");
  CHECK(told.summary.counts == path::Counts{.skipped = 1});
  REQUIRE(told.scenarios.size() == 1);
  REQUIRE(told.scenarios[0].tries.size() == 1);
  CHECK(told.scenarios[0].tries[0].variant.empty());
}

}  // namespace bothends::run::test
