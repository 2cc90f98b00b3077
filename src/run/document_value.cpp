#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "run/document.hpp"

namespace bothends::run {
namespace {

bool is_bare(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string written_key(const std::string& key) { return is_bare(key) ? key : fmt::format("\"{}\"", printable(key)); }

/// A length in front makes different trees different texts whatever their strings hold.
void append_counted(std::string& to, std::string_view text) { to += fmt::format("{}:{}", text.size(), text); }

void append_canonical(std::string& to, const Value& value) {
  to += static_cast<char>('a' + static_cast<int>(value.type));
  append_counted(to, value.text);
  to += '[';
  for (const auto& item : value.items) append_canonical(to, item);
  for (const auto& member : value.members) {
    append_counted(to, member.key);
    append_canonical(to, member.value);
  }
  to += ']';
}

void append_shown(std::string& to, const Value& value, std::size_t limit) {
  const char* comma = "";
  if (to.size() > limit) return;
  if (value.is(Value::Type::list)) {
    to += '[';
    for (const auto& item : value.items) {
      if (to.size() > limit) break;
      to += std::exchange(comma, ", ");
      append_shown(to, item, limit);
    }
    to += ']';
  } else if (value.is(Value::Type::table)) {
    to += '{';
    for (const auto& member : value.members) {
      if (to.size() > limit) break;
      to += fmt::format("{}{} = ", std::exchange(comma, ", "), written_key(member.key));
      append_shown(to, member.value, limit);
    }
    to += '}';
  } else {
    to += printable(value.text, limit);
  }
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  auto found = std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

Value text_value(std::string text, Place place) {
  Value value;
  value.type = Value::Type::text;
  value.text = std::move(text);
  value.place = std::move(place);
  return value;
}

std::string_view kind_of_value(const Value& value) {
  switch (value.type) {
    case Value::Type::text:
      return "a text";
    case Value::Type::integer:
      return "a number";
    case Value::Type::number:
      return "a number with a fraction";
    case Value::Type::boolean:
      return "true or false";
    case Value::Type::time:
      return "a date or time";
    case Value::Type::list:
      return "a list";
    case Value::Type::table:
      return "a table";
  }
  return "a value";
}

std::string shown(const Value& value) {
  std::string text;
  append_shown(text, value, 80);
  return text;
}

std::string canonical(const Value& value) {
  std::string text;
  append_canonical(text, value);
  return text;
}

void merge(Value& onto, const Value& overlay) {
  if (!onto.is(Value::Type::table) || !overlay.is(Value::Type::table)) {
    onto = overlay;
    return;
  }
  for (const auto& member : overlay.members) {
    auto same = std::find_if(onto.members.begin(), onto.members.end(),
                             [&](const Member& known) { return known.key == member.key; });
    if (same == onto.members.end()) {
      onto.members.push_back(member);
      continue;
    }
    if (!member.value.is(Value::Type::table)) same->place = member.place;
    merge(same->value, member.value);
  }
}

void merge_at(Value& onto, std::span<const std::string> path, const Value& overlay) {
  if (path.empty()) return merge(onto, overlay);
  Value wrapped = overlay;
  for (auto key = path.rbegin(); key != path.rend(); ++key) {
    Value table;
    table.place = overlay.place;
    table.members.push_back({*key, overlay.place, std::move(wrapped)});
    wrapped = std::move(table);
  }
  merge(onto, wrapped);
}

const Value* reached(const Value& from, std::span<const std::string> path) {
  const Value* at = &from;
  for (const auto& key : path) {
    if (!at || !at->is(Value::Type::table)) return at;
    at = at->find(key);
  }
  return at;
}

std::string written(std::span<const std::string> path) {
  std::vector<std::string> keys;
  for (const auto& key : path) keys.push_back(written_key(key));
  return join(keys, ".");
}

Result<KeyPath> parse_key_path(std::string_view text, const Place& place) {
  KeyPath path;
  auto wrong = [&] {
    auto what = fmt::format("\"{}\" is no dotted key: write it like client.stack or proxy.routes.\"shop.test\".sni",
                            printable(text, 80));
    return fail(ErrorCode::syntax, std::move(what), place);
  };
  for (auto rest = text;;) {
    bool quoted = rest.starts_with('"');
    auto end = quoted ? rest.find('"', 1) : rest.find('.');
    if (quoted && end == std::string_view::npos) return wrong();
    auto key = rest.substr(quoted ? 1 : 0, quoted ? end - 1 : end);
    if (!quoted && !is_bare(key)) return wrong();
    path.emplace_back(key);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + (quoted ? 1 : 0));
    if (rest.empty()) return path;
    if (!rest.starts_with('.') || path.size() >= 32) return wrong();
    rest.remove_prefix(1);
  }
}

}  // namespace bothends::run
