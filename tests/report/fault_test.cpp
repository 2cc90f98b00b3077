// What the reports tell of a fault and of its control twin.
#include <doctest/doctest.h>

#include "report/console.hpp"
#include "report/json.hpp"
#include "report/junit.hpp"
#include "report/words.hpp"
#include "tests/report/samples.hpp"
#include "tests/report/validate.hpp"

using namespace bothends;
using samples::has;
using samples::only;
using Came = path::FaultOutcome::Came;

namespace {

std::string shown(path::TryOutcome one, bool verbose = false) {
  return report::console(only(std::move(one)), {.verbose = verbose});
}

}  // namespace

TEST_CASE("an accepted fault is remarked in the try's line, for nothing else shows it") {
  CHECK(has(shown(samples::faulty(Came::accepted)),
            "  ✓ an origin with a fault [fault.origin=sni-selected] · accepted   "));
  CHECK(has(report::console(only(samples::faulty(Came::accepted)), {.unicode = false}), "accepted"));
  CHECK_FALSE(has(shown(samples::faulty(Came::accepted)), "fault origin:"));
  CHECK_FALSE(has(shown(samples::faulty(Came::named)), "accepted"));
  CHECK_FALSE(has(shown(samples::passed()), "accepted"));
}

TEST_CASE("with -v every fault says what became of it and of its control") {
  CHECK(has(shown(samples::faulty(Came::named), true), "\n    fault origin: sni-selected — named; control passed\n"));
  CHECK(has(shown(samples::faulty(Came::accepted), true),
            "\n    fault origin: sni-selected — accepted; control passed\n"));
  CHECK_FALSE(has(shown(samples::faulty(Came::named)), "fault origin:"));
  auto alone = samples::faulty(Came::named);
  alone.control.reset();
  CHECK(has(shown(alone, true), "\n    fault origin: sni-selected — named\n"));
  CHECK_FALSE(has(shown(samples::failed(), true), "    fault "));
}

TEST_CASE("the finding of a fault that was named is no cause for alarm") {
  const auto named = shown(samples::faulty(Came::named));
  CHECK(has(named, "● origin-needs-sni · origin leg, refused by proxy, stage finished · certain · as expected"));
  CHECK_FALSE(has(named, "evidence"));
  const auto misnamed = shown(samples::faulty(Came::misnamed));
  CHECK(has(misnamed, "evidence"));
  CHECK_FALSE(has(misnamed, "as expected"));
  CHECK(has(misnamed, "fault origin: sni-selected — misnamed; control passed"));
}

TEST_CASE("a void verdict says so everywhere") {
  const auto one = samples::faulty(Came::named, false);
  CHECK(has(shown(one), "  ! an origin with a fault"));
  CHECK(has(shown(one), "error: the verdict is void: the control twin fails too"));
  CHECK(has(shown(one), "fault origin: sni-selected — named; control failed: the verdict is void"));
  const auto suite = report::junit(only(one));
  CHECK(has(suite, "<error message=\"the verdict is void: the control twin fails too\" type=\"error\">"));
  CHECK(has(suite, "errors=\"1\""));
  CHECK_FALSE(has(suite, "<failure"));
  const auto document = report::json(only(one), samples::digests());
  CHECK(has(document, "\"passed\":false"));
}

TEST_CASE("JUnit has the fault as a property, by its schema") {
  path::ScenarioOutcome scenario = only(samples::faulty(Came::named));
  scenario.tries.push_back(samples::faulty(Came::misnamed, false));
  CHECK(has(report::junit(scenario),
            "<property name=\"fault\" value=\"origin: sni-selected — named; control passed\"/>"));
  auto run = samples::run_of({scenario});
  CHECK(samples::xml_complaint(report::junit_document(run, count(run), {report::junit(scenario)})) == "");
  CHECK_FALSE(has(report::junit(only(samples::passed())), "name=\"fault\""));
}
