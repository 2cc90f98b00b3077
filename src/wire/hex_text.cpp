#include "wire/hex_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace bothends::wire {
namespace {

constexpr std::size_t widest_line = 64;  // octets of a dump's line
constexpr std::size_t ascii_gap = 3;     // so many blanks in a line, and what follows is no hex any more

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

bool is_separator(char c) { return std::string_view(" \t\r\n:,-;{}\"'").find(c) != std::string_view::npos; }

/// "0x", "0X" or "\x" before digits.
bool is_prefix(std::string_view at) {
  return at.size() >= 2 && (at[0] == '0' || at[0] == '\\') && (at[1] == 'x' || at[1] == 'X');
}

Place place_of(std::string_view text, std::size_t at) {
  auto before = text.substr(0, at);
  auto line_begin = before.rfind('\n');
  Place place;
  place.line = static_cast<unsigned>(1 + std::count(before.begin(), before.end(), '\n'));
  place.column = static_cast<unsigned>(1 + at - (line_begin == std::string_view::npos ? 0 : line_begin + 1));
  return place;
}

tl::unexpected<Error> refuse(std::string_view text, std::size_t at, const std::string& what) {
  auto place = place_of(text, at);
  return fail(ErrorCode::syntax, fmt::format("line {}, column {}: {}", place.line, place.column, what), place);
}

Result<Bytes> plain(std::string_view text) {
  Bytes out;
  int high = -1;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (high < 0 && is_prefix(text.substr(at))) {
      ++at;
      continue;
    }
    if (int value = digit(c); value >= 0) {
      if (high >= 0) out.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = high >= 0 ? -1 : value;
    } else if (!is_separator(c)) {
      return refuse(text, at, "\"" + printable(text.substr(at, 1)) + "\" is no hex digit");
    } else if (high >= 0) {
      break;
    }
  }
  if (high >= 0) return refuse(text, at, "a hex digit stands alone: octets have two");
  return out;
}

struct Word {
  std::string_view text;
  std::size_t gap = 0;  // blanks before it
};

Word next_word(std::string_view& line) {
  auto begin = std::min(line.find_first_not_of(" \t"), line.size());
  auto end = std::min(line.find_first_of(" \t", begin), line.size());
  Word word{line.substr(begin, end - begin), begin};
  line.remove_prefix(end);
  return word;
}

bool is_hex(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return digit(c) >= 0; });
}

/// "00000010", "0x0010:"; at least four digits.
std::optional<std::size_t> offset_of(std::string_view word) {
  if (word.ends_with(':')) word.remove_suffix(1);
  if (is_prefix(word)) word.remove_prefix(2);
  if (word.size() < 4 || word.size() > 16 || !is_hex(word)) return std::nullopt;
  std::uint64_t offset = 0;
  std::from_chars(word.data(), word.data() + word.size(), offset, 16);
  return static_cast<std::size_t>(offset);
}

struct DumpLine {
  std::size_t offset;
  std::string_view rest;
};

std::optional<DumpLine> dump_line(std::string_view line) {
  auto offset = offset_of(next_word(line).text);
  if (!offset) return std::nullopt;
  return DumpLine{*offset, line};
}

/// At most `limit` octets: what looks like hex beyond them is the same in ASCII.
void read_line(std::string_view line, std::size_t limit, Bytes& out) {
  for (std::size_t count = 0; count < limit;) {
    auto word = next_word(line);
    if (!is_hex(word.text) || word.text.size() % 2 != 0 || (count > 0 && word.gap >= ascii_gap)) return;
    for (std::size_t at = 0; at < word.text.size() && count < limit; at += 2, ++count)
      out.push_back(static_cast<std::uint8_t>(digit(word.text[at]) << 4 | digit(word.text[at + 1])));
  }
}

std::vector<Bytes> dumps(std::string_view text) {
  std::vector<DumpLine> lines;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    if (auto line = dump_line(text.substr(0, end))) lines.push_back(*line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::vector<Bytes> found;
  std::size_t width = 16;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].offset == 0) found.emplace_back();
    if (found.empty() || found.back().size() != lines[at].offset) continue;
    bool has_next = at + 1 < lines.size() && lines[at + 1].offset > lines[at].offset;
    if (has_next) width = std::min(lines[at + 1].offset - lines[at].offset, widest_line);
    read_line(lines[at].rest, width, found.back());
  }
  std::erase_if(found, [](const Bytes& one) { return one.empty(); });
  return found;
}

/// Its first line begins with an offset of zero, which no ClientHello and no capture begins with.
bool begins_dump(std::string_view text) {
  text = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  auto line = dump_line(text.substr(0, text.find('\n')));
  return line && line->offset == 0 && !trim(line->rest).empty();
}

}  // namespace

bool is_text(View octets) {
  return std::all_of(octets.begin(), octets.end(),
                     [](std::uint8_t c) { return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
}

Result<std::vector<Bytes>> octets_of_text(std::string_view text) {
  if (begins_dump(text)) return dumps(text);
  auto octets = plain(text);
  if (octets) return std::vector<Bytes>{std::move(*octets)};
  auto found = dumps(text);
  if (!found.empty()) return found;
  return tl::unexpected(octets.error());
}

}  // namespace bothends::wire
