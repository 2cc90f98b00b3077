#include "path/outcome.hpp"

namespace bothends::path {
namespace {

void add(Counts& counts, Status status) {
  switch (status) {
    case Status::passed:
      ++counts.passed;
      break;
    case Status::failed:
      ++counts.failed;
      break;
    case Status::error:
      ++counts.errors;
      break;
    case Status::skipped:
      ++counts.skipped;
      break;
  }
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::passed:
      return "passed";
    case Status::failed:
      return "failed";
    case Status::error:
      return "error";
    case Status::skipped:
      break;
  }
  return "skipped";
}

Counts count(const ScenarioOutcome& scenario) {
  Counts counts;
  if (scenario.error) ++counts.errors;
  for (const auto& one : scenario.tries) add(counts, one.status);
  return counts;
}

Counts count(const RunOutcome& run) {
  Counts sum;
  for (const auto& scenario : run.scenarios) {
    auto counts = count(scenario);
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.errors += counts.errors;
    sum.skipped += counts.skipped;
  }
  return sum;
}

int exit_code(const RunOutcome& run, bool strict) { return exit_code(count(run), run.interrupted, strict); }

int exit_code(const Counts& counts, bool interrupted, bool strict) {
  constexpr int well = 0, failed = 1, error = 2, stopped = 130;
  if (interrupted) return stopped;
  if (counts.errors > 0 || counts.skipped == counts.total()) return error;
  if (strict && counts.skipped > 0) return error;
  return counts.failed > 0 ? failed : well;
}

}  // namespace bothends::path
