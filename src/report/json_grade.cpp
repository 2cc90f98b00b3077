#include "report/json_grade.hpp"

namespace bothends::report {
namespace {

using policy::Item;
using wire::Registry;

Json code_or_null(Registry registry, std::uint16_t value) { return value == 0 ? Json() : code(registry, value); }

Registry registry(Item::What what) {
  switch (what) {
    case Item::What::version:
      return Registry::version;
    case Item::What::group:
      return Registry::group;
    case Item::What::scheme:
      return Registry::signature_scheme;
    default:
      return Registry::suite;
  }
}

Json items(const std::vector<Item>& all) {
  auto list = Json::array();
  for (const Item& item : all)
    list.push_back({{"what", name(item.what)},
                    {"version", code_or_null(Registry::version, item.version)},
                    {"code", code_or_null(registry(item.what), item.code)},
                    {"detail", shortened(item.detail)},
                    {"server", item.member == 0 ? Json() : Json(item.member)}});
  return list;
}

Json policy_of(const policy::GradePolicy& policy) {
  auto sources = Json::array();
  for (const auto& source : policy.sources)
    sources.push_back({{"title", source.title}, {"version", source.version}, {"url", source.url}});
  return {
      {"id", shortened(policy.id)},         {"alias", policy.alias.empty() ? Json() : Json(shortened(policy.alias))},
      {"vendor", shortened(policy.vendor)}, {"leg", name(policy.leg)},
      {"status", name(policy.status)},      {"complete", policy.complete},
      {"note", shortened(policy.note)},     {"sources", std::move(sources)}};
}

Json agreement(const policy::Agreement& agreed) {
  return {{"version", code_or_null(Registry::version, agreed.version)},
          {"suite", code_or_null(Registry::suite, agreed.suite)},
          {"group", code_or_null(Registry::group, agreed.group)},
          {"signature_scheme", code_or_null(Registry::signature_scheme, agreed.signature_scheme)},
          {"alpn", shortened(agreed.alpn)},
          {"hello_retry", agreed.hello_retry}};
}

Json refusal(const policy::Refusal& refused) {
  return {{"by", name(refused.by)},
          {"reason", name(refused.reason)},
          {"alert", refused.alert ? code(Registry::alert, *refused.alert) : Json()}};
}

Json seen(const policy::ClientAnswer& answer) {
  if (!answer.seen) return nullptr;
  Json out{{"outcome", outcome(policy::outcome_of(*answer.seen))},
           {"ending", name(answer.seen->how)},
           {"note", shortened(answer.seen->note)}};
  out["as_foretold"] = name(policy::verified(answer));
  return out;
}

}  // namespace

Json grade(const policy::Grade& grade) {
  auto remarks = Json::array();
  for (const auto& remark : grade.remarks) remarks.push_back(shortened(remark));
  return {{"policy", policy_of(grade.policy)},
          {"verdict", name(grade.verdict)},
          {"too_much", items(grade.too_much)},
          {"missing", items(grade.missing)},
          {"otherwise", items(grade.otherwise)},
          {"not_known", items(grade.not_known)},
          {"unserved", codes(Registry::suite, grade.unserved)},
          {"remarks", std::move(remarks)}};
}

Json outcome(const std::optional<policy::Outcome>& outcome) {
  if (!outcome) return nullptr;
  if (const auto* agreed = std::get_if<policy::Agreement>(&*outcome)) return {{"agreement", agreement(*agreed)}};
  return {{"refusal", refusal(std::get<policy::Refusal>(*outcome))}};
}

Json clients(std::span<const policy::ClientAnswer> answers) {
  auto list = Json::array();
  for (const auto& answer : answers)
    list.push_back({{"id", shortened(answer.id)},
                    {"name", shortened(answer.name)},
                    {"foretold", outcome(answer.foretold)},
                    {"seen", seen(answer)}});
  return list;
}

}  // namespace bothends::report
