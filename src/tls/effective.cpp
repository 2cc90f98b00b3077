#include "tls/effective.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "wire/codes.hpp"

namespace bothends::tls {

namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  for (auto& name : names) name = lower(name);
  std::sort(names.begin(), names.end());
  return names;
}

bool has_suite_for(std::uint16_t version, const wire::Codes& suites) {
  if (suites.empty()) return true;
  return std::any_of(suites.begin(), suites.end(),
                     [version](std::uint16_t suite) { return is_suite_of_tls13(suite) == (version >= wire::tls1_3); });
}

}  // namespace

bool is_suite_of_tls13(std::uint16_t suite) {
  return wire::is_tls13_suite(suite) || suite == 0xc0b4 || suite == 0xc0b5;
}

wire::Codes effective_versions(const Capabilities& can, const CommonSettings& settings) {
  const std::uint16_t highest = settings.max_version != 0 ? settings.max_version : std::uint16_t{wire::tls1_3};
  // A maximum below the default minimum asks for old versions just as clearly as a minimum would.
  const std::uint16_t lowest =
      settings.min_version != 0 ? settings.min_version : std::min<std::uint16_t>(wire::tls1_2, highest);
  wire::Codes versions;
  for (const auto version : can.versions)
    if (version >= lowest && version <= highest && has_suite_for(version, settings.suites)) versions.push_back(version);
  return versions;
}

Chosen choose_by_name(const std::vector<std::vector<std::string>>& names_of_each,
                      const std::optional<std::string>& sni) {
  Chosen chosen;
  for (std::size_t i = 0; sni && i < names_of_each.size(); ++i) {
    const auto& names = names_of_each[i];
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name_matches(name, *sni); }))
      chosen.indices.push_back(i);
  }
  chosen.matched = !chosen.indices.empty();
  if (chosen.matched || names_of_each.empty()) return chosen;
  const auto first = sorted(names_of_each.front());
  for (std::size_t i = 0; i < names_of_each.size(); ++i)
    if (sorted(names_of_each[i]) == first) chosen.indices.push_back(i);
  return chosen;
}

}  // namespace bothends::tls
