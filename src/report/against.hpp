// What would come of a captured ClientHello at an endpoint, for people.
#pragma once

#include "policy/against.hpp"
#include "report/console.hpp"

namespace bothends::report {

/// "against shop.test:443, surveyed with shop.test on 2026-11-24".
std::string against_headline(const policy::Probed& probed, const ConsoleOptions& options);
/// Agrees and on what; or who refuses and with which alert, both lists that are apart, and what to change; or what is
/// not known.
std::string console(const policy::Against& against, const ConsoleOptions& options);

}  // namespace bothends::report
