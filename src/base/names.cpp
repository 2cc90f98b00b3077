// Comparing words: misspelt ones, and DNS names.
#include <algorithm>
#include <array>
#include <cstddef>

#include "base/text.hpp"

namespace bothends {
namespace {

constexpr std::size_t longest_word = 64;  // keeps the quadratic distance small whatever the input

/// Insertions, deletions, replacements and swaps of neighbours each cost one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, longest_word + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

/// No top-level domain is all digits (RFC 3696 section 2), so a last label of digits means an IPv4 address.
bool is_address(std::string_view name) {
  auto last = name.substr(name.rfind('.') + 1);
  return name.find(':') != std::string_view::npos ||
         (!last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos);
}

bool is_label(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  std::string wanted = lower(word);
  std::optional<std::string> best;
  std::size_t nearest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    if (candidate.empty() || candidate.size() > longest_word) continue;
    auto distance = edit_distance(wanted, lower(candidate));
    if (distance >= nearest || distance >= candidate.size()) continue;
    nearest = distance;
    best = candidate;
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  const auto near = did_you_mean(word, candidates);
  return near ? "; did you mean \"" + printable(*near, 80) + "\"?" : "";
}

bool name_matches(std::string_view pattern, std::string_view name) {
  std::string wanted = lower(without_final_dot(pattern));
  std::string given = lower(without_final_dot(name));
  if (wanted.empty() || wanted == "*" || is_address(wanted) || is_address(given)) return false;
  if (wanted == given) return true;
  if (!wanted.starts_with("*.")) return false;
  auto dot = given.find('.');
  std::string_view suffix = std::string_view(wanted).substr(1);
  bool too_broad = suffix.find('.', 1) == std::string_view::npos;
  return !too_broad && dot != std::string::npos && is_label(std::string_view(given).substr(0, dot)) &&
         std::string_view(given).substr(dot) == suffix;
}

}  // namespace bothends
