// Text laid out for a terminal: tones, widths, line breaks. Every string goes in through raw() or text(), so that
// nothing but our own colours and line ends can act on the terminal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "report/console.hpp"

namespace bothends::report {

enum class Tone { plain, strong, dim, good, bad, warn, calm };

struct Span {
  std::string text;
  Tone tone = Tone::plain;
};
using Spans = std::vector<Span>;

/// Painted, with the columns it takes without its colours.
struct Line {
  std::string text;
  std::size_t columns = 0;
};

class Style {
 public:
  explicit Style(const ConsoleOptions& options) : options_(options) {}

  const ConsoleOptions& options() const { return options_; }
  /// From a peer, a file or a process, as it came.
  std::string raw(std::string_view text, std::size_t limit = 160) const;
  /// Our own words, or what is printable already: a backslash stays one. Whatever could act on a terminal is still
  /// escaped.
  std::string text(std::string_view text, std::size_t limit = 1000) const;

  /// One line's worth, with colours if there are any. No line end.
  std::string paint(const Span& span) const;
  std::string paint(const Spans& spans) const;

  /// Items one after the other with `separator` between them, in lines at most `width` columns wide that break between
  /// items; what is wider than a line is cut into pieces. At least one line.
  std::vector<Line> flow(const Spans& items, std::string_view separator, std::size_t width) const;
  /// A sentence as items for flow(…, " ", …).
  Spans words(std::string_view sentence, Tone tone = Tone::plain) const;

 private:
  std::string ascii(std::string_view text) const;

  ConsoleOptions options_;
};

/// The first line after `first`, the others as far to the right as `first` is wide. With line ends.
std::string hang(std::string_view first, std::size_t first_width, const std::vector<Line>& lines);

/// The beginning that fits into so many columns, with a mark in the last of them if it is not all.
std::string clipped(std::string_view text, std::size_t columns, std::string_view mark);

/// "0.4 ms", "12 ms", "1.2 s", "2 min 5 s".
std::string duration(std::chrono::microseconds took);

}  // namespace bothends::report
