// Ways not to answer, as the pace of asking takes them.
#pragma once

#include <string>

#include "policy/handshake.hpp"

namespace bothends::run {

/// Other ways are no matter of how often we ask.
bool may_be_throttling(policy::Ending::How how);
bool nobody_listens(policy::Ending::How how);
/// "timed out", "connection refused"
std::string words_of(policy::Ending::How how);

}  // namespace bothends::run
