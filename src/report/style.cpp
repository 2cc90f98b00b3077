#include "report/style.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace bothends::report {
namespace {

constexpr std::size_t narrowest = 20;

std::string_view colour(Tone tone) {
  switch (tone) {
    case Tone::plain:
      break;
    case Tone::strong:
      return "1";
    case Tone::dim:
      return "2";
    case Tone::good:
      return "32";
    case Tone::bad:
      return "1;31";
    case Tone::warn:
      return "33";
    case Tone::calm:
      return "36";
  }
  return {};
}

/// Our own signs without Unicode; empty for all others.
std::string_view plain_sign(char32_t code) {
  switch (code) {
    case U'✓':
      return "+";
    case U'✗':
      return "x";
    case U'╳':
      return "x";
    case U'━':
      return "=";
    case U'┄':
      return ".";
    case U'▸':
      return ">";
    case U'→':
      return "->";
    case U'←':
      return "<-";
    case U'↔':
      return "<->";
    case U'·':
      return "-";
    case U'–':
      return "-";
    case U'…':
      return "...";
    case U'│':
      return "|";
    case U'●':
      return "*";
    default:
      return {};
  }
}

/// The longest beginning that fits, at least one character; up to a blank if there is one.
std::size_t octets_within(std::string_view text, std::size_t columns) {
  std::size_t at = 0, used = 0, blank = 0;
  while (at < text.size()) {
    auto step = utf8_step(text.substr(at));
    std::size_t more = step.valid ? columns_of(step.code) : 1;
    if (at > 0 && step.code == ' ') blank = at;
    if (at > 0 && used + more > columns) return blank > 0 ? blank : at;
    used += more;
    at += step.octets;
  }
  return at;
}

Spans in_pieces(const Spans& items, std::size_t width) {
  Spans pieces;
  for (const auto& item : items) {
    std::string_view rest = item.text;
    while (display_width(rest) > width) {
      auto octets = octets_within(rest, width);
      pieces.push_back({std::string(rest.substr(0, octets)), item.tone});
      rest.remove_prefix(octets);
      if (rest.front() == ' ') rest.remove_prefix(1);
    }
    pieces.push_back({std::string(rest), item.tone});
  }
  return pieces;
}

}  // namespace

std::string Style::ascii(std::string_view text) const {
  if (options_.unicode) return std::string(text);
  std::string out;
  while (!text.empty()) {
    auto step = utf8_step(text);
    if (step.code < 0x80)
      out += static_cast<char>(step.code);
    else if (auto sign = plain_sign(step.code); !sign.empty())
      out += sign;
    else
      out += fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(step.code));
    text.remove_prefix(step.octets);
  }
  return out;
}

std::string Style::raw(std::string_view text, std::size_t limit) const { return ascii(printable(text, limit)); }

std::string Style::text(std::string_view text, std::size_t limit) const {
  std::string safe;
  for (std::size_t count = 0; !text.empty(); ++count) {
    auto step = utf8_step(text);
    auto octets = text.substr(0, step.octets);
    if (count == limit) return ascii(safe + "…");
    safe += octets == "\\" ? std::string(octets) : printable(octets);
    text.remove_prefix(step.octets);
  }
  return ascii(safe);
}

std::string Style::paint(const Span& span) const {
  auto code = options_.color ? colour(span.tone) : std::string_view();
  if (code.empty() || span.text.empty()) return span.text;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, span.text);
}

std::string Style::paint(const Spans& spans) const {
  std::string line;
  for (const auto& span : spans) line += paint(span);
  return line;
}

std::vector<Line> Style::flow(const Spans& items, std::string_view separator, std::size_t width) const {
  width = std::max(width, narrowest);
  auto between = text(separator);
  std::vector<Line> lines(1);
  auto add = [&](const Span& span) {
    lines.back().text += paint(span);
    lines.back().columns += display_width(span.text);
  };
  for (const auto& item : in_pieces(items, width)) {
    auto columns = display_width(between) + display_width(item.text);
    if (lines.back().columns > 0 && lines.back().columns + columns > width) lines.emplace_back();
    if (lines.back().columns > 0) add({between, Tone::dim});
    add(item);
  }
  return lines;
}

Spans Style::words(std::string_view sentence, Tone tone) const {
  Spans words;
  for (auto& word : split(text(sentence), ' '))
    if (!word.empty()) words.push_back({std::move(word), tone});
  return words;
}

std::string hang(std::string_view first, std::size_t first_width, const std::vector<Line>& lines) {
  std::string out;
  for (const auto& line : lines) {
    out += out.empty() ? std::string(first) : std::string(first_width, ' ');
    out += line.text + "\n";
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t columns, std::string_view mark) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  for (auto left = columns - std::min(columns, display_width(mark)); !text.empty();) {
    auto step = utf8_step(text);
    std::size_t more = step.valid ? columns_of(step.code) : 1;
    if (more > left) break;
    left -= more;
    out += text.substr(0, step.octets);
    text.remove_prefix(step.octets);
  }
  return out + std::string(mark);
}

std::string duration(std::chrono::microseconds took) {
  auto us = std::max<std::chrono::microseconds::rep>(took.count(), 0);
  if (us < 1000) return fmt::format("{:.1f} ms", static_cast<double>(us) / 1e3);
  if (us < 999500) return fmt::format("{:.0f} ms", static_cast<double>(us) / 1e3);
  if (us < 59950000) return fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
  auto seconds = (us + 500000) / 1000000;
  return fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

}  // namespace bothends::report
