#include "report/json.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/json_parts.hpp"

namespace bothends::report {
namespace {

constexpr int format_version = 1;

Json counts_of(const path::Counts& counts) {
  return {{"passed", counts.passed},
          {"failed", counts.failed},
          {"errors", counts.errors},
          {"skipped", counts.skipped},
          {"total", counts.total()}};
}

Json texts(const std::vector<std::string>& values) {
  auto list = Json::array();
  for (const auto& value : values) list.push_back(shortened(value));
  return list;
}

std::string_view word(path::Expectation::How how) {
  using How = path::Expectation::How;
  switch (how) {
    case How::equals:
      return "equals";
    case How::differs:
      return "differs";
    case How::contains:
      return "contains";
    case How::one_of:
      return "one_of";
    case How::matches:
      break;
  }
  return "matches";
}

std::string_view word(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::file:
      return "file";
    case ErrorCode::syntax:
      return "syntax";
    case ErrorCode::value:
      return "value";
    case ErrorCode::resource:
      return "resource";
    case ErrorCode::tls:
      return "tls";
    case ErrorCode::network:
      return "network";
    case ErrorCode::proxy:
      break;
  }
  return "proxy";
}

Json verdict(const path::Verdict& verdict) {
  const auto& asked = verdict.expectation;
  return {{"fact", asked.fact},
          {"how", word(asked.how)},
          {"wanted", texts(asked.wanted)},
          {"list", asked.list},
          {"place", place(asked.place)},
          {"line", shortened(asked.line)},
          {"met", verdict.met},
          {"actual", shortened(verdict.actual)}};
}

Json finding(const path::Finding& finding) {
  auto by = finding.refused_by ? Json(name(*finding.refused_by)) : Json();
  return {{"cause", finding.cause},
          {"leg", name(finding.leg)},
          {"refused_by", by},
          {"stage", name(finding.stage)},
          {"certainty", name(finding.certainty)},
          {"candidates", texts(finding.candidates)},
          {"evidence", texts(finding.evidence)},
          {"remedy", shortened(finding.remedy)}};
}

Json fault(const path::TryOutcome& one) {
  if (!one.fault) return nullptr;
  Json told = {{"leg", name(one.fault->leg)}, {"name", one.fault->name}, {"came", name(one.fault->came)}};
  if (one.control) told["control"] = {{"passed", one.control->passed}, {"problem", shortened(one.control->problem)}};
  return told;
}

Json try_of(const path::TryOutcome& one, const path::Digests& digests) {
  Json variant = Json::object();
  for (const auto& [key, value] : one.variant) variant[key] = shortened(value);
  Json verdicts = Json::array(), findings = Json::array();
  for (const auto& judged : one.verdicts) verdicts.push_back(verdict(judged));
  for (const auto& found : one.findings) findings.push_back(finding(found));
  return {{"name", shortened(one.name)},
          {"variant", variant},
          {"place", place(one.place)},
          {"status", name(one.status)},
          {"reason", shortened(one.reason)},
          {"took_us", one.took.count()},
          {"verdicts", verdicts},
          {"findings", findings},
          {"fault", fault(one)},
          {"record", one.record ? record(*one.record, digests) : Json()}};
}

Json error_of(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return {{"code", word(error->code)}, {"what", shortened(error->what)}, {"place", place(error->place)}};
}

}  // namespace

std::string json(const path::ScenarioOutcome& scenario, const path::Digests& digests) {
  auto tries = Json::array();
  for (const auto& one : scenario.tries) tries.push_back(try_of(one, digests));
  return dumped({{"file", shortened(scenario.file)},
                 {"title", shortened(scenario.title)},
                 {"error", error_of(scenario.error)},
                 {"counts", counts_of(count(scenario))},
                 {"tries", tries}});
}

std::string json_document(const path::RunOutcome& run, const path::Counts& counts,
                          const std::vector<std::string>& scenarios) {
  auto head = dumped({{"format", "bothends-report"},
                      {"version", format_version},
                      {"bothends", run.version},
                      {"began", run.began},
                      {"proxy", shortened(run.proxy)},
                      {"interrupted", run.interrupted},
                      {"not_run", run.not_run},
                      {"took_us", run.took.count()},
                      {"counts", counts_of(counts)}});
  head.pop_back();  // its closing brace: the scenarios, rendered long ago, are still to come
  return fmt::format("{},\"scenarios\":[\n{}\n]}}\n", head, join(scenarios, ",\n"));
}

}  // namespace bothends::report
