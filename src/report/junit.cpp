#include "report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "report/console.hpp"
#include "report/words.hpp"

namespace bothends::report {
namespace {

using path::Status;
using path::TryOutcome;

constexpr std::size_t longest_attribute = 1000, longest_text = 20000;

std::string entity(char32_t code) {
  switch (code) {
    case U'&':
      return "&amp;";
    case U'<':
      return "&lt;";
    case U'>':
      return "&gt;";
    case U'"':
      return "&quot;";
    case U'\'':
      return "&apos;";
    default:
      return {};
  }
}

/// What XML 1.0 section 2.2 leaves out is among what printable() escapes; a backslash stays one.
std::string escaped(const Utf8Step& step, std::string_view octets) {
  if (auto known = entity(step.code); step.valid && !known.empty()) return known;
  return octets == "\\" ? std::string(octets) : printable(octets);
}

/// Character data and attribute values alike; `keep` is what of the controls may stand as it is.
std::string xml(std::string_view text, std::size_t limit, std::string_view keep) {
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == limit) return out + "…";
    auto step = utf8_step(text);
    auto octets = text.substr(0, step.octets);
    out += keep.find(octets) != keep.npos ? std::string(octets) : escaped(step, octets);
    text.remove_prefix(step.octets);
  }
  return out;
}

std::string content(std::string_view text) { return xml(text, longest_text, "\n"); }
std::string attribute(std::string_view name, std::string_view value) {
  return fmt::format(" {}=\"{}\"", name, xml(value, longest_attribute, ""));
}
std::string seconds(std::chrono::microseconds took) {
  return fmt::format("{:.6f}", static_cast<double>(took.count()) / 1e6);
}

std::string counted(const path::Counts& counts, std::chrono::microseconds took) {
  return fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts.total(), counts.failed,
                     counts.errors, counts.skipped) +
         attribute("time", seconds(took));
}

std::string property(std::string_view name, std::string_view value) {
  return "<property" + attribute("name", name) + attribute("value", value) + "/>";
}

std::string properties(const TryOutcome& one) {
  std::string out;
  for (const auto& [key, value] : one.variant) out += property(key, value);
  if (one.fault) out += property("fault", fate_of(one));
  for (const auto& found : one.findings) {
    out += property("finding", found.cause);
    out += property("finding." + found.cause, where(found) + ", " + std::string(name(found.certainty)));
  }
  return out.empty() ? "" : "<properties>" + out + "</properties>\n";
}

/// What a CI system shows in its list: the first thing that went wrong.
std::string headline(const TryOutcome& one) {
  for (const auto& verdict : one.verdicts)
    if (!verdict.met) return complaint(verdict);
  for (const auto& found : one.findings)
    if (!is_expected(one, found)) return "finding " + found.cause + ": " + where(found);
  return one.reason.empty() ? std::string(name(one.status)) : one.reason;
}

/// The terminal's report of this try alone, without colours.
std::string story(const TryOutcome& one) {
  path::ScenarioOutcome alone;
  alone.tries.push_back(one);
  return console(alone, {});
}

std::string outcome(const TryOutcome& one) {
  auto element = [](std::string_view tag, std::string_view type, std::string_view message, std::string_view text) {
    return fmt::format("<{0}{1}{2}>{3}</{0}>\n", tag, attribute("message", message), attribute("type", type),
                       content(text));
  };
  switch (one.status) {
    case Status::passed:
      return {};
    case Status::failed:
      return element("failure", "expectation", headline(one), story(one));
    case Status::error:
      return element("error", "error", one.reason.empty() ? headline(one) : one.reason, story(one));
    case Status::skipped:
      break;
  }
  return "<skipped" + attribute("message", one.reason) + "/>\n";
}

std::string testcase(const path::ScenarioOutcome& scenario, const TryOutcome& one) {
  auto called = one.name + (one.variant.empty() ? "" : " [" + variant_of(one) + "]");
  auto head = "<testcase" + attribute("name", called) + attribute("classname", scenario.file) +
              attribute("time", seconds(one.took));
  if (one.place.known()) head += attribute("file", one.place.file) + attribute("line", std::to_string(one.place.line));
  return head + ">\n" + properties(one) + outcome(one) + "</testcase>\n";
}

std::string broken(const path::ScenarioOutcome& scenario) {
  return "<testcase" + attribute("name", "scenario") + attribute("classname", scenario.file) +
         attribute("time", seconds({})) + ">\n<error" + attribute("message", scenario.error->message()) +
         attribute("type", "error") + "></error>\n</testcase>\n";
}

}  // namespace

std::string junit(const path::ScenarioOutcome& scenario) {
  std::chrono::microseconds took{0};
  for (const auto& one : scenario.tries) took += one.took;
  auto title = scenario.title.empty() ? scenario.file : scenario.title;
  auto out = "<testsuite" + attribute("name", title) + attribute("file", scenario.file) +
             counted(count(scenario), took) + ">\n";
  if (scenario.error) out += broken(scenario);
  for (const auto& one : scenario.tries) out += testcase(scenario, one);
  return out + "</testsuite>\n";
}

std::string junit_document(const path::RunOutcome& run, const path::Counts& counts,
                           const std::vector<std::string>& suites) {
  auto out = std::string("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites") + attribute("name", "bothends") +
             counted(counts, run.took);
  if (!run.began.empty()) out += attribute("timestamp", run.began);
  return out + ">\n" + join(suites, "") + "</testsuites>\n";
}

}  // namespace bothends::report
