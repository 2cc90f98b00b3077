#include "path/rules.hpp"

namespace bothends::path {

std::string_view name(Certainty certainty) {
  switch (certainty) {
    case Certainty::certain:
      return "certain";
    case Certainty::inferred:
      return "inferred";
    case Certainty::undecided:
      return "undecided";
  }
  return "undecided";
}

namespace {

/// Some proxies try again by themselves: each attempt is a connection of its own.
Finding with_attempts(Finding found, const PathRecord& record) {
  const std::size_t attempts = record.origins.size();
  if (found.leg == Leg::origin && attempts > 1 && !served(record))
    found.evidence.push_back("the proxy made " + std::to_string(attempts) +
                             " connections to the origin for this one request");
  return found;
}

}  // namespace

std::vector<Finding> diagnose(const PathRecord& record) {
  // What failed between client and proxy has no second leg: the proxy had no request to pass on.
  for (const auto& rules : {client_rules(), break_rules(), origin_rules()})
    for (const Rule rule : rules)
      if (auto story = rule(record)) return {with_attempts(std::move(*story), record)};
  return {};
}

}  // namespace bothends::path
