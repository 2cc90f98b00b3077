// What is wrong on the path, by whose word, and what to change.
#pragma once

#include "path/path_record.hpp"

namespace bothends::path {

enum class Certainty {
  certain,
  inferred,
  undecided
};  // both ends agree · one end and what was configured · see candidates
std::string_view name(Certainty certainty);

struct Finding {
  std::string cause;  // an id of causes.hpp
  Leg leg = Leg::origin;
  std::optional<Side> refused_by;  // nullopt: nobody refused (no answer, wrong answer)
  policy::Stage stage = policy::Stage::connect;
  Certainty certainty = Certainty::certain;
  std::vector<std::string> candidates;  // ids; only when undecided
  std::vector<std::string> evidence;    // one printable sentence each, each saying which end saw it
  std::string remedy;                   // one or two printable sentences
};

/// The closed list.
struct Cause {
  std::string_view id;
  std::string_view title;
  std::string_view why;     // one sentence
  std::string_view remedy;  // general; a finding's own may be more exact
};
const std::vector<Cause>& causes();
const Cause* cause_of(std::string_view id);

/// Rules over the evidence, most specific first; pure. Empty: the path is healthy. Never a single wrong name: what
/// cannot be told apart is one Finding with Certainty::undecided and its candidates.
std::vector<Finding> diagnose(const PathRecord& record);

}  // namespace bothends::path
