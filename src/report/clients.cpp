#include "report/clients.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/style.hpp"
#include "report/words.hpp"

namespace bothends::report {
namespace {

using policy::ClientAnswer;
using policy::ClientGroup;
using policy::Verified;
using wire::Registry;

std::string agreed_words(const policy::Agreement& agreed) {
  auto words = wire::name(Registry::version, agreed.version) + " " + wire::name(Registry::suite, agreed.suite);
  if (agreed.group) words += " " + wire::name(Registry::group, agreed.group);
  return words + (agreed.hello_retry ? ", after a HelloRetryRequest" : "");
}

std::string refused_words(const policy::Refusal& refused) {
  auto reason = std::string(name(refused.reason));
  std::ranges::replace(reason, '-', ' ');
  auto words = refused.by == policy::Party::client ? std::string("the client refuses") : std::string("refused");
  words += refused.alert ? " " + alert_name(*refused.alert) : " without an alert";
  return refused.reason == policy::Reason::other ? words : words + ": " + reason;
}

bool is_served(const std::optional<policy::Outcome>& outcome) {
  return outcome && std::holds_alternative<policy::Agreement>(*outcome);
}

Span mark_of(const std::optional<policy::Outcome>& outcome, const Style& style) {
  if (!outcome) return {style.text("–"), Tone::warn};
  if (is_served(outcome)) return {style.text("✓"), Tone::good};
  return {style.text("✗"), Tone::bad};
}

std::string line(const std::optional<policy::Outcome>& outcome, std::string_view names, const Style& style) {
  Spans items = style.words(fmt::format("{}:", names), Tone::strong);
  for (auto& word : style.words(words_of(outcome))) items.push_back(std::move(word));
  const std::size_t room = style.options().width > 4 ? style.options().width - 4 : 0;
  return hang("  " + style.paint(mark_of(outcome, style)) + " ", 4, style.flow(items, " ", room));
}

std::string groups(std::span<const ClientAnswer> answers, const Style& style) {
  std::string out;
  for (const ClientGroup& group : policy::groups_of(answers)) {
    if (style.options().quiet && is_served(group.outcome)) continue;
    if (!style.options().verbose) {
      out += line(group.outcome, policy::names_of(answers, group), style);
      continue;
    }
    for (const std::size_t index : group.clients) out += line(group.outcome, answers[index].name, style);
  }
  return out;
}

/// What came of the real hellos; the differing ones by name.
std::string comparison(std::span<const ClientAnswer> answers, const Style& style) {
  std::size_t sent = 0, equal = 0, differ = 0;
  std::string out;
  for (const ClientAnswer& answer : answers) {
    if (!answer.seen) continue;
    ++sent;
    equal += policy::verified(answer) == Verified::equal;
    if (policy::verified(answer) != Verified::differs) continue;
    ++differ;
    const auto words = style.words(fmt::format("{}: foretold {}; got {}", answer.name, words_of(answer.foretold),
                                               words_of(policy::outcome_of(*answer.seen))));
    out += hang("  " + style.paint({"!", Tone::bad}) + " ", 4, style.flow(words, " ", style.options().width));
  }
  if (sent == 0) return {};
  return out +
         style.text(fmt::format("  {} hellos sent: {} answered as foretold, {} otherwise, {} cannot be compared", sent,
                                equal, differ, sent - equal - differ)) +
         "\n";
}

}  // namespace

std::string words_of(const std::optional<policy::Outcome>& outcome) {
  if (!outcome) return "not known";
  if (const auto* agreed = std::get_if<policy::Agreement>(&*outcome)) return agreed_words(*agreed);
  return refused_words(std::get<policy::Refusal>(*outcome));
}

std::string console(std::span<const ClientAnswer> answers, const ConsoleOptions& options) {
  const Style style(options);
  return groups(answers, style) + comparison(answers, style);
}

}  // namespace bothends::report
