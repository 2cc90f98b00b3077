// Reads a driver file. Its keys are few and fixed: whatever else stands there is an error with its place.
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <span>
#include <sstream>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "proxy/driver.hpp"

namespace bothends::proxy {

std::span<const EmbeddedFile> embedded_drivers();

namespace {

constexpr std::size_t largest_file = 256 << 10;
constexpr std::size_t deepest = 16;  // dots or brackets in a row: toml++ 3.3 recurses on them

const std::vector<std::string> keys{"name",    "about", "package", "binaries", "start",        "environment", "files",
                                    "folders", "words", "log",     "stack",    "ready_within", "stop_within", "cannot"};

Place place_of(const toml::node& node, const std::string& file) {
  const auto& begin = node.source().begin;
  return {file, begin.line, begin.column};
}

/// One driver file being read; remembers the first error and goes on, so that each reader stays a line.
class DriverReader {
 public:
  DriverReader(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {}

  Result<Driver> read();

 private:
  void check_keys();
  std::string text(std::string_view key, bool needed);
  std::vector<std::string> texts(std::string_view key, bool needed);
  std::map<std::string, std::string> pairs(std::string_view key);
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise);
  std::vector<Cannot> cannot();
  void check_below(const std::string& name, const toml::node& at);
  void complain(const toml::node& at, const std::string& what) {
    if (!error_) error_ = Error{ErrorCode::value, what, place_of(at, file_)};
  }
  const toml::node* node(std::string_view key, bool needed);

  const toml::table& table_;
  std::string file_;
  std::optional<Error> error_;
};

const toml::node* DriverReader::node(std::string_view key, bool needed) {
  const toml::node* found = table_.get(key);
  if (!found && needed) complain(table_, "a driver needs the key \"" + std::string(key) + "\"");
  return found;
}

void DriverReader::check_keys() {
  for (const auto& [key, value] : table_) {
    if (std::ranges::find(keys, key.str()) != keys.end()) continue;
    const auto near = did_you_mean(key.str(), keys);
    error_ = Error{
        ErrorCode::value,
        "a driver has no key \"" + printable(key.str()) + "\"" + (near ? ": did you mean \"" + *near + "\"?" : ""),
        {file_, key.source().begin.line, key.source().begin.column}};
    return;
  }
}

std::string DriverReader::text(std::string_view key, bool needed) {
  const toml::node* found = node(key, needed);
  if (!found) return "";
  if (const auto value = found->value<std::string>()) return *value;
  complain(*found, "\"" + std::string(key) + "\" must be a string");
  return "";
}

std::vector<std::string> DriverReader::texts(std::string_view key, bool needed) {
  std::vector<std::string> values;
  const toml::node* found = node(key, needed);
  if (!found) return values;
  const toml::array* array = found->as_array();
  if (!array) complain(*found, "\"" + std::string(key) + "\" must be a list of strings");
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (const auto value = (*array)[i].value<std::string>())
      values.push_back(*value);
    else
      complain((*array)[i], "\"" + std::string(key) + "\" must hold strings only");
  }
  if (needed && values.empty()) complain(*found, "\"" + std::string(key) + "\" must not be empty");
  return values;
}

std::map<std::string, std::string> DriverReader::pairs(std::string_view key) {
  std::map<std::string, std::string> values;
  const toml::node* found = node(key, false);
  if (!found) return values;
  const toml::table* table = found->as_table();
  if (!table) complain(*found, "\"" + std::string(key) + "\" must be a table of strings");
  if (!table) return values;
  for (const auto& [name, value] : *table) {
    if (const auto text = value.value<std::string>())
      values.emplace(name.str(), *text);
    else
      complain(value, "\"" + printable(name.str()) + "\" must be a string");
  }
  return values;
}

std::chrono::milliseconds DriverReader::duration(std::string_view key, std::chrono::milliseconds otherwise) {
  const toml::node* found = node(key, false);
  if (!found) return otherwise;
  const auto value = found->value<double>();
  if (value && *value > 0 && *value <= 600) return std::chrono::milliseconds(static_cast<long>(*value * 1000));
  complain(*found, "\"" + std::string(key) + "\" must be a number of seconds above 0 and at most 600");
  return otherwise;
}

std::vector<Cannot> DriverReader::cannot() {
  std::vector<Cannot> list;
  const toml::node* found = node("cannot", false);
  if (!found) return list;
  const toml::table* table = found->as_table();
  if (!table) complain(*found, "\"cannot\" must be a table: \"feature\" = \"why\"");
  if (!table) return list;
  for (const auto& [feature, why] : *table) {
    const std::string word{feature.str()};
    if (std::ranges::find(all_features(), word) == all_features().end()) {
      const auto near = did_you_mean(word, all_features());
      complain(why,
               "there is no feature \"" + printable(word) + "\"" + (near ? ": did you mean \"" + *near + "\"?" : ""));
    }
    list.push_back({word, why.value_or<std::string>("cannot do that")});
  }
  return list;
}

void DriverReader::check_below(const std::string& name, const toml::node& at) {
  if (name.empty() || name.starts_with('/') || name.find("..") != std::string::npos)
    complain(at, "\"" + printable(name) + "\" must lie below the scratch folder");
}

Result<Driver> DriverReader::read() {
  check_keys();
  Driver driver{.name = text("name", true),
                .about = text("about", false),
                .package = text("package", false),
                .binaries = texts("binaries", true),
                .start = texts("start", true),
                .environment = pairs("environment"),
                .files = pairs("files"),
                .folders = texts("folders", false),
                .words = pairs("words"),
                .log = text("log", false),
                .cannot = cannot(),
                .place = {file_, 1, 1}};
  if (table_.contains("stack")) driver.stack = text("stack", false);
  driver.ready_within = duration("ready_within", driver.ready_within);
  driver.stop_within = duration("stop_within", driver.stop_within);
  for (const std::string& name : driver.folders) check_below(name, *table_.get("folders"));
  for (const auto& [name, content] : driver.files) check_below(name, *table_.get("files"));
  if (error_) return tl::unexpected(*error_);
  return driver;
}

// Before the parser sees it: long runs of dots or brackets are no driver.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '.' || c == '[' || c == '{') ++depth;
    if (c == '\n') depth = 0;
    if (depth > deepest * 16) return true;
  }
  return false;
}

}  // namespace

Result<Driver> parse_driver(std::string_view text, const std::string& name) {
  if (text.size() > largest_file) return fail(ErrorCode::file, "a driver file may hold 256 KiB at most", {name});
  if (!is_utf8(text)) return fail(ErrorCode::syntax, "a driver file must be UTF-8", {name});
  if (too_deep(text)) return fail(ErrorCode::syntax, "a line of a driver file is nested too deep", {name});
  try {
    const toml::table table = toml::parse(text, name);
    return DriverReader(table, name).read();
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    return fail(ErrorCode::syntax, printable(error.description()), {name, begin.line, begin.column});
  }
}

Result<Driver> read_driver(const std::filesystem::path& file) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(file, problem);
  if (problem) return fail(ErrorCode::file, "cannot read the driver file: " + problem.message(), {file.string()});
  if (size > largest_file) return fail(ErrorCode::file, "a driver file may hold 256 KiB at most", {file.string()});
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(ErrorCode::file, "cannot read the driver file", {file.string()});
  return parse_driver(text.str(), file.string());
}

std::vector<std::string> shipped_drivers() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_drivers()) names.emplace_back(file.name.substr(0, file.name.rfind('.')));
  return names;
}

Result<Driver> driver_named(std::string_view name) {
  for (const EmbeddedFile& file : embedded_drivers())
    if (file.name.substr(0, file.name.rfind('.')) == name) return parse_driver(file.content, std::string(file.name));
  std::vector<std::string> names = shipped_drivers();
  names.emplace_back("builtin");
  const auto near = did_you_mean(name, names);
  return fail(ErrorCode::value, "there is no proxy \"" + printable(name) + "\"" +
                                    (near ? ": did you mean \"" + *near + "\"?" : "; there are " + join(names, ", ")));
}

}  // namespace bothends::proxy
