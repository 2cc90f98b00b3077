// One character of UTF-8 at a time, strictly by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstdint>
#include <string_view>

namespace bothends {

struct Utf8Step {
  char32_t code = 0;
  std::size_t octets = 1;
  bool valid = false;  // when not, exactly one octet is to be skipped
};

/// What starts at `text`, which must not be empty.
Utf8Step utf8_step(std::string_view text);

/// 0, 1 or 2 terminal columns.
unsigned columns_of(char32_t code);

/// Characters that act on the text around them instead of being seen: controls, bidirectional and zero-width marks.
bool is_invisible(char32_t code);

}  // namespace bothends
