// What the terminal can show, and one line of progress on standard error.
#pragma once

#include <chrono>
#include <string>

namespace bothends::cli {

/// "always", "never", or "auto": a terminal, and NO_COLOR is not set (no-color.org).
bool wants_color(const std::string& choice, int fd);
/// The locale says UTF-8, or says nothing.
bool wants_unicode();
/// Columns; 100 when it is not a terminal.
unsigned width_of(int fd);

/// One line on standard error that is overwritten; only on a terminal, and not before a second has passed.
class Progress {
 public:
  explicit Progress(bool wanted);
  void show(const std::string& line);
  void clear();

 private:
  bool on_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point begun_, last_;
};

}  // namespace bothends::cli
