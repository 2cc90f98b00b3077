#include "http/syntax.hpp"

#include <algorithm>

namespace bothends::http {

namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_token_char(char c) {
  return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool starts_ignoring_case(std::string_view text, std::string_view with) {
  return text.size() > with.size() && equal_ignoring_case(text.substr(0, with.size()), with);
}

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view without_space(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_target(std::string_view method, std::string_view target) {
  if (target.empty() || !std::all_of(target.begin(), target.end(), is_visible)) return false;
  if (target.find('#') != std::string_view::npos) return false;
  if (method == "CONNECT")
    return target.find('/') == std::string_view::npos && target.find(':') != std::string_view::npos;
  if (target == "*") return method == "OPTIONS";
  return target.front() == '/' || starts_ignoring_case(target, "http://") || starts_ignoring_case(target, "https://");
}

}  // namespace bothends::http
