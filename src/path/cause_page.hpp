// The pages of docs/causes/, which travel inside the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bothends::path {

/// The page of a cause as it stands in docs/causes/ID.md; empty when there is no such cause. Lasts as long as the
/// program.
std::string_view cause_page(std::string_view id);

/// A page for a terminal: without the marks of Markdown, paragraphs and list items wrapped to the width.
std::string plain_page(std::string_view markdown, std::size_t width);

/// The scenario files that provoke the cause, as its page names them: "scenarios/cert-expired.toml".
std::vector<std::string> scenarios_of(std::string_view id);

}  // namespace bothends::path
