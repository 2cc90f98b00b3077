#include "report/json_probed.hpp"

#include <fmt/format.h>

#include "report/json_grade.hpp"
#include "report/json_probed_form.hpp"
#include "report/probed_verdicts.hpp"

namespace bothends::report {
namespace {

constexpr std::string_view format = "bothends-probe";
constexpr int format_version = 1;
constexpr int deepest = 32;

std::string_view word(ProbeVerdict::Is is) {
  switch (is) {
    case ProbeVerdict::Is::wrong:
      return "wrong";
    case ProbeVerdict::Is::unknown:
      return "unknown";
    case ProbeVerdict::Is::note:
      break;
  }
  return "note";
}

Json document(const policy::Probed& probed) {
  Json out = {{"format", format}, {"version", format_version}};
  out.update(written(probed));
  auto verdicts = Json::array();
  for (const auto& one : verdicts_of(probed)) verdicts.push_back({{"is", word(one.is)}, {"text", one.text}});
  out["complete"] = probed.error.empty() && probed.survey.complete();
  out["verdicts"] = std::move(verdicts);
  return out;
}

Place place_of(std::string_view text, std::size_t at, const std::string& file) {
  auto before = text.substr(0, at);
  auto line = before.rfind('\n');
  Place place{file.empty() ? "snapshot" : file};
  place.line = static_cast<unsigned>(1 + std::count(before.begin(), before.end(), '\n'));
  place.column = static_cast<unsigned>(1 + before.size() - (line == std::string_view::npos ? 0 : line + 1));
  return place;
}

Result<Parsed> parsed(std::string_view text, const std::string& file) {
  bool too_deep = false;
  auto bounded = [&](int depth, Parsed::parse_event_t, const Parsed&) {
    too_deep = too_deep || depth > deepest;
    return depth <= deepest;
  };
  try {
    auto value = Parsed::parse(text, bounded);
    if (!too_deep) return value;
  } catch (const Parsed::parse_error& error) {
    if (!too_deep)
      return fail(ErrorCode::syntax, "this is no JSON", place_of(text, error.byte > 0 ? error.byte - 1 : 0, file));
  } catch (const std::exception&) {  // a number beyond all bounds
    return fail(ErrorCode::syntax, "this is no JSON that can be read", {file});
  }
  return fail(ErrorCode::syntax, fmt::format("brackets are nested more than {} deep", deepest), {file});
}

/// Whatever refers to a list refers to what is in it.
void check_references(Reading& reading, const policy::Probed& probed) {
  const auto& survey = probed.survey;
  for (const auto& name : survey.names)
    if (name.presented && *name.presented >= survey.presented.size())
      reading.refuse("survey.names", fmt::format("there is no presented chain {}", *name.presented));
  if (probed.chains.size() > survey.presented.size())
    reading.refuse("chains", "there are more of them than were presented");
  for (const auto& chain : probed.chains)
    for (auto at : chain.superfluous)
      if (at >= chain.certificates.size() + chain.more_certificates)
        reading.refuse("chains", fmt::format("there is no certificate {}", at));
}

void check_format(Reading& reading, const Parsed& from) {
  std::string name;
  std::int64_t version = 0;
  Read read(reading, from, "");
  read("format", name);
  if (reading.ok() && name != format) reading.refuse("format", fmt::format("this is no snapshot of {}", format));
  read("version", version);
  if (reading.ok() && version != format_version)
    reading.refuse("version", fmt::format("version {} is not known, only {}", version, format_version));
}

}  // namespace

std::string probed_json(const policy::Probed& probed, const Judged& judged) {
  auto out = document(probed);
  if (judged.grade) out["grade"] = grade(*judged.grade);
  if (judged.clients) out["clients"] = clients(*judged.clients);
  return dumped(out);
}

std::string probed_snapshot(const policy::Probed& probed) {
  return document(probed).dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<policy::Probed> probed_of_json(std::string_view text, const std::string& file) {
  if (text.size() > most_snapshot_octets)
    return fail(ErrorCode::syntax, fmt::format("a snapshot has at most {} MiB", most_snapshot_octets >> 20), {file});
  auto from = parsed(text, file);
  if (!from) return tl::unexpected(from.error());
  Reading reading;
  policy::Probed probed;
  check_format(reading, *from);
  if (reading.ok()) read(reading, *from, probed, "");
  if (reading.ok()) check_references(reading, probed);
  if (!reading.ok()) return fail(ErrorCode::value, reading.problem, {file});
  return probed;
}

}  // namespace bothends::report
