// A grade against a policy, for a terminal: the verdict, then what is too much, missing or otherwise, by version.
#pragma once

#include "policy/grade.hpp"
#include "report/console.hpp"

namespace bothends::report {

/// With `quiet` the verdict's line only; with `verbose` also the sources, and suites that no leaf could serve by name.
std::string console(const policy::Grade& grade, const ConsoleOptions& options);

}  // namespace bothends::report
