// What an extension of a ClientHello says, in words: each part with a name, values by the names of their registries.
#pragma once

#include "wire/hello.hpp"

namespace bothends::wire {

struct ExtensionWords {
  std::vector<std::string> values;  // printable; "x25519 (32 octets)"
  bool known = false;               // its form is known to us; otherwise it is hex and nothing else
  std::string malformed;            // of a known form, and not in it: why
};
ExtensionWords words_of(const Extension& extension);

/// "null", "DEFLATE", or "0x42".
std::string compression_name(std::uint8_t method);

}  // namespace bothends::wire
