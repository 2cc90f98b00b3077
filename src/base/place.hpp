// Where in a file something was said: every error and every expectation carries one.
#pragma once

#include <string>

namespace bothends {

/// line and column count from 1; 0 means "not known". An empty file means "no file".
struct Place {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;

  bool known() const { return !file.empty(); }
  /// "file:line:column", as far as it is known.
  std::string text() const;
  friend bool operator==(const Place&, const Place&) = default;
};

}  // namespace bothends
