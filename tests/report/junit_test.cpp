#include "report/junit.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "tests/report/samples.hpp"
#include "tests/report/validate.hpp"

using namespace bothends;

namespace {

std::string document(const std::vector<path::ScenarioOutcome>& scenarios) {
  auto run = samples::run_of(scenarios);
  std::vector<std::string> suites;
  for (const auto& scenario : scenarios) suites.push_back(report::junit(scenario));
  return report::junit_document(run, count(run), suites);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

unsigned times(std::string_view text, std::string_view part) {
  unsigned count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool visible(std::string_view text) {
  while (!text.empty()) {
    auto step = utf8_step(text);
    if (!step.valid || (is_invisible(step.code) && step.code != '\n')) return false;
    text.remove_prefix(step.octets);
  }
  return true;
}

}  // namespace

TEST_CASE("the document is what its schema says") {
  CHECK(samples::xml_complaint(document({})) == "");
  CHECK(samples::xml_complaint(document({samples::mixed()})) == "");
  CHECK(samples::xml_complaint(document({samples::hostile_scenario(), samples::huge_scenario()})) == "");
}

TEST_CASE("the schema refuses what it does not know") {
  auto spoiled = document({samples::mixed()});
  spoiled.replace(spoiled.find("<failure"), 8, "<disaster");
  CHECK(samples::xml_complaint(spoiled) != "");
}

TEST_CASE("counts agree with the cases") {
  auto scenario = samples::mixed();
  scenario.error = Error{ErrorCode::file, "cannot be read", {}};
  auto counts = count(scenario);
  auto text = document({scenario, samples::mixed()});
  CHECK(times(text, "<testcase ") == counts.total() + 5);
  CHECK(times(text, "<failure ") == 2);
  CHECK(times(text, "<error ") == counts.errors + 1);
  CHECK(times(text, "<skipped ") == 2);
  CHECK(has(text, R"(<testsuites name="bothends" tests="11" failures="2" errors="3" skipped="2" time="1.234000")"));
  CHECK(has(text, R"(file="scenarios/no-sni.toml" tests="6" failures="1" errors="2" skipped="1")"));
}

TEST_CASE("a case says what a CI system shows") {
  auto text = document({samples::mixed()});
  CHECK(
      has(text,
          R"(<testcase name="a browser asks for shop.test [client.stack=mbedtls]" classname="scenarios/no-sni.toml")"));
  CHECK(has(text, R"(<failure message="scenarios/no-sni.toml:31:10: expected status 200, got 502")"));
  CHECK(has(text, R"(<property name="finding" value="origin-needs-sni"/>)"));
  CHECK(has(text, R"(<property name="client.stack" value="mbedtls"/>)"));
  CHECK(has(text, R"(<error message="the proxy did not start: port 4433 is taken")"));
  CHECK(has(text, R"(<skipped message="haproxy is not installed"/>)"));
  CHECK(has(text, "proxy  ━━━━━╳┄┄ origin shop"));
}

TEST_CASE("an unexpected finding is a failure of its own") {
  auto scenario = samples::mixed();
  scenario.tries.resize(1);
  scenario.tries[0].verdicts.clear();
  CHECK(has(report::junit(scenario), "<failure message=\"finding origin-needs-sni: origin leg, refused by proxy"));
}

TEST_CASE("hostile strings are visible and stay inside their place") {
  auto text = document({samples::hostile_scenario()});
  CHECK(visible(text));
  CHECK_FALSE(has(text, "]]>"));
  CHECK_FALSE(has(text, "<script>"));
}

TEST_CASE("what is huge is cut short") { CHECK(report::junit(samples::huge_scenario()).size() < 200000); }
