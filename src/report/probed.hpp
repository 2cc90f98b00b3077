// What a probe found, for a terminal: what is wrong first, then the whole policy.
#pragma once

#include "policy/probed.hpp"
#include "report/console.hpp"

namespace bothends::report {

/// `quiet`: the headline and what is wrong or unknown. `verbose`: also fingerprints, every name, cross checks that
/// agree.
std::string console(const policy::Probed& probed, const ConsoleOptions& options);

}  // namespace bothends::report
