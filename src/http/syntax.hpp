// The small words of RFC 9110 and 9112.
#pragma once

#include <string_view>

namespace bothends::http {

/// token (RFC 9110 section 5.6.2): at least one tchar and nothing else.
bool is_token(std::string_view text);
/// VCHAR: visible ASCII.
inline bool is_visible(unsigned char c) { return c > 0x20 && c < 0x7f; }
bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Without spaces and tabs at both ends (OWS).
std::string_view without_space(std::string_view text);
/// Calls `each` with every element of a comma-separated list, without space around it; empty elements are left out.
template <class Each>
void for_each_element(std::string_view list, const Each& each) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto element = without_space(list.substr(0, comma));
    if (!element.empty()) each(element);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
}
/// Whether a request may ask for this target with this method (RFC 9112 section 3.2).
bool is_target(std::string_view method, std::string_view target);

}  // namespace bothends::http
