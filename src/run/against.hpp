// An endpoint's policy to hold something against: from a snapshot's file, or asked now.
#pragma once

#include <functional>

#include "base/result.hpp"
#include "policy/probed.hpp"

namespace bothends::run {

/// What `bothends probe --json` wrote, of one endpoint. Error{file, syntax, value}, with the place where there is one.
Result<policy::Probed> read_snapshot(const std::string& file);

/// The snapshot when there is a file of that name, else the endpoint HOST[:PORT] is probed: with the first name, or
/// with none; what it makes of the others stands in its SNI map. `progress` gets lines for people. Interrupted by a
/// signal it is as far as it came, and says so.
Result<policy::Probed> probed_of(const std::string& file_or_target,
                                 const std::vector<std::optional<std::string>>& names,
                                 const std::function<void(const std::string&)>& progress);

}  // namespace bothends::run
