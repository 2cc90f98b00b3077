#include "report/excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "report/words.hpp"

namespace bothends::report {
namespace {

std::size_t octets_of(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; characters > 0 && at < text.size(); --characters) at += utf8_step(text.substr(at)).octets;
  return at;
}

std::size_t characters_in(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(utf8_step(text).octets);
  return count;
}

/// Where the value that begins `text` ends: a quoted string, a list, or a bare word.
std::size_t value_length(std::string_view text) {
  if (text.empty()) return 0;
  auto closing = text[0] == '"' || text[0] == '\'' ? text[0] : text[0] == '[' ? ']' : text[0] == '{' ? '}' : '\0';
  auto end = closing ? text.find(closing, 1) : text.find_first_of(" \t,}#");
  if (end == std::string_view::npos) return trim(text).size();
  return closing ? end + 1 : end;
}

struct Cut {
  std::string before, value, after;
};

/// The line around the value, its ends cut off when it is long, tabs as blanks.
Cut cut(std::string line, unsigned column, std::size_t kept_before) {
  std::replace(line.begin(), line.end(), '\t', ' ');
  std::string_view text = line;
  auto at = octets_of(text, column > 0 ? column - 1 : 0);
  auto before = text.substr(0, at), rest = text.substr(at);
  if (auto count = characters_in(before); count > kept_before)
    before.remove_prefix(octets_of(before, count - kept_before));
  auto length = value_length(rest);
  bool cut_off = before.size() < at;
  return {(cut_off ? "…" : "") + std::string(before), std::string(rest.substr(0, length)),
          std::string(rest.substr(length))};
}

std::size_t less(std::size_t from, std::size_t taken) { return from > taken ? from - taken : 0; }

/// The carets, and what was there instead: beside them, or below where it does not fit.
std::string below(std::string_view actual, std::size_t at, std::size_t carets, const std::string& gutter,
                  const Style& style) {
  constexpr std::size_t comfortable = 30;
  auto sign = style.paint({std::string(carets, '^') + " ", Tone::bad});
  auto words = style.words(fmt::format("actual: {}", style.text(actual, 300)), Tone::bad);
  auto left = style.paint({gutter, Tone::dim}), blank = std::string(at, ' ');
  auto begin = display_width(gutter) + at + carets + 1, all = std::size_t{style.options().width};
  if (less(all, begin) >= comfortable)
    return hang(left + blank + sign, begin, style.flow(words, " ", less(all, begin)));
  auto width = display_width(gutter);
  return left + blank + sign + "\n" + hang(left, width, style.flow(words, " ", less(all, width)));
}

std::string with_caret(const path::Verdict& verdict, const Style& style, std::size_t indent) {
  const auto& expectation = verdict.expectation;
  auto number = fmt::format("{}{:>4}", std::string(indent, ' '), expectation.place.line), bar = style.text(" │ ");
  auto room = std::max<std::size_t>(less(style.options().width, number.size() + 3), 30);
  auto [before, value, after] = cut(expectation.line, expectation.place.column, room / 2 - 3);
  before = clipped(style.text(before), room / 2, "");
  value = clipped(style.text(value), room / 3, style.text("…"));
  auto at = display_width(before), carets = std::max<std::size_t>(display_width(value), 1);
  auto rest = less(room, at + carets);
  auto line = Spans{{number + bar, Tone::dim}, {before}, {value, Tone::strong}};
  line.push_back({clipped(style.text(after), rest, ""), Tone::plain});
  return style.paint(line) + "\n" + below(verdict.actual, at, carets, std::string(number.size(), ' ') + bar, style);
}

}  // namespace

std::string excerpt(const path::Verdict& verdict, const Style& style, std::size_t indent) {
  auto width = style.options().width;
  auto room = width > indent ? width - indent : 0;
  auto lines = style.flow(style.words(complaint(verdict), Tone::bad), " ", room);
  auto out = hang(std::string(indent, ' '), indent, lines);
  bool has_line = !trim(verdict.expectation.line).empty() && verdict.expectation.place.line > 0;
  return has_line ? out + with_caret(verdict, style, indent) : out;
}

}  // namespace bothends::report
