#include "report/json.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/report/samples.hpp"
#include "tests/report/validate.hpp"

using namespace bothends;

namespace {

std::string document(const std::vector<path::ScenarioOutcome>& scenarios) {
  auto run = samples::run_of(scenarios);
  std::vector<std::string> rendered;
  for (const auto& scenario : scenarios) rendered.push_back(report::json(scenario, samples::digests()));
  return report::json_document(run, count(run), rendered);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the document is what the schema says") {
  CHECK(samples::schema_complaint(document({})) == "");
  CHECK(samples::schema_complaint(document({samples::mixed()})) == "");
  CHECK(samples::schema_complaint(document({samples::mixed(), samples::hostile_scenario()})) == "");
}

TEST_CASE("the schema refuses what it does not know") {
  auto spoiled = document({samples::mixed()});
  spoiled.replace(spoiled.find("\"sni\""), 5, "\"snj\"");
  CHECK(has(samples::schema_complaint(spoiled), "snj"));
  auto word = document({samples::mixed()});
  word.replace(word.find("\"certain\""), 9, "\"perhaps\"");
  CHECK(has(samples::schema_complaint(word), "perhaps"));
}

TEST_CASE("what is huge is cut short and still valid") {
  auto text = document({samples::huge_scenario()});
  CHECK(text.size() < 8000000);
  CHECK(has(text, "\"events_omitted\":1489"));
  CHECK(has(text, "\"exchanges_omitted\":36"));
  CHECK(has(text, "\"origins_omitted\":236"));
  CHECK(has(text, "\"octets\":1048576,\"whole\":false"));
  CHECK(samples::schema_complaint(text) == "");
}

TEST_CASE("names and code points, side by side") {
  auto text = document({samples::mixed()});
  CHECK(has(text, R"("suite":{"name":"TLS_AES_128_GCM_SHA256","code":4865})"));
  CHECK(has(text, R"("version":{"name":"TLSv1.2","code":771})"));
  CHECK(has(text, R"("ja3":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a")"));
  CHECK(has(text, R"("sni":null)"));
  CHECK(has(text, R"("cause":"origin-needs-sni","leg":"origin","refused_by":"proxy","stage":"finished")"));
  CHECK(has(text, R"("from":"proxy","level":1,"alert":{"name":"close_notify","code":0})"));
  CHECK(has(text, R"("counts":{"passed":2,"failed":1,"errors":1,"skipped":1,"total":5})"));
}

TEST_CASE("secrets stay where they are") {
  auto text = document({samples::hostile_scenario()});
  CHECK_FALSE(has(text, "secret-of-the-session"));
  CHECK_FALSE(has(text, "CLIENT_RANDOM"));
}

TEST_CASE("nothing but ASCII without controls leaves") {
  auto text = document({samples::hostile_scenario()});
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  CHECK(has(text, "\\ufffd"));
}
