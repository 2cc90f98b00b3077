#include "path/explain_pattern.hpp"

#include <charconv>

namespace bothends::path {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// The number at `at`; its end, or npos. Longer ones than a code can be are none.
std::size_t read_number(char kind, std::string_view line, std::size_t at, std::optional<std::uint64_t>& number) {
  const bool hex = kind == '%';
  if (hex && line.substr(at, 2) == "0x") at += 2;
  constexpr std::size_t longest = 10;
  std::size_t end = at;
  while (end < line.size() && end - at <= longest && (hex ? is_hex(line[end]) : is_digit(line[end]))) ++end;
  if (end == at || end - at > longest) return std::string_view::npos;
  std::uint64_t value = 0;
  std::from_chars(line.data() + at, line.data() + end, value, hex ? 16 : 10);
  if (!number) number = value;
  return end;
}

/// Whether the piece, which has no star, fits at `at`; the end of the fit, or npos.
std::size_t fit(std::string_view piece, std::string_view line, std::size_t at, std::optional<std::uint64_t>& number) {
  for (const char c : piece) {
    if (c == '#' || c == '%') {
      at = read_number(c, line, at, number);
      if (at == std::string_view::npos) return at;
    } else if (at < line.size() && line[at] == c) {
      ++at;
    } else {
      return std::string_view::npos;
    }
  }
  return at;
}

/// The pattern without its anchors and cut at its stars.
struct Shape {
  std::string_view body;
  bool from_start = false, to_end = false;

  explicit Shape(std::string_view pattern) : body(pattern) {
    from_start = body.starts_with('^');
    if (from_start) body.remove_prefix(1);
    to_end = body.ends_with('$');
    if (to_end) body.remove_suffix(1);
  }
  bool ends_word() const { return !body.empty() && (is_word(body.back()) || body.back() == '#' || body.back() == '%'); }
  bool begins_word() const {
    return !body.empty() && (is_word(body.front()) || body.front() == '#' || body.front() == '%');
  }
};

bool stands_alone(const Shape& shape, std::string_view line, std::size_t begin, std::size_t end) {
  if (shape.begins_word() && begin > 0 && is_word(line[begin - 1])) return false;
  if (shape.ends_word() && end < line.size() && is_word(line[end])) return false;
  return !shape.to_end || end == line.size();
}

/// The pieces after the first star, each at its first place behind the one before.
std::size_t fit_rest(std::string_view rest, std::string_view line, std::size_t at,
                     std::optional<std::uint64_t>& number) {
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the star
    const std::string_view piece = rest.substr(0, rest.find('*'));
    std::size_t end = std::string_view::npos;
    for (; at <= line.size(); ++at)
      if ((end = fit(piece, line, at, number)) != std::string_view::npos) break;
    if (end == std::string_view::npos) return end;
    at = end;
    rest.remove_prefix(piece.size());
  }
  return at;
}

/// The next place where the piece may begin: that of its literal beginning, which is found fast.
std::size_t next_start(std::string_view piece, std::string_view line, std::size_t at) {
  const std::string_view literal = piece.substr(0, piece.find_first_of("#%"));
  if (!literal.empty()) return line.find(literal, at);
  while (at < line.size() && !is_hex(line[at])) ++at;
  return at < line.size() ? at : std::string_view::npos;
}

}  // namespace

std::optional<PatternHit> find_pattern(std::string_view pattern, std::string_view line, std::size_t from) {
  const Shape shape(pattern);
  const std::string_view first = shape.body.substr(0, shape.body.find('*'));
  const std::string_view rest = shape.body.substr(first.size());
  for (std::size_t at = next_start(first, line, from); at != std::string_view::npos;
       at = next_start(first, line, at + 1)) {
    if (shape.from_start && at > 0) return std::nullopt;
    PatternHit hit{at, at, std::nullopt};
    hit.end = fit(first, line, at, hit.number);
    if (hit.end == std::string_view::npos) continue;
    hit.end = fit_rest(rest, line, hit.end, hit.number);
    if (hit.end == std::string_view::npos) return std::nullopt;
    if (stands_alone(shape, line, hit.begin, hit.end)) return hit;
  }
  return std::nullopt;
}

}  // namespace bothends::path
