// Looks at brackets, dots, quotes and comments only.
#include "base/toml_depth.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace bothends {
namespace {

constexpr unsigned deepest = 32;

class Scan {
 public:
  Scan(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Result<void> run() {
    while (at_ < text_.size()) {
      step();
      if (brackets_ > deepest) return too_deep("brackets are nested more than {} deep");
      if (dots_ >= deepest) return too_deep("a dotted key has more than {} parts");
    }
    return {};
  }

 private:
  void step() {
    switch (text_[at_]) {
      case '#':
        at_ = std::min(text_.find('\n', at_), text_.size());
        return;
      case '"':
      case '\'':
        skip_string(text_[at_]);
        return;
      case '[':
      case '{':
        ++brackets_;
        break;
      case ']':
      case '}':
        brackets_ -= brackets_ > 0 ? 1 : 0;
        break;
      case '.':
        ++dots_;
        break;
      default:
        break;
    }
    if (std::string_view("=,[]{}\n").find(text_[at_]) != std::string_view::npos) dots_ = 0;
    ++at_;
  }

  /// A line's end closes a plain string, as the parser stops there with an error.
  void skip_string(char quote) {
    const std::string three(3, quote);
    if (!text_.substr(at_).starts_with(three)) return skip_to(std::string(1, quote), true);
    at_ += 2;
    skip_to(three, false);
    for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;  // """a""""" holds two quotes
  }

  void skip_to(std::string_view end, bool one_line) {
    bool escapes = text_[at_] == '"';
    for (++at_; at_ < text_.size(); ++at_) {
      if (one_line && text_[at_] == '\n') return;
      if (text_.substr(at_).starts_with(end)) {
        at_ += end.size();
        return;
      }
      if (escapes && text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_, text_.size());
  }

  Result<void> too_deep(fmt::format_string<const unsigned&> what) const {
    auto before = text_.substr(0, at_ > 0 ? at_ - 1 : 0);
    auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    Place place{name_, 1, 1};
    for (char c : before) place.line += c == '\n' ? 1 : 0;
    for (auto rest = before.substr(line_start); !rest.empty(); rest.remove_prefix(utf8_step(rest).octets))
      ++place.column;
    return fail(ErrorCode::syntax, fmt::format(what, deepest), place);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  unsigned brackets_ = 0;
  unsigned dots_ = 0;
};

}  // namespace

Result<void> check_toml_depth(std::string_view text, const std::string& name) { return Scan(text, name).run(); }

}  // namespace bothends
