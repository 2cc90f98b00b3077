// Reading scenarios from texts.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "run/scenario.hpp"

namespace bothends::run {

inline Scenario read(const std::string& text, const ReadOptions& options = {}) {
  auto scenario = parse_scenario(text, "s.toml", options);
  REQUIRE_MESSAGE(scenario.has_value(), scenario.error().message());
  return std::move(*scenario);
}

/// "s.toml:2:1: …"
inline std::string refusal(const std::string& text, const ReadOptions& options = {}) {
  auto scenario = parse_scenario(text, "s.toml", options);
  return scenario ? "accepted" : scenario.error().message();
}

inline bool says(const std::string& text, const std::string& part) {
  INFO(text);
  bool found = text.find(part) != std::string::npos;
  CHECK_MESSAGE(found, text << " does not say " << part);
  return found;
}

/// One try of https://shop.test/ after `above`.
inline std::string with_try(const std::string& above) { return above + "\n[[try]]\nurl = \"https://shop.test/\"\n"; }

}  // namespace bothends::run
