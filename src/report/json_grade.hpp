// A grade and the clients of an endpoint as JSON. Only the compile units of the JSON report include this.
#pragma once

#include <span>

#include "policy/clients.hpp"
#include "policy/grade.hpp"
#include "report/json_parts.hpp"

namespace bothends::report {

Json grade(const policy::Grade& grade);

/// An array, one element for each client, in their order.
Json clients(std::span<const policy::ClientAnswer> answers);
/// {"agreement": …} or {"refusal": …}; null when it is not known.
Json outcome(const std::optional<policy::Outcome>& outcome);

}  // namespace bothends::report
