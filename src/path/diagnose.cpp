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

std::vector<Finding> diagnose(const PathRecord& record) {
  // What failed between client and proxy has no second leg: the proxy had no request to pass on.
  for (const auto& rules : {client_rules(), break_rules(), origin_rules()})
    for (const Rule rule : rules)
      if (auto story = rule(record)) return {std::move(*story)};
  return {};
}

}  // namespace bothends::path
