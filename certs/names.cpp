#include "certs/names.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace bothends::certs {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_common_name = 64;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > longest_label || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

/// Why it is not a DNS name; empty when it is one. No top-level domain is all digits (RFC 3696 section 2).
std::string_view objection(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > longest_name) return "it is longer than 253 characters";
  if (name.ends_with('.')) return "leave out the dot at its end";
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return "write an international name in its ASCII form (xn--…)";
  }
  auto labels = split(name.starts_with("*.") ? name.substr(2) : name, '.');
  if (!std::all_of(labels.begin(), labels.end(), is_label)) {
    return "each label has 1 to 63 letters, digits, hyphens or underscores and no hyphen at an end; a star stands "
           "alone "
           "in the first";
  }
  const auto& last = labels.back();
  bool digits = std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? "it ends in a number as an address does, and is none" : "";
}

bool covers(std::string_view name, std::string_view other) {
  std::string own = lower(name);
  return own == other || (own.starts_with("*.") && other.ends_with(std::string_view(own).substr(1)));
}

}  // namespace

Bytes address_octets(const std::string& text) {
  Bytes octets(16);
  if (text.find('\0') != std::string::npos) return {};
  if (::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return octets;
  octets.resize(4);
  return ::inet_pton(AF_INET, text.c_str(), octets.data()) == 1 ? octets : Bytes();
}

Result<void> check_names(std::span<const std::string> names) {
  for (const auto& name : names) {
    if (!address_octets(name).empty()) continue;
    auto reason = objection(name);
    if (reason.empty()) continue;
    auto what = fmt::format("\"{}\" is neither a DNS name nor an address: {}", printable(name, 80), reason);
    return fail(ErrorCode::value, std::move(what));
  }
  return {};
}

Result<void> check_common_names(std::span<const std::string> names) {
  for (const auto& name : names) {
    auto characters = std::count_if(name.begin(), name.end(), [](char c) { return (c & 0xc0) != 0x80; });
    bool plain = is_utf8(name) && printable(name, name.size() + 1) == name;
    if (plain && !name.empty() && static_cast<std::size_t>(characters) <= longest_common_name) continue;
    auto what =
        fmt::format("\"{}\" cannot be a common name: that has 1 to 64 printable characters", printable(name, 80));
    return fail(ErrorCode::value, std::move(what));
  }
  return {};
}

std::string name_beside(std::span<const std::string> names) {
  auto taken = [&](const std::string& candidate) {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return covers(name, candidate); });
  };
  std::string candidate = "wrong.example";
  for (unsigned i = 1; taken(candidate); ++i) candidate = fmt::format("wrong.other-{}.test", i);
  return candidate;
}

}  // namespace bothends::certs
