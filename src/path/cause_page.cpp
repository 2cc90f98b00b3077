#include "path/cause_page.hpp"

#include <algorithm>
#include <span>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "path/embedded_pages.hpp"

namespace bothends::path {

namespace {

/// Without code marks and emphasis; of a link only what it shows.
std::string without_marks(std::string_view line) {
  std::string plain;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const std::size_t close = line[at] == '[' ? line.find("](", at) : std::string_view::npos;
    const std::size_t end = close == std::string_view::npos ? close : line.find(')', close);
    if (end != std::string_view::npos) {
      plain += without_marks(line.substr(at + 1, close - at - 1));
      at = end;
    } else if (line[at] != '`' && line.substr(at, 2) != "**") {
      plain += line[at];
    } else if (line[at] == '*') {
      ++at;
    }
  }
  return plain;
}

/// The words in lines of at most `width` columns; lines but the first are indented by `indent`.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t column = 0;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty()) continue;
    const std::size_t wide = display_width(word);
    if (column > indent && column + 1 + wide > width) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent || (column > 0 && lines.back() != ' ')) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += wide;
  }
  return lines;
}

/// Collects what belongs to one paragraph or list item until it is complete.
class Paragraphs {
 public:
  explicit Paragraphs(std::size_t width) : width_(width) {}

  void take(std::string_view line) {
    const std::string_view words = trim(line);
    if (words.starts_with("<!--")) return;
    const bool item = words.starts_with("- ");
    const bool as_it_is = line.starts_with("    ") || line.starts_with("|");
    if (words.empty() || item || as_it_is || words.starts_with("#")) flush();
    if (words.empty()) return blank();
    if (as_it_is) {
      text_ += without_marks(line) + "\n";
    } else if (words.starts_with("#")) {
      text_ += without_marks(trim(words.substr(std::min(words.find_first_not_of('#'), words.size())))) + "\n";
    } else {
      indent_ = item ? 2 : indent_;
      pending_ += (pending_.empty() ? "" : " ") + without_marks(words);
    }
  }

  std::string finish() && {
    flush();
    while (text_.ends_with("\n\n")) text_.pop_back();
    return std::move(text_);
  }

 private:
  void blank() {
    if (!text_.empty() && !text_.ends_with("\n\n")) text_ += "\n";
  }
  void flush() {
    if (!pending_.empty()) text_ += wrapped(pending_, width_, indent_) + "\n";
    pending_.clear();
    indent_ = 0;
  }

  std::size_t width_;
  std::string text_, pending_;
  std::size_t indent_ = 0;
};

}  // namespace

std::string_view cause_page(std::string_view id) {
  for (const EmbeddedFile& file : embedded_pages())
    if (file.name.substr(0, file.name.rfind('.')) == id) return file.content;
  return {};
}

std::string plain_page(std::string_view markdown, std::size_t width) {
  Paragraphs paragraphs(width);
  for (const std::string& line : split(markdown, '\n')) paragraphs.take(line);
  return std::move(paragraphs).finish();
}

std::vector<std::string> scenarios_of(std::string_view id) {
  constexpr std::string_view command = "bothends run ", ending = ".toml";
  std::vector<std::string> scenarios;
  const std::string_view page = cause_page(id);
  for (std::size_t at = page.find(command); at != std::string_view::npos; at = page.find(command, at + 1)) {
    const std::string_view word =
        page.substr(at + command.size(), page.find_first_of(" `\n", at + command.size()) - at - command.size());
    if (word.starts_with("scenarios/") && word.ends_with(ending) &&
        std::ranges::find(scenarios, word) == scenarios.end())
      scenarios.emplace_back(word);
  }
  return scenarios;
}

}  // namespace bothends::path
