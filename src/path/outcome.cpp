#include "path/outcome.hpp"

#include <algorithm>

#include "path/rules.hpp"

namespace bothends::path {

using Came = FaultOutcome::Came;

namespace {

/// An answer of the proxy's own says nothing of an origin.
bool is_served(Leg leg, const PathRecord& record) {
  if (!answered(record) || client_status(record) >= 500) return false;
  return leg == Leg::client || served(record);
}

}  // namespace

std::string_view name(Came came) {
  constexpr std::string_view words[] = {"named", "accepted", "undecided", "misnamed", "unnamed"};
  return words[static_cast<std::size_t>(came)];
}

Came came_of(Leg leg, const std::vector<std::string>& causes, const std::vector<Finding>& findings,
             const PathRecord& record) {
  const auto right = [&](const std::string& cause) { return std::ranges::find(causes, cause) != causes.end(); };
  const auto names_it = [&](const Finding& finding) { return finding.leg == leg && right(finding.cause); };
  if (std::ranges::any_of(findings, names_it)) return Came::named;
  const bool let_pass =
      std::ranges::any_of(findings, [](const Finding& f) { return f.cause == "bad-certificate-accepted"; });
  if (let_pass) return Came::accepted;
  const auto has_it = [&](const Finding& finding) { return std::ranges::any_of(finding.candidates, right); };
  if (std::ranges::any_of(findings, has_it)) return Came::undecided;
  if (!findings.empty()) return Came::misnamed;
  return is_served(leg, record) ? Came::accepted : Came::unnamed;
}

Control control_of(const TryOutcome& twin, Leg leg) {
  if (!twin.record || twin.status == Status::error || twin.status == Status::skipped)
    return {false, "the control twin did not run: " + twin.reason};
  if (!twin.findings.empty())
    return {false, "the control twin, without the fault, fails too: " + twin.findings[0].cause};
  if (is_served(leg, *twin.record)) return {true, {}};
  const unsigned status = client_status(*twin.record);
  return {false, "the control twin, without the fault, gets " +
                     (status ? "status " + std::to_string(status) : std::string("no answer")) +
                     (status && status < 500 ? ", and not from an origin" : "")};
}
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
