#include "run/scenario_overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "run/fault.hpp"
#include "run/scenario_fields.hpp"

namespace bothends::run {
namespace {

using Type = Value::Type;

const KeyPath groups[] = {{"certs"}, {"origin"}, {"proxy", "routes"}};

bool begins_with(const KeyPath& path, const KeyPath& start) {
  return path.size() > start.size() && std::equal(start.begin(), start.end(), path.begin());
}

/// The tables of a group by their names; nothing when there is none.
Words names_in(const Value& root, const KeyPath& group) {
  Words names;
  const Value* table = reached(root, group);
  if (!table || !table->is(Type::table)) return names;
  for (const auto& member : table->members) {
    if (member.value.is(Type::table)) names.push_back(member.key);
  }
  return names;
}

/// origin.stack is origin.shop.stack and origin.login.stack, unless an origin is called "stack".
std::vector<KeyPath> targets(const KeyPath& path, const Value& root) {
  for (const auto& group : groups) {
    if (path.size() != group.size() + 1 || !begins_with(path, group)) continue;
    Words names = names_in(root, group);
    if (std::find(names.begin(), names.end(), path.back()) != names.end()) break;
    std::vector<KeyPath> all;
    for (auto& name : names) {
      all.push_back(group);
      all.back().push_back(std::move(name));
      all.back().push_back(path.back());
    }
    if (!all.empty()) return all;
  }
  return {path};
}

/// Replaces what an overlay says of a whole group by the same for each of its tables; what it says of one stays on top.
void spread(Value& overlay, const Value& root) {
  Value together = root;
  merge(together, overlay);
  Value all;
  for (const auto& group : groups) {
    auto* table = const_cast<Value*>(reached(overlay, group));
    if (!table || !table->is(Type::table) || names_in(together, group).empty()) continue;
    for (const auto& member : table->members) {
      if (member.value.is(Type::table)) continue;
      KeyPath path = group;
      path.push_back(member.key);
      for (const auto& target : targets(path, together)) merge_at(all, target, member.value);
    }
    std::erase_if(table->members, [](const Member& member) { return !member.value.is(Type::table); });
  }
  merge(all, overlay);
  overlay = std::move(all);
}

/// A value of --matrix as TOML would have it: texts need no quotes there.
Value value_from_command(const std::string& text, const Place& place) {
  Value value = text_value(text, place);
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value.integer);
  if (text == "true" || text == "false") {
    value.type = Type::boolean;
    value.boolean = text == "true";
  } else if (problem == std::errc() && end == text.data() + text.size()) {
    value.type = Type::integer;
  }
  return value;
}

Result<void> check_path(const KeyPath& path, const Place& place) {
  const Words allowed = {"certs", "origin", "proxy", "client", "fault"};
  if (std::find(allowed.begin(), allowed.end(), path.front()) != allowed.end()) return {};
  auto what = fmt::format("the matrix cannot change {}{}", written(path), choice_hint(path.front(), allowed));
  return fail(ErrorCode::value, std::move(what), place);
}

Result<void> collect(const Value& value, KeyPath& path, std::vector<Dimension>& into) {
  if (value.is(Type::list)) {
    if (value.items.empty())
      return fail(ErrorCode::value, "a list of the matrix needs at least one value", value.place);
    into.push_back({path, value.items});
    return check_path(path, value.place);
  }
  if (!value.is(Type::table)) {
    auto what =
        fmt::format("matrix.{} is {}; it must be a list of the values to try", written(path), kind_of_value(value));
    return fail(ErrorCode::value, std::move(what), value.place);
  }
  for (const auto& member : value.members) {
    path.push_back(member.key);
    if (auto good = collect(member.value, path, into); !good) return good;
    path.pop_back();
  }
  return {};
}

Result<void> collect_from_command(const std::string& key, const std::vector<std::string>& words,
                                  std::vector<Dimension>& into) {
  Place place{"--matrix " + printable(key, 80)};
  auto path = parse_key_path(key, place);
  if (!path) return tl::unexpected(path.error());
  if (auto good = check_path(*path, place); !good) return good;
  if (words.empty()) return fail(ErrorCode::usage, "it needs at least one value: KEY=A,B", place);
  Dimension dimension{std::move(*path), {}};
  for (const auto& word : words) dimension.values.push_back(value_from_command(word, place));
  auto same = std::find_if(into.begin(), into.end(), [&](const auto& one) { return one.path == dimension.path; });
  if (same == into.end())
    into.push_back(std::move(dimension));
  else
    *same = std::move(dimension);
  return {};
}

/// Every place that it would change is settled by the try already.
bool is_settled(const Dimension& dimension, const Value& overlay, const Value& together) {
  auto all = targets(dimension.path, together);
  return std::all_of(all.begin(), all.end(), [&](const KeyPath& target) {
    const Value* said = reached(overlay, target);
    return said && !said->is(Type::table);
  });
}

}  // namespace

void add_defaults(Value& root) {
  const KeyPath address{"proxy", "address"}, routes{"proxy", "routes"}, origin{"origin"};
  if (reached(root, address)) return;
  if (!reached(root, origin)) merge_at(root, KeyPath{"origin", "origin"}, Value());
  Words origins = names_in(root, origin);
  if (!reached(root, routes) && origins.size() == 1) {
    merge_at(root, KeyPath{"proxy", "routes", "default", "to"}, text_value(origins.front(), Place()));
  }
}

namespace {

/// "all" stands for every fault of the leg.
void spell_out_faults(std::vector<Dimension>& dimensions) {
  for (Dimension& dimension : dimensions) {
    const auto leg = dimension.path == KeyPath{"fault", "client"} ? path::Leg::client : path::Leg::origin;
    const bool faults = dimension.path == KeyPath{"fault", std::string(path::name(leg))};
    if (!faults || dimension.values.size() != 1 || dimension.values.front().text != "all") continue;
    const Place place = dimension.values.front().place;
    dimension.values.clear();
    for (const std::string& name : fault_names(leg)) dimension.values.push_back(text_value(name, place));
  }
}

}  // namespace

Result<std::vector<Dimension>> read_matrix(const Value* table,
                                           const std::map<std::string, std::vector<std::string>>& more) {
  std::vector<Dimension> dimensions;
  KeyPath path;
  if (table && !table->is(Type::table)) {
    return fail(ErrorCode::value, "matrix must be a table of keys with lists of values", table->place);
  }
  if (table) {
    if (auto good = collect(*table, path, dimensions); !good) return tl::unexpected(good.error());
  }
  for (const auto& [key, words] : more) {
    if (auto good = collect_from_command(key, words, dimensions); !good) return tl::unexpected(good.error());
  }
  spell_out_faults(dimensions);
  return dimensions;
}

Variants::Variants(const Value& root, const std::vector<Dimension>& dimensions, const Value& overlay)
    : root_(root), overlay_(overlay), together_(root) {
  spread(overlay_, root);
  merge(together_, overlay_);
  for (const auto& dimension : dimensions) {
    if (!is_settled(dimension, overlay_, together_)) open_.push_back(&dimension);
  }
}

std::size_t Variants::count(std::size_t limit) const {
  std::size_t count = 1;
  for (const auto* dimension : open_) {
    if (count <= limit) count *= dimension->values.size();
  }
  return std::min(count, limit + 1);
}

Variant Variants::make(std::size_t number) const {
  Variant made{{}, root_};
  for (auto dimension = open_.rbegin(); dimension != open_.rend(); ++dimension) {
    const auto& [path, values] = **dimension;
    const Value& chosen = values[number % values.size()];
    number /= values.size();
    made.labels.emplace(made.labels.begin(), written(path), shown(chosen));
    for (const auto& target : targets(path, together_)) merge_at(made.root, target, chosen);
  }
  merge(made.root, overlay_);
  return made;
}

}  // namespace bothends::run
