// Patterns of scenario files.
#pragma once

#include <string_view>

namespace bothends::path {

/// Whether all of `text` fits: * is any text, ? one character (of UTF-8; an octet where it is not). Time grows with the
/// product of the two lengths at worst, memory not at all.
bool glob(std::string_view pattern, std::string_view text);

}  // namespace bothends::path
