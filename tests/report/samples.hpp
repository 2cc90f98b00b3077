// Outcomes for the tests of all reports: a healthy one, one of each kind, and one in which every string is hostile.
#pragma once

#include "path/facts.hpp"
#include "path/outcome.hpp"

namespace bothends::samples {

path::TryOutcome passed(std::string name = "control: with SNI it works");
/// No SNI, a wrong certificate, an unexpected finding and an unmet expectation.
path::TryOutcome failed(std::string name = "a browser asks for shop.test");
/// Its finding is what its expectation asked for.
path::TryOutcome expected();
/// A try with a fault that came to this, and whose control twin passed or did not.
path::TryOutcome faulty(path::FaultOutcome::Came came, bool control = true);
path::TryOutcome broken();
path::TryOutcome skipped();
/// One of each of the above.
path::ScenarioOutcome mixed();

/// ESC, bidirectional marks, octets that are no UTF-8, the end of a CDATA section, and what HTML and XML react to.
std::string hostile();
/// Every string that a peer, a file or a process can choose is hostile().
path::ScenarioOutcome hostile_scenario();
/// Lists and strings as long as a peer can make them.
path::ScenarioOutcome huge_scenario();

/// A scenario of this one try.
path::ScenarioOutcome only(path::TryOutcome one);
bool has(const std::string& text, std::string_view part);

path::RunOutcome run_of(std::vector<path::ScenarioOutcome> scenarios);
const path::Digests& digests();

}  // namespace bothends::samples
