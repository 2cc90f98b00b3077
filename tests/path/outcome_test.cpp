#include "path/outcome.hpp"

#include <doctest/doctest.h>

using namespace bothends;
using path::Counts;
using path::Status;

namespace {

path::RunOutcome run_of(std::vector<Status> statuses) {
  path::ScenarioOutcome scenario;
  for (auto status : statuses) scenario.tries.emplace_back().status = status;
  path::RunOutcome run;
  run.scenarios = {scenario};
  return run;
}

}  // namespace

TEST_CASE("every try is counted once, a broken scenario as one error more") {
  auto run = run_of({Status::passed, Status::failed, Status::skipped, Status::passed});
  run.scenarios.emplace_back().error = Error{ErrorCode::syntax, "bad", {}};
  CHECK(path::count(run) == Counts{2, 1, 1, 1});
  CHECK(path::count(run).total() == 5);
}

TEST_CASE("exit codes") {
  CHECK(path::exit_code(run_of({Status::passed}), false) == 0);
  CHECK(path::exit_code(run_of({Status::passed, Status::failed}), false) == 1);
  CHECK(path::exit_code(run_of({Status::failed, Status::error}), false) == 2);
  CHECK(path::exit_code(path::RunOutcome{}, false) == 2);
  CHECK(path::exit_code(run_of({Status::skipped, Status::skipped}), false) == 2);
}

TEST_CASE("skipped is green only beside something that ran, and never with strict") {
  auto run = run_of({Status::passed, Status::skipped});
  CHECK(path::exit_code(run, false) == 0);
  CHECK(path::exit_code(run, true) == 2);
  CHECK(path::exit_code(run_of({Status::failed, Status::skipped}), false) == 1);
}

TEST_CASE("interrupted comes before everything") {
  auto run = run_of({Status::failed, Status::error});
  run.interrupted = true;
  CHECK(path::exit_code(run, true) == 130);
  CHECK(path::exit_code(Counts{}, true, false) == 130);
}
