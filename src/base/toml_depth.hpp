// What must be known of a TOML text before toml++ 3.3 sees it. It recurses once for each part of a dotted key, when it
// reads and when it forgets, and overflows the stack on 40 KB of "a.a.a…"; arrays and inline tables multiply that.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bothends {

/// Error{syntax} with its place when brackets are nested more than 32 deep or a dotted key has more than 32 parts.
/// Anything else that is wrong is the parser's to say.
Result<void> check_toml_depth(std::string_view text, const std::string& name);

}  // namespace bothends
