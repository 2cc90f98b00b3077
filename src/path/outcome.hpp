// What a run came to: the five kinds of outcome (DESIGN.md section 3).
#pragma once

#include "path/expect.hpp"
#include "path/finding.hpp"

namespace bothends::path {

enum class Status { passed, failed, error, skipped };
std::string_view name(Status status);

/// What became of a fault that was put on the path on purpose.
struct FaultOutcome {
  enum class Came {
    named,      // a finding names it, on its leg
    accepted,   // nobody minded: the client was served, by the origin when the fault is on its leg
    undecided,  // it is among a finding's candidates
    misnamed,   // a finding names something else
    unnamed     // something failed, and there is no finding
  };
  Leg leg = Leg::origin;
  std::string name;  // of the catalogue of faults
  Came came = Came::unnamed;
};
std::string_view name(FaultOutcome::Came came);
/// `causes`: what may rightly be named.
FaultOutcome::Came came_of(Leg leg, const std::vector<std::string>& causes, const std::vector<Finding>& findings,
                           const PathRecord& record);

/// The control twin: the same try without its fault.
struct Control {
  bool passed = false;  // no finding, and the client was served
  std::string problem;  // otherwise: why not; printable
};
/// Of the outcome of a twin of a try whose fault is on `leg`.
Control control_of(const struct TryOutcome& twin, Leg leg);

struct TryOutcome {
  std::string name;                                          // of the try; printable
  std::vector<std::pair<std::string, std::string>> variant;  // of the matrix: {"client.stack", "mbedtls"}
  Place place;
  Status status = Status::passed;
  std::string reason;                // why skipped; what the error was
  std::optional<PathRecord> record;  // nullopt when it never ran
  std::vector<Verdict> verdicts;
  std::vector<Finding> findings;
  std::optional<FaultOutcome> fault;
  std::optional<Control> control;  // with a fault; when it has not passed, the verdict is void: status is `error`
  std::chrono::microseconds took{0};
};

struct ScenarioOutcome {
  std::string file;
  std::string title;
  std::optional<Error> error;  // the file could not be read or staged: no tries, or those that could run
  std::vector<TryOutcome> tries;
};

struct Counts {
  unsigned passed = 0, failed = 0, errors = 0, skipped = 0;
  unsigned total() const { return passed + failed + errors + skipped; }
  friend bool operator==(const Counts&, const Counts&) = default;
};
/// A scenario that is itself an error counts one error.
Counts count(const ScenarioOutcome& scenario);

struct RunOutcome {
  std::string proxy;         // what --proxy said, or empty
  std::string version;       // of bothends
  std::string began;         // ISO 8601, UTC
  bool interrupted = false;  // partial: what is missing did not run
  unsigned not_run = 0;      // tries known and not run because of that
  std::vector<ScenarioOutcome> scenarios;
  std::chrono::microseconds took{0};
};
Counts count(const RunOutcome& run);

/// DESIGN.md: 0 all well · 1 failed · 2 error, nothing ran, all skipped, or any skipped with `strict` · 130
/// interrupted.
int exit_code(const RunOutcome& run, bool strict);
int exit_code(const Counts& counts, bool interrupted, bool strict);

}  // namespace bothends::path
