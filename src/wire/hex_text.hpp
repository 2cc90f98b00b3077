// Octets written as text: plain hex in any grouping (spaces, newlines, colons, commas, 0x, \x), and dumps whose lines
// begin with an offset (xxd, hexdump -C, tcpdump -x and -X, Wireshark's).
#pragma once

#include "base/result.hpp"
#include "wire/reader.hpp"

namespace bothends::wire {

/// Whether the octets are text at all: no control characters but blanks and line ends.
bool is_text(View octets);
/// One element for each dump; a dump ends where the offset begins again at zero. Error{syntax} with line and column.
Result<std::vector<Bytes>> octets_of_text(std::string_view text);

}  // namespace bothends::wire
