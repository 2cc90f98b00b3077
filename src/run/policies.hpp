// Policies to grade an endpoint against: those shipped (policies.toml, embedded), and files of one's own.
// docs/policies.md describes both.
#pragma once

#include "base/result.hpp"
#include "policy/grade.hpp"

namespace bothends::run {

/// A shipped policy by its id or an alias, ignoring case; else the TOML file of that name. Error{value} with "did you
/// mean", Error{file}, or the file's mistake with its place.
Result<policy::GradePolicy> grade_policy(const std::string& name_or_file);
/// Of a file's text; `name` is the file's, for places and as the id of a policy without one.
Result<policy::GradePolicy> read_policy(std::string_view text, const std::string& name);
/// The shipped ones, in the file's order.
Result<std::vector<policy::GradePolicy>> grade_policies();
/// Every id and alias, in that order.
std::vector<std::string> grade_policy_names();

}  // namespace bothends::run
