// The patterns of explain_texts.csv.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bothends::path {

struct PatternHit {
  std::size_t begin = 0, end = 0;
  std::optional<std::uint64_t> number;
};

/// The first place at or after `from` where the pattern fits in the line. * is any text, # a decimal number, % a
/// hexadecimal one (with or without 0x), ^ and $ the ends of the line. An end of the pattern that is a letter or a
/// digit fits only where no letter or digit goes on, so that "eof" is not found in "thereof". Case counts.
std::optional<PatternHit> find_pattern(std::string_view pattern, std::string_view line, std::size_t from = 0);

}  // namespace bothends::path
