// Data files that travel inside the program: tools/embed.py writes the definition of a function that lists them.
#pragma once

#include <string_view>

namespace bothends {

/// Both views last as long as the program.
struct EmbeddedFile {
  std::string_view name;     // the last component of its path: "nginx.toml"
  std::string_view content;  // every octet of the file; not followed by a NUL that counts
};

}  // namespace bothends
