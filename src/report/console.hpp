// The report for a terminal: the path drawn as client → proxy → origin with what each leg came to, then findings with
// evidence and remedy, then every failed expectation with its line, a caret and the actual value.
#pragma once

#include "path/outcome.hpp"

namespace bothends::report {

struct ConsoleOptions {
  bool color = false;
  bool unicode = true;   // false: ASCII only
  unsigned width = 100;  // columns
  bool verbose = false;  // every message of both legs
  bool quiet = false;    // failures and the summary only
};

/// One scenario with all its tries. Printed as soon as it has ended, so that a long run shows something.
std::string console(const path::ScenarioOutcome& scenario, const ConsoleOptions& options);
/// The last lines: counts, time, and what to do next.
std::string console_summary(const path::Counts& counts, bool interrupted, unsigned not_run,
                            std::chrono::microseconds took, const ConsoleOptions& options);

}  // namespace bothends::report
