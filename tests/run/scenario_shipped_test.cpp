// Every scenario that comes with the program can be read.
#include "scenario_support.hpp"

using namespace bothends::run;

TEST_CASE("the shipped scenarios") {
  auto files = scenario_files({SHIPPED_SCENARIOS});
  REQUIRE(files.has_value());
  for (const auto& file : *files) {
    auto scenario = read_scenario(file, {});
    CHECK_MESSAGE(scenario.has_value(), scenario.error().message());
    if (scenario) CHECK_FALSE(scenario->tries.empty());
  }
}
