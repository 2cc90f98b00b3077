#include "path/expect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "path/glob.hpp"

namespace bothends::path {
namespace {

using How = Expectation::How;
using Values = std::vector<std::string>;

constexpr std::size_t longest_pattern = 256;
constexpr std::size_t longest_subject = 4096;  // more of a value is not looked at by patterns
constexpr std::size_t shown_values = 64;

/// Header names are compared ignoring case; facts have them in lower case.
std::string key_of(const std::string& fact) { return fact.find(".header.") == std::string::npos ? fact : lower(fact); }

bool asks_for(const Expectation& expectation, std::string_view word) {
  return !expectation.list && expectation.how == How::equals && expectation.wanted.size() == 1 &&
         expectation.wanted[0] == word;
}

bool is_presence(const Expectation& expectation) {
  return asks_for(expectation, "absent") || asks_for(expectation, "present");
}

/// A part of a text is no code point, and neither is a pattern.
bool holds_codes(const Expectation& expectation) {
  if (expectation.how == How::matches || is_presence(expectation)) return false;
  return expectation.how != How::contains || is_list(expectation.fact);
}

std::optional<std::uint16_t> decimal(std::string_view text) {
  if (text.empty() || text.size() > 3) return std::nullopt;
  unsigned value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value < 256 ? std::optional(static_cast<std::uint16_t>(value)) : std::nullopt;
}

/// The spelling of facts_of, or nullopt when the registry knows no such word.
std::optional<std::string> canonical(wire::Registry registry, const std::string& word) {
  if (lower(word) == "grease" && registry != wire::Registry::alert) return "GREASE";
  auto code = registry == wire::Registry::alert ? decimal(word) : std::nullopt;
  if (!code) code = wire::code_of(registry, word);
  return code ? std::optional(spelled(registry, *code)) : std::nullopt;
}

std::string spelling(const Expectation& expectation, const std::string& word) {
  auto registry = registry_of(expectation.fact);
  if (!registry || !holds_codes(expectation)) return word;
  return canonical(*registry, word).value_or(word);
}

/// Why this word can never be the value of this fact; empty if it can.
std::string objection(const Expectation& expectation, const std::string& word) {
  const auto& fact = expectation.fact;
  if (auto registry = registry_of(fact)) {
    if (canonical(*registry, word)) return {};
    return fmt::format("there is no {} \"{}\"{}", wire::noun(*registry), printable(word, 80),
                       suggestion(word, wire::names(*registry)));
  }
  auto words = words_of(fact);
  if (words.empty() || std::find(words.begin(), words.end(), word) != words.end()) return {};
  auto near = suggestion(word, words);
  if (near.empty()) near = fmt::format(": it is one of {}", fmt::join(words, ", "));
  return fmt::format("{} is never \"{}\"{}", fact, printable(word, 80), near);
}

std::string objection_to_form(const Expectation& expectation) {
  const auto& [fact, how, wanted, list, place, line] = expectation;
  bool header = fact.find(".header.") != std::string::npos;
  if (wanted.empty() && !list) return "nothing is wanted of " + fact;
  if (how == How::matches &&
      std::any_of(wanted.begin(), wanted.end(), [](const auto& pattern) { return pattern.size() > longest_pattern; }))
    return "a pattern is longer than 256 octets";
  if (list && (how == How::equals || how == How::differs) && !is_list(fact) && !header)
    return fact + " has one value, not a list; to allow several write { one_of = [...] }";
  return {};
}

bool contains(const Fact& fact, const std::string& wanted) {
  if (fact.list) return std::find(fact.values.begin(), fact.values.end(), wanted) != fact.values.end();
  return !fact.values.empty() && fact.values[0].find(wanted) != std::string::npos;
}

bool matches(const Fact& fact, const std::string& pattern) {
  return std::any_of(fact.values.begin(), fact.values.end(), [&](const std::string& value) {
    return glob(pattern, std::string_view(value).substr(0, longest_subject));
  });
}

bool is_met(const Expectation& expectation, const Fact& fact) {
  Values wanted;
  for (const auto& word : expectation.wanted) wanted.push_back(spelling(expectation, word));
  auto each = [&](auto meets) {
    return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const auto& word) { return meets(word); });
  };
  switch (expectation.how) {
    case How::equals:
      return fact.values == wanted;
    case How::differs:
      return fact.values != wanted;
    case How::contains:
      return each([&](const auto& word) { return contains(fact, word); });
    case How::matches:
      return each([&](const auto& pattern) { return matches(fact, pattern); });
    case How::one_of:
      break;
  }
  return fact.values.size() == 1 && std::find(wanted.begin(), wanted.end(), fact.values[0]) != wanted.end();
}

std::string shown_list(const Values& values) {
  Values shown;
  for (const auto& value : values) {
    if (shown.size() == shown_values) break;
    shown.push_back(printable(value, 128));
  }
  auto rest = values.size() - shown.size();
  if (rest > 0) shown.push_back(fmt::format("… ({} more)", rest));
  return fmt::format("[{}]", fmt::join(shown, ", "));
}

/// How the actual value is told; an empty text is shown as one.
std::string shown(const Fact& fact) {
  if (fact.list) return shown_list(fact.values);
  return fact.values[0].empty() ? "\"\"" : printable(fact.values[0]);
}

std::string verb(How how) {
  switch (how) {
    case How::equals:
      return " ";
    case How::differs:
      return " other than ";
    case How::contains:
      return " containing ";
    case How::one_of:
      return " one of ";
    case How::matches:
      break;
  }
  return " like ";
}

}  // namespace

Result<void> check(const Expectation& expectation) {
  auto wrong = [&](std::string what) { return fail(ErrorCode::value, std::move(what), expectation.place); };
  const auto& fact = expectation.fact;
  if (!is_fact(key_of(fact)))
    return wrong(
        fmt::format("nothing is known by the name \"{}\"{}", printable(fact, 80), suggestion(fact, fact_names())));
  if (auto problem = objection_to_form(expectation); !problem.empty()) return wrong(problem);
  if (!holds_codes(expectation)) return {};
  for (const auto& word : expectation.wanted)
    if (auto problem = objection(expectation, word); !problem.empty()) return wrong(problem);
  return {};
}

Verdict judge(const Expectation& expectation, const std::map<std::string, Fact>& facts) {
  Verdict verdict{expectation, false, "absent"};
  auto at = facts.find(key_of(expectation.fact));
  bool there = at != facts.end() && !at->second.values.empty();
  if (there) verdict.actual = shown(at->second);
  bool empty = !there || (!at->second.list && at->second.values[0].empty());
  if (is_presence(expectation))
    verdict.met = empty == asks_for(expectation, "absent");
  else if (there)
    verdict.met = is_met(expectation, at->second);
  else
    verdict.met = expectation.how == How::equals && expectation.list && expectation.wanted.empty();
  return verdict;
}

std::string wish(const Expectation& expectation) {
  auto wanted = shown_list(expectation.wanted);
  bool scalar = !expectation.list && expectation.wanted.size() == 1;
  if (scalar) wanted = printable(expectation.wanted[0]);
  if (scalar && wanted.empty()) wanted = "\"\"";
  return printable(expectation.fact, 80) + verb(expectation.how) + wanted;
}

}  // namespace bothends::path
