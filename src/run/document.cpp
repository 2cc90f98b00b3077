// The only file of this folder that sees toml++.
#include "run/document.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.hpp"
#include "base/toml_depth.hpp"
#include "base/utf8.hpp"

namespace bothends::run {
namespace {

constexpr std::size_t largest_file = 1024 * 1024;
constexpr unsigned deepest = 64;
constexpr std::size_t most_keys = 1000;
constexpr std::size_t most_items = 10000;

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Result<Value> convert(const toml::node& node, const Place& fallback) {
    Value value;
    value.place = place_of(node.source().begin, fallback);
    if (depth_ > deepest) return too_much(value.place, "values are nested too deep");
    ++depth_;
    Result<void> good;
    if (const auto* table = node.as_table()) good = fill_table(*table, value);
    if (const auto* list = node.as_array()) good = fill_list(*list, value);
    --depth_;
    if (!good) return tl::unexpected(good.error());
    fill_scalar(node, value);
    return value;
  }

 private:
  Place place_of(const toml::source_position& position, const Place& fallback) const {
    return position.line > 0 ? Place{file_, position.line, position.column} : fallback;
  }

  static tl::unexpected<Error> too_much(const Place& place, std::string what) {
    return fail(ErrorCode::syntax, std::move(what), place);
  }

  Result<void> fill_table(const toml::table& table, Value& value) {
    if (table.size() > most_keys) return too_much(value.place, fmt::format("a table has more than {} keys", most_keys));
    for (const auto& [key, node] : table) {
      Place at = place_of(key.source().begin, value.place);
      auto converted = convert(node, at);
      if (!converted) return tl::unexpected(converted.error());
      value.members.push_back({std::string(key.str()), at, std::move(*converted)});
    }
    auto position = [](const Member& member) { return std::pair(member.place.line, member.place.column); };
    std::stable_sort(value.members.begin(), value.members.end(),
                     [&](const Member& a, const Member& b) { return position(a) < position(b); });
    return {};
  }

  Result<void> fill_list(const toml::array& list, Value& value) {
    value.type = Value::Type::list;
    if (list.size() > most_items)
      return too_much(value.place, fmt::format("a list has more than {} values", most_items));
    for (const auto& node : list) {
      auto converted = convert(node, value.place);
      if (!converted) return tl::unexpected(converted.error());
      value.items.push_back(std::move(*converted));
    }
    return {};
  }

  template <class T>
  static std::string printed(const T& what) {
    std::ostringstream out;
    out << what;
    return out.str();
  }

  static void fill_scalar(const toml::node& node, Value& value) {
    using Type = Value::Type;
    if (const auto* text = node.as_string()) {
      value.type = Type::text;
      value.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      value.type = Type::integer;
      value.integer = integer->get();
      value.text = std::to_string(value.integer);
    } else if (const auto* boolean = node.as_boolean()) {
      value.type = Type::boolean;
      value.boolean = boolean->get();
      value.text = value.boolean ? "true" : "false";
    } else if (const auto* number = node.as_floating_point()) {
      value.type = Type::number;
      value.text = fmt::format("{}", number->get());
    } else if (!node.is_table() && !node.is_array()) {
      value.type = Type::time;
      value.text = node.is_date()   ? printed(node.as_date()->get())
                   : node.is_time() ? printed(node.as_time()->get())
                                    : printed(node.as_date_time()->get());
    }
  }

  const std::string& file_;
  unsigned depth_ = 0;
};

/// What no parser should be asked about, said better than it would.
Result<void> check_octets(std::string_view text, const std::string& name) {
  Place start{name, 1, 1};
  if (text.empty()) return fail(ErrorCode::syntax, "the file is empty", start);
  if (text.size() > largest_file) return fail(ErrorCode::syntax, "the file is larger than 1 MiB", Place{name});
  if (text.starts_with("\xef\xbb\xbf")) {
    return fail(ErrorCode::syntax, "the file begins with a byte order mark: save it as UTF-8 without one", start);
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return fail(ErrorCode::syntax, "the file is UTF-16: save it as UTF-8", start);
  }
  Place place = start;
  for (auto rest = text; !rest.empty();) {
    auto next = utf8_step(rest);
    if (!next.valid) return fail(ErrorCode::syntax, "this is not UTF-8: save the file as UTF-8", place);
    bool line_ends = rest.front() == '\n';
    place.line += line_ends ? 1 : 0;
    place.column = line_ends ? 1 : place.column + 1;
    rest.remove_prefix(next.octets);
  }
  return {};
}

}  // namespace

Result<Value> parse_document(std::string_view text, const std::string& name) {
  if (auto good = check_octets(text, name); !good) return tl::unexpected(good.error());
  if (auto good = check_toml_depth(text, name); !good) return tl::unexpected(good.error());
  try {
    return Converter(name).convert(toml::parse(text, name), Place{name, 1, 1});
  } catch (const toml::parse_error& error) {
    auto at = error.source().begin;
    return fail(ErrorCode::syntax, printable(error.description()), Place{name, at.line, at.column});
  } catch (const std::exception& error) {
    return fail(ErrorCode::syntax, printable(error.what()), Place{name});
  }
}

Result<std::string> read_document(const std::filesystem::path& file) {
  Place place{printable(file.string())};
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) return fail(ErrorCode::file, "this is a folder, not a file", place);
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::file, fmt::format("cannot read the file: {}", std::strerror(errno)), place);
  std::string text(largest_file + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(ErrorCode::file, "cannot read the file to its end", place);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > largest_file) return fail(ErrorCode::file, "the file is larger than 1 MiB", place);
  return text;
}

}  // namespace bothends::run
