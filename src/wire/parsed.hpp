// Three answers of a parser: here it is, more octets are needed, or these octets can never become one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace bothends::wire {

template <class T>
struct Parsed {
  std::optional<T> value;  // set exactly when complete
  std::size_t used = 0;    // octets consumed when complete
  std::string malformed;   // why, when it can never become one; empty otherwise

  bool complete() const { return value.has_value(); }
  bool need_more() const { return !value && malformed.empty(); }
};

}  // namespace bothends::wire
