#include "path/glob.hpp"

#include "base/utf8.hpp"

namespace bothends::path {

// Only the last star has to be remembered: whatever an earlier one could take in addition, the last one can too.
bool glob(std::string_view pattern, std::string_view text) {
  constexpr auto none = std::string_view::npos;
  std::size_t at = 0, in = 0, star = none, tried = 0;
  while (in < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      tried = in;
    } else if (at < pattern.size() && pattern[at] == '?') {
      ++at;
      in += utf8_step(text.substr(in)).octets;
    } else if (at < pattern.size() && pattern[at] == text[in]) {
      ++at;
      ++in;
    } else if (star != none) {
      at = star + 1;
      in = ++tried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == none;
}

}  // namespace bothends::path
