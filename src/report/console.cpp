#include "report/console.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/excerpt.hpp"
#include "report/picture.hpp"
#include "report/style.hpp"
#include "report/timeline.hpp"
#include "report/words.hpp"

namespace bothends::report {
namespace {

using path::Status;
using path::TryOutcome;

constexpr std::size_t indent = 4;
constexpr std::size_t most_evidence = 12;

Span mark_of(Status status, const Style& style) {
  switch (status) {
    case Status::passed:
      return {style.text("✓"), Tone::good};
    case Status::failed:
      return {style.text("✗"), Tone::bad};
    case Status::error:
      return {style.text("!"), Tone::bad};
    case Status::skipped:
      break;
  }
  return {style.text("–"), Tone::warn};
}

bool is_loud(Status status) { return status == Status::failed || status == Status::error; }

std::size_t room(const Style& style, std::size_t taken) {
  std::size_t width = style.options().width;
  return width > taken ? width - taken : 0;
}

/// Nobody minded the fault: not to be seen in the picture of a path on which all went well.
bool is_accepted(const TryOutcome& one) { return one.fault && one.fault->came == path::FaultOutcome::Came::accepted; }

/// "  ✗ its name [client.stack=mbedtls]      12 ms", the time at the right edge of the last line.
std::string headline(const TryOutcome& one, const Style& style) {
  auto took = one.status == Status::skipped ? "" : duration(one.took);
  auto items = style.words(one.name, is_loud(one.status) ? Tone::strong : Tone::plain);
  if (!one.variant.empty()) items.push_back({style.text("[" + variant_of(one) + "]"), Tone::calm});
  if (is_accepted(one)) items.push_back({style.text("· accepted"), Tone::warn});
  auto lines = style.flow(items, " ", room(style, indent + took.size() + 2));
  auto& last = lines.back();
  auto gap = room(style, indent + last.columns + took.size());
  if (!took.empty()) last.text += std::string(std::max<std::size_t>(gap, 2), ' ') + style.paint({took, Tone::dim});
  auto mark = mark_of(one.status, style);
  return hang("  " + style.paint(mark) + std::string(indent - 2 - display_width(mark.text), ' '), indent, lines);
}

std::string labelled(std::string_view label, std::string_view sentence, const Style& style) {
  constexpr std::size_t width = indent + 12;
  auto left = std::string(indent + 2, ' ') + style.paint({fmt::format("{:<8}  ", label), Tone::dim});
  return hang(left, width, style.flow(style.words(sentence), " ", room(style, width)));
}

/// One line when it was expected; everything that is known when it was not, or when everything is asked for.
std::string finding(const path::Finding& found, bool expected, const Style& style) {
  auto tone = expected ? Tone::calm : Tone::bad;
  Spans items{{style.text("● " + found.cause), tone}, {style.text(where(found)), Tone::plain}};
  items.push_back({std::string(name(found.certainty)), Tone::plain});
  if (expected) items.push_back({"as expected", Tone::calm});
  auto out = hang(std::string(indent, ' '), indent + 2, style.flow(items, " · ", room(style, indent + 2)));
  if (expected && !style.options().verbose) return out;
  if (const auto* cause = path::cause_of(found.cause)) out += labelled("what", cause->title, style);
  if (!found.candidates.empty()) out += labelled("one of", join(found.candidates, ", "), style);
  for (std::size_t at = 0; at < std::min(found.evidence.size(), most_evidence); ++at)
    out += labelled(at == 0 ? "evidence" : "", found.evidence[at], style);
  if (found.evidence.size() > most_evidence)
    out += labelled("", fmt::format("… {} more", found.evidence.size() - most_evidence), style);
  if (!found.remedy.empty()) out += labelled("fix", found.remedy, style);
  return out;
}

std::string verdict(const path::Verdict& one, const Style& style) {
  if (!one.met) return excerpt(one, style, indent);
  if (!style.options().verbose) return {};
  Spans items{{style.text("✓"), Tone::good}};
  for (auto& word : style.words(wish(one.expectation))) items.push_back(std::move(word));
  return hang(std::string(indent, ' '), indent + 2, style.flow(items, " ", room(style, indent + 2)));
}

std::string reason(const TryOutcome& one, const Style& style) {
  if (one.reason.empty()) return {};
  auto tone = one.status == Status::skipped ? Tone::warn : Tone::bad;
  auto items = style.words(fmt::format("{}: {}", name(one.status), one.reason), tone);
  return hang(std::string(indent, ' '), indent, style.flow(items, " ", room(style, indent)));
}

std::string fault(const TryOutcome& one, const Style& style) {
  if (!one.fault) return {};
  auto items = style.words("fault " + fate_of(one));
  return hang(std::string(indent, ' '), indent + 2, style.flow(items, " ", room(style, indent + 2)));
}

std::string told(const TryOutcome& one, const Style& style) {
  auto out = headline(one, style) + reason(one, style);
  bool whole = is_loud(one.status) || style.options().verbose;
  if (one.record) out += picture(*one.record, whole ? Detail::whole : Detail::brief, style, indent);
  if (whole) out += fault(one, style);
  for (const auto& found : one.findings) out += finding(found, is_expected(one, found), style);
  for (const auto& judged : one.verdicts) out += verdict(judged, style);
  if (one.record && style.options().verbose) out += timeline(*one.record, style, indent);
  return out;
}

std::string title(const path::ScenarioOutcome& scenario, const Style& style) {
  auto items = style.words(scenario.title.empty() ? scenario.file : scenario.title, Tone::strong);
  if (scenario.title.empty()) return hang("", 2, style.flow(items, " ", room(style, 2)));
  items.push_back({style.text("(" + scenario.file + ")"), Tone::dim});
  return hang("", 2, style.flow(items, " ", room(style, 2)));
}

std::string counted(unsigned count, std::string_view what, Tone tone, const Style& style) {
  return count == 0 ? "" : style.paint({fmt::format("{} {}", count, what), tone});
}

std::string advice(const path::Counts& counts, bool interrupted) {
  if (interrupted) return {};
  if (counts.total() == 0) return "Nothing ran.";
  if (counts.skipped == counts.total())
    return "Everything was skipped, so nothing is proved: `bothends doctor` says what is missing.";
  if (counts.failed > 0) return "Every message of both legs: the same command with -v.";
  return {};
}

}  // namespace

std::string console(const path::ScenarioOutcome& scenario, const ConsoleOptions& options) {
  Style style(options);
  std::string out;
  if (scenario.error) {
    auto items = style.words(scenario.error->message(), Tone::bad);
    out += hang("  " + style.paint(mark_of(Status::error, style)) + " ", indent,
                style.flow(items, " ", room(style, indent)));
  }
  for (const auto& one : scenario.tries)
    if (!options.quiet || is_loud(one.status)) out += told(one, style);
  return out.empty() ? "" : title(scenario, style) + out + "\n";
}

std::string console_summary(const path::Counts& counts, bool interrupted, unsigned not_run,
                            std::chrono::microseconds took, const ConsoleOptions& options) {
  Style style(options);
  std::vector<std::string> parts;
  for (auto& part :
       {counted(counts.passed, "passed", Tone::good, style), counted(counts.failed, "failed", Tone::bad, style),
        counted(counts.errors, counts.errors == 1 ? "error" : "errors", Tone::bad, style),
        counted(counts.skipped, "skipped", Tone::warn, style)})
    if (!part.empty()) parts.push_back(part);
  if (parts.empty()) parts.push_back("0 tries");
  auto out = join(parts, style.text(" · ")) + " in " + duration(took) + "\n";
  if (interrupted)
    out += style.paint({fmt::format("Interrupted: tries that did not run: {}.", not_run), Tone::warn}) + "\n";
  auto hint = advice(counts, interrupted);
  return hint.empty() ? out : out + style.paint({hint, Tone::dim}) + "\n";
}

}  // namespace bothends::report
