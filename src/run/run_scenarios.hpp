// The main job: scenario files in, outcomes out.
#pragma once

#include <functional>

#include "path/outcome.hpp"
#include "run/scenario.hpp"

namespace bothends::run {

struct RunOptions {
  std::vector<std::filesystem::path> paths;  // files and folders
  ReadOptions read;
  std::filesystem::path driver;                      // --driver: its proxy takes the place of every `use`; empty: none
  unsigned jobs = 1;                                 // stages side by side
  unsigned repeat = 1;                               // rounds over all scenarios
  std::string name;                                  // only tries whose name contains this; empty: all
  std::function<void(const std::string&)> progress;  // one short line; may be empty
};

struct RunSummary {
  std::string proxy;  // the one that took the place of every `use`; empty: none did
  path::Counts counts;
  bool interrupted = false;
  unsigned not_run = 0;
  std::chrono::microseconds took{0};
};

/// Runs everything, `finished` gets each scenario as soon as it and all before it have ended, in the order of the
/// files. SIGINT and SIGTERM end the run early: what has ended is told, the rest counted in not_run. Error only when
/// nothing can be run at all (a missing path, a folder without scenarios, a bad driver file): a bad scenario file is an
/// outcome, and the others still run.
Result<RunSummary> run_scenarios(const RunOptions& options, const std::function<void(path::ScenarioOutcome)>& finished);

}  // namespace bothends::run
