#include "report/grade.hpp"

#include <fmt/format.h>

#include <tuple>

#include "report/style.hpp"

namespace bothends::report {
namespace {

using policy::Grade;
using policy::Item;
using What = Item::What;
using wire::Registry;

constexpr std::size_t indent = 2, label_width = 11;

std::string labelled(std::string_view label, Spans items, std::string_view separator, const Style& style) {
  constexpr std::size_t width = indent + label_width;
  const std::size_t room = style.options().width > width ? style.options().width - width : 0;
  const auto left = std::string(indent, ' ') + style.paint({fmt::format("{:<9}  ", label), Tone::dim});
  return hang(left, width, style.flow(items, separator, room));
}

std::string_view heading(What what) {
  switch (what) {
    case What::version:
      return "versions";
    case What::suite:
      return "suites";
    case What::group:
      return "groups";
    case What::scheme:
      return "signature schemes";
    case What::order:
      return "order";
    case What::dh_size:
      return "size of DHE";
    case What::key:
    case What::key_size:
    case What::lifetime:
      break;
  }
  return "certificate";
}

Registry registry(What what) {
  switch (what) {
    case What::version:
      return Registry::version;
    case What::group:
      return Registry::group;
    case What::scheme:
      return Registry::signature_scheme;
    default:
      return Registry::suite;
  }
}

/// Items of one line: all versions, or what of one kind is said of one version.
auto line_of(const Item& item) {
  const std::uint16_t version = item.what == What::version ? std::uint16_t{0} : item.version;
  return std::tuple(item.member, version, heading(item.what));
}

std::string head_of(const Item& item) {
  std::string head = item.member ? fmt::format("server {}: ", item.member) : "";
  if (item.what != What::version && item.version) head += wire::name(Registry::version, item.version) + " ";
  return head + std::string(heading(item.what)) + ":";
}

std::string words_of(const Item& item) {
  if (item.code == 0) return item.detail;
  const auto named = wire::name(registry(item.what), item.code);
  return item.detail.empty() ? named : fmt::format("{} ({})", named, item.detail);
}

std::string listed(std::string_view label, const std::vector<Item>& items, Tone tone, const Style& style) {
  std::string out;
  for (std::size_t at = 0; at < items.size();) {
    const Item& first = items[at];
    Spans line = style.words(head_of(first));
    for (; at < items.size() && line_of(items[at]) == line_of(first); ++at) {
      const bool last = at + 1 == items.size() || line_of(items[at + 1]) != line_of(first);
      line.push_back({style.text(words_of(items[at]) + (last ? "" : ",")), tone});
    }
    out += labelled(label, std::move(line), " ", style);
    label = "";
  }
  return out;
}

std::string headline(const Grade& grade, const Style& style) {
  const auto name = style.raw(grade.policy.id, 80);
  Spans items;
  switch (grade.verdict) {
    case Grade::Verdict::meets:
      items = {{style.text("✓ meets"), Tone::good}, {name, Tone::strong}};
      break;
    case Grade::Verdict::differs:
      items = {{style.text("✗ differs from"), Tone::bad}, {name, Tone::strong}};
      break;
    case Grade::Verdict::unknown:
      items = {{style.text("– cannot be said:"), Tone::warn}, {name, Tone::strong}};
      break;
  }
  const auto status = std::string(policy::name(grade.policy.status));
  const auto vendor = grade.policy.vendor.empty() ? "" : style.raw(grade.policy.vendor, 80) + ", ";
  items.push_back({fmt::format("({}{})", vendor, status), Tone::dim});
  return hang("", 2, style.flow(items, " ", style.options().width));
}

std::string unserved(const Grade& grade, const Style& style) {
  if (grade.unserved.empty()) return {};
  const std::size_t count = grade.unserved.size();
  Spans items = style.words(fmt::format("{} {} of the policy: no certificate of that kind was presented", count,
                                        count == 1 ? "suite" : "suites"));
  if (style.options().verbose)
    for (const auto code : grade.unserved) items.push_back({wire::name(Registry::suite, code)});
  return labelled("unserved", std::move(items), " ", style);
}

std::string sources(const Grade& grade, const Style& style) {
  std::string out;
  if (!grade.policy.note.empty()) out += labelled("policy", style.words(style.raw(grade.policy.note)), " ", style);
  for (const auto& source : grade.policy.sources)
    out += labelled("source", style.words(fmt::format("{}, {}: {}", source.title, source.version, source.url)), " ",
                    style);
  return out;
}

}  // namespace

std::string console(const Grade& grade, const ConsoleOptions& options) {
  const Style style(options);
  auto out = headline(grade, style);
  if (options.quiet) return out;
  out += listed("too much", grade.too_much, Tone::bad, style);
  out += listed("missing", grade.missing, grade.policy.allows_less ? Tone::plain : Tone::bad, style);
  out += listed("otherwise", grade.otherwise, Tone::bad, style);
  out += listed("not known", grade.not_known, Tone::warn, style);
  out += unserved(grade, style);
  for (const auto& remark : grade.remarks) out += labelled("note", style.words(remark), " ", style);
  if (options.verbose) out += sources(grade, style);
  return out;
}

}  // namespace bothends::report
