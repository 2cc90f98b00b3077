// What the parsers of handshake messages share: the header, the verdict on what is left, and the commonest lists.
#pragma once

#include <string_view>

#include "wire/hello.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace bothends::wire {

/// The body of the first message in `bytes`, or why not.
Parsed<View> parse_header(View bytes, std::uint8_t type, std::string_view what);
Bytes with_header(std::uint8_t type, View body);

/// `read(Reader&, T&)` reads the whole body and says what is wrong besides lengths, or nothing. The header's length
/// being known, an inner length that points past it can't be cured by more octets.
template <class T, class Read>
Parsed<T> parse_message(View bytes, std::uint8_t type, std::string_view what, Read read) {
  Parsed<T> parsed;
  auto header = parse_header(bytes, type, what);
  parsed.malformed = std::move(header.malformed);
  if (!header.value) return parsed;
  Reader reader(*header.value);
  T value{};
  std::string_view problem = read(reader, value);
  if (!reader.ok()) problem = "a length inside points past its end";
  if (reader.ok() && problem.empty() && !reader.done()) problem = "octets are left over at its end";
  if (!problem.empty()) {
    parsed.malformed = std::string(what) + ": " + std::string(problem);
    return parsed;
  }
  parsed.value = std::move(value);
  parsed.used = header.used;
  return parsed;
}

/// `even` tells whether the list came out even.
Codes read_codes(View list, bool& even);
std::string_view read_extensions(Reader& reader, Extensions& extensions);
/// A vector16 of vector16: distinguished names (RFC 8446 section 4.2.4).
bool read_names(View list, std::vector<Bytes>& names);
/// ProtocolNameList (RFC 7301 section 3.1); empty when malformed.
std::vector<std::string> protocols_in(const Extension* extension);
/// A vector16 of code points that is the whole extension; empty when absent or malformed.
Codes codes16_in(const Extension* extension);

void write_codes16(Writer& writer, const Codes& codes);
void write_extensions(Writer& writer, const Extensions& extensions);

}  // namespace bothends::wire
