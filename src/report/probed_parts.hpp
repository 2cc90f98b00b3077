// What the sections of a probe's report share. Only they include this.
#pragma once

#include "policy/probed.hpp"
#include "report/style.hpp"

namespace bothends::report {

std::string heading(std::string_view title, const Style& style);
/// A line with its label in the left column; items with a comma between them. Empty items: "none".
std::string row(std::string_view label, const Spans& items, const Style& style);
std::string row(std::string_view label, std::string_view sentence, const Style& style, Tone tone = Tone::plain);
/// At most `most` names, and how many more there are.
Spans named(wire::Registry registry, const wire::Codes& codes, const Style& style, std::size_t most = 4096);
Spans raw_items(const std::vector<std::string>& values, const Style& style, std::size_t most);

std::string versions_section(const policy::Probed& probed, const Style& style);
std::string members_section(const policy::Probed& probed, const Style& style);
std::string chains_section(const policy::Probed& probed, const Style& style);

}  // namespace bothends::report
