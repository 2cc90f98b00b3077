// The report for programs, versioned: schema/report.schema.json describes it. Rendered scenario by scenario, so that a
// long run need not keep its records.
#pragma once

#include "path/facts.hpp"
#include "path/outcome.hpp"

namespace bothends::report {

/// One element of the document's "scenarios". Strings from peers are valid UTF-8 here: octets that are not become
/// U+FFFD.
std::string json(const path::ScenarioOutcome& scenario, const path::Digests& digests);
/// The document; `scenarios` are rendered elements, `run.scenarios` is not looked at.
std::string json_document(const path::RunOutcome& run, const path::Counts& counts,
                          const std::vector<std::string>& scenarios);

}  // namespace bothends::report
