#include "run/scenario_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "certs/names.hpp"

namespace bothends::run {
namespace {

using Type = Value::Type;

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", printable(text, 80)); }

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != marks.npos;
  });
}

/// What would end a header line or cut it off (RFC 9110 section 5.5).
bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

std::string code_hint(wire::Registry registry, std::string_view word) {
  auto hint = suggestion(word, wire::names(registry));
  return hint.empty() ? "; a number is written like 0x1301" : hint;
}

}  // namespace

std::string choice_hint(std::string_view word, const Words& known) {
  if (auto hint = suggestion(word, known); !hint.empty()) return hint;
  Words shown;
  for (const auto& one : known) shown.push_back(in_quotes(one));
  if (shown.size() > 24) shown.resize(24), shown.emplace_back("…");
  return known.empty() ? "; there is none" : fmt::format("; it is one of {}", join(shown, ", "));
}

std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  static constexpr std::pair<std::string_view, std::int64_t> units[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr std::int64_t longest = 86'400'000LL * 365 * 1000;
  std::int64_t count = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc()) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : units) {
    if (unit != name) continue;
    if (count > longest / factor || count < -(longest / factor)) return std::nullopt;
    return std::chrono::milliseconds(count * factor);
  }
  return std::nullopt;
}

Fields::Fields(const Value& table, KeyPath path) : table_(table), path_(std::move(path)) {
  if (table_.is(Type::table)) return;
  fail_at(table_.place, fmt::format("{} is {}; it must be a table", written(path_), kind_of_value(table_)));
}

KeyPath Fields::path_to(std::string_view key) const {
  KeyPath path = path_;
  path.emplace_back(key);
  return path;
}

std::string Fields::path_of(std::string_view key) const { return written(path_to(key)); }

void Fields::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
}

void Fields::fail_at(const Place& place, std::string what) { fail_with({ErrorCode::value, std::move(what), place}); }

void Fields::wrong_type(const Value& value, std::string_view key, std::string_view wanted) {
  auto is = value.is(Type::table) || value.is(Type::list) ? std::string(kind_of_value(value)) : [&] {
    return fmt::format("{} ({})", kind_of_value(value), value.is(Type::text) ? in_quotes(value.text) : value.text);
  }();
  fail_at(value.place, fmt::format("{} is {}; it must be {}", path_of(key), is, wanted));
}

const Value* Fields::take(std::string_view key) {
  known_.emplace_back(key);
  return error_ ? nullptr : table_.find(key);
}

const Value* Fields::take(std::string_view key, Type type, std::string_view wanted) {
  const Value* found = take(key);
  if (!found || found->is(type)) return found;
  wrong_type(*found, key, wanted);
  return nullptr;
}

const Value* Fields::value(std::string_view key, Type type) {
  Value example;
  example.type = type;
  return take(key, type, kind_of_value(example));
}

void Fields::text(std::string_view key, std::string& into) {
  if (const Value* found = take(key, Type::text, "a text")) into = found->text;
}

void Fields::flag(std::string_view key, bool& into) {
  if (const Value* found = take(key, Type::boolean, "true or false")) into = found->boolean;
}

void Fields::number(std::string_view key, unsigned& into, unsigned least, unsigned most) {
  auto wanted = fmt::format("a whole number from {} to {}", least, most);
  const Value* found = take(key, Type::integer, wanted);
  if (!found) return;
  if (found->integer < least || found->integer > most) {
    return fail_at(found->place, fmt::format("{} is {}; it must be {}", path_of(key), found->integer, wanted));
  }
  into = static_cast<unsigned>(found->integer);
}

void Fields::span(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds least,
                  std::chrono::milliseconds most) {
  constexpr std::string_view wanted = "a length of time like \"500ms\", \"2s\" or \"30d\"";
  const Value* found = take(key, Type::text, wanted);
  if (!found) return;
  auto span = duration_of(found->text);
  if (!span) return wrong_type(*found, key, wanted);
  if (*span < least || *span > most) {
    auto what = fmt::format("{} is {}; that is too {}", path_of(key), found->text, *span < least ? "short" : "long");
    return fail_at(found->place, std::move(what));
  }
  into = *span;
}

void Fields::checked(std::string_view key, const std::function<Result<void>(const Value&)>& check) {
  constexpr std::string_view wanted = "a text or a list of texts";
  const Value* found = take(key);
  if (!found) return;
  bool list = found->is(Type::list);
  for (const auto& item : list ? std::span(found->items) : std::span(found, 1)) {
    if (!item.is(Type::text))
      return list ? wrong_type(item, key, "a list of texts only") : wrong_type(item, key, wanted);
    if (auto good = check(item); !good) {
      Error error = good.error();
      error.place = item.place;
      error.what = fmt::format("{}: {}", path_of(key), error.what);
      return fail_with(std::move(error));
    }
  }
}

void Fields::texts(std::string_view key, std::vector<std::string>& into) {
  std::vector<std::string> read;
  checked(key, [&](const Value& item) {
    read.push_back(item.text);
    return Result<void>();
  });
  if (!error_ && has(key)) into = std::move(read);
}

void Fields::choice(std::string_view key, std::size_t& into, const Words& known) {
  const Value* found = take(key, Type::text, "a text");
  if (!found) return;
  auto at = std::find(known.begin(), known.end(), found->text);
  if (at != known.end()) {
    into = static_cast<std::size_t>(at - known.begin());
    return;
  }
  fail_at(found->place,
          fmt::format("{} cannot be {}{}", path_of(key), in_quotes(found->text), choice_hint(found->text, known)));
}

void Fields::names(std::string_view key, std::vector<std::string>& into, const Words& known, std::string_view what) {
  std::vector<std::string> read;
  checked(key, [&](const Value& item) -> Result<void> {
    read.push_back(item.text);
    if (std::find(known.begin(), known.end(), item.text) != known.end()) return {};
    return fail(ErrorCode::value,
                fmt::format("there is no {} {}{}", what, in_quotes(item.text), choice_hint(item.text, known)));
  });
  if (!error_ && has(key)) into = std::move(read);
}

void Fields::name(std::string_view key, std::string& into, const Words& known, std::string_view what) {
  const Value* found = table_.find(key);
  if (found && found->is(Type::list)) wrong_type(*found, key, "a text");
  std::vector<std::string> one;
  names(key, one, known, what);
  if (one.size() == 1) into = one.front();
}

void Fields::codes(std::string_view key, wire::Registry registry, wire::Codes& into) {
  wire::Codes read;
  checked(key, [&](const Value& item) -> Result<void> {
    auto code = wire::code_of(registry, item.text);
    if (code) read.push_back(*code);
    if (code) return {};
    auto what =
        fmt::format("there is no {} {}{}", wire::noun(registry), in_quotes(item.text), code_hint(registry, item.text));
    return fail(ErrorCode::value, std::move(what));
  });
  if (!error_ && has(key)) into = std::move(read);
}

void Fields::headers(std::string_view key, http::Fields& into) {
  const Value* found = take(key, Type::table, "a table of header names and their values");
  if (!found) return;
  into.clear();
  for (const auto& header : found->members) {
    if (!is_token(header.key)) return fail_at(header.place, fmt::format("{} is no header name", in_quotes(header.key)));
    if (lower(header.key) == "host")
      return fail_at(header.place, "the Host header is set by the key \"host\" of a try");
    Fields inner(*found, path_to(key));
    std::vector<std::string> values;
    inner.texts(header.key, values);
    if (inner.error_) return fail_with(*inner.error_);
    for (auto& value : values) {
      if (breaks_line(value)) return fail_at(header.value.place, "a header's value cannot hold the end of a line");
      into.push_back({header.key, std::move(value)});
    }
  }
}

void Fields::name_source(std::string_view key, proxy::NameSource& into, const Words& words) {
  using From = proxy::NameSource::From;
  Words quoted;
  for (const auto& word : words) quoted.push_back(in_quotes(word));
  const Value* found = take(key, Type::text, join(quoted, ", ") + " or a name");
  if (!found) return;
  const std::string& text = found->text;
  if (std::find(words.begin(), words.end(), text) != words.end()) {
    into = {text == "host" ? From::host : text == "upstream" ? From::upstream : From::none, {}};
    return;
  }
  // A single label that is nearly one of the words is far more often a slip than a name.
  bool slip = text.find('.') == text.npos && did_you_mean(text, words);
  auto good = certs::check_names(std::span(&text, 1));
  if (slip || !good || text.find('*') != text.npos) {
    auto reason = good ? choice_hint(text, words) : ": " + good.error().what;
    return fail_at(found->place, fmt::format("{} cannot be {}{}", path_of(key), in_quotes(text), reason));
  }
  into = {From::fixed, text};
}

Result<void> Fields::finish() {
  if (error_) return tl::unexpected(*error_);
  for (const auto& member : table_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    auto what = fmt::format("there is no key {}{}", path_of(member.key), choice_hint(member.key, known_));
    return fail(ErrorCode::value, std::move(what), member.place);
  }
  return {};
}

}  // namespace bothends::run
