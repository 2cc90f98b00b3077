// JUnit XML as CI systems read it: a suite per scenario file, a case per try; failure, error and skipped kept apart.
#pragma once

#include "path/outcome.hpp"

namespace bothends::report {

/// One <testsuite>. Characters that XML 1.0 cannot hold are shown escaped.
std::string junit(const path::ScenarioOutcome& scenario);
std::string junit_document(const path::RunOutcome& run, const path::Counts& counts,
                           const std::vector<std::string>& suites);

}  // namespace bothends::report
