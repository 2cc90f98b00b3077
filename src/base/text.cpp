#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace bothends {
namespace {

std::string shown(const Utf8Step& step, std::string_view octets) {
  if (!step.valid) return fmt::format("\\x{:02x}", static_cast<unsigned>(step.code));
  if (step.code == '\\') return "\\\\";
  if (step.code == '\n') return "\\n";
  if (step.code == '\t') return "\\t";
  if (!is_invisible(step.code)) return std::string(octets);
  if (step.code < 0x80) return fmt::format("\\x{:02x}", static_cast<unsigned>(step.code));
  return fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(step.code));
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(utf8_step(text).octets);
  return count;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == limit) return out + fmt::format("… ({} more)", characters(text));
    auto step = utf8_step(text);
    out += shown(step, text.substr(0, step.octets));
    text.remove_prefix(step.octets);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto step = utf8_step(text);
    if (!step.valid) return false;
    text.remove_prefix(step.octets);
  }
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    auto at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    auto step = utf8_step(utf8);
    width += step.valid ? columns_of(step.code) : 1;
    utf8.remove_prefix(step.octets);
  }
  return width;
}

}  // namespace bothends
