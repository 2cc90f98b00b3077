// Reads a driver file. Its keys are few and fixed: whatever else stands there is an error with its place.
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <span>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "base/toml_depth.hpp"
#include "proxy/driver.hpp"
#include "wire/codes.hpp"

namespace bothends::proxy {

std::span<const EmbeddedFile> embedded_drivers();

namespace {

constexpr std::size_t largest_file = 256 << 10;

const std::vector<std::string> keys{"name",    "about", "package", "binaries", "start",        "environment", "files",
                                    "folders", "words", "log",     "stack",    "ready_within", "stop_within", "cannot"};
const std::vector<std::string> stacks{"openssl", "mbedtls", "other"};

std::string in_quotes(std::string_view text) { return "\"" + printable(text, 80) + "\""; }

bool only_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

bool is_variable(std::string_view name) { return only_of(name, letters) && !(name[0] >= '0' && name[0] <= '9'); }

bool is_below(const std::string& name) {
  const std::filesystem::path path(name);
  return !name.empty() && path.is_relative() && path.has_filename() && path.lexically_normal() != "." &&
         std::ranges::find(path, std::filesystem::path("..")) == path.end();
}

/// What a proxy may have another word for: versions, suites, groups and signature schemes, as the registry spells them.
bool is_word(const std::string& name) {
  using enum wire::Registry;
  return std::ranges::any_of(std::initializer_list<wire::Registry>{version, suite, group, signature_scheme},
                             [&](wire::Registry registry) {
                               const auto code = wire::code_of(registry, name);
                               return code && wire::name(registry, *code) == name;
                             });
}

/// One driver file being read; remembers the first error and goes on, so that each reader stays a line.
class DriverReader {
 public:
  DriverReader(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {}

  Result<Driver> read();

 private:
  using Pairs = std::map<std::string, std::string>;

  void check_keys();
  std::string text_of(const toml::node& node, const std::string& what);
  std::string text(std::string_view key, bool needed);
  std::vector<std::string> texts(std::string_view key, bool needed);
  Pairs pairs(std::string_view key, bool (*good)(const std::string&), const std::string& must);
  std::vector<std::string> folders();
  std::string log();
  std::string stack();
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise);
  std::vector<Cannot> cannot();
  void complain(toml::source_position at, const std::string& what) {
    if (!error_) error_ = Error{ErrorCode::value, what, {file_, at.line, at.column}};
  }
  void complain(const toml::node& at, const std::string& what) { complain(at.source().begin, what); }
  const toml::node* node(std::string_view key, bool needed);

  const toml::table& table_;
  std::string file_;
  std::optional<Error> error_;
};

const toml::node* DriverReader::node(std::string_view key, bool needed) {
  const toml::node* found = table_.get(key);
  if (!found && needed) complain({1, 1}, "a driver needs the key " + in_quotes(key));
  return found;
}

void DriverReader::check_keys() {
  for (const auto& [key, value] : table_)
    if (std::ranges::find(keys, key.str()) == keys.end())
      complain(key.source().begin, "a driver has no key " + in_quotes(key.str()) + suggestion(key.str(), keys));
}

std::string DriverReader::text_of(const toml::node& node, const std::string& what) {
  const auto value = node.value<std::string>();
  if (!value) complain(node, what + " must be a string");
  if (value && value->find('\0') != std::string::npos) complain(node, what + " must not hold a NUL");
  return value.value_or("");
}

std::string DriverReader::text(std::string_view key, bool needed) {
  const toml::node* found = node(key, needed);
  return found ? text_of(*found, in_quotes(key)) : "";
}

std::vector<std::string> DriverReader::texts(std::string_view key, bool needed) {
  std::vector<std::string> values;
  const toml::node* found = node(key, needed);
  if (!found) return values;
  const toml::array* array = found->as_array();
  if (!array) complain(*found, in_quotes(key) + " must be a list of strings");
  for (std::size_t i = 0; array && i < array->size(); ++i)
    values.push_back(text_of((*array)[i], "each of " + in_quotes(key)));
  if (needed && values.empty()) complain(*found, in_quotes(key) + " must not be empty");
  return values;
}

DriverReader::Pairs DriverReader::pairs(std::string_view key, bool (*good)(const std::string&),
                                        const std::string& must) {
  Pairs values;
  const toml::node* found = node(key, false);
  if (!found) return values;
  const toml::table* table = found->as_table();
  if (!table) complain(*found, in_quotes(key) + " must be a table of strings");
  if (!table) return values;
  for (const auto& [name, value] : *table) {
    const std::string word(name.str());
    if (!good(word) || word.find('\0') != std::string::npos)
      complain(name.source().begin, in_quotes(word) + " " + must);
    values.emplace(word, text_of(value, in_quotes(word)));
  }
  return values;
}

std::vector<std::string> DriverReader::folders() {
  std::vector<std::string> names = texts("folders", false);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!is_below(names[i]))
      complain(*table_["folders"][i].node(), in_quotes(names[i]) + " must lie below the scratch folder");
  return names;
}

std::string DriverReader::log() {
  std::string name = text("log", false);
  if (table_.contains("log") && !is_below(name))
    complain(*table_.get("log"), in_quotes(name) + " must lie below the scratch folder");
  return name == "output" ? "" : name;
}

std::string DriverReader::stack() {
  if (!table_.contains("stack")) return "openssl";
  std::string name = text("stack", false);
  if (std::ranges::find(stacks, name) == stacks.end())
    complain(*table_.get("stack"), "\"stack\" must be one of " + join(stacks, ", ") + suggestion(name, stacks));
  return name;
}

std::chrono::milliseconds DriverReader::duration(std::string_view key, std::chrono::milliseconds otherwise) {
  const toml::node* found = node(key, false);
  if (!found) return otherwise;
  const auto value = found->value<double>();
  if (value && *value >= 0.001 && *value <= 600) return std::chrono::milliseconds(std::lround(*value * 1000));
  complain(*found, in_quotes(key) + " must be a number of seconds, from 0.001 to 600");
  return otherwise;
}

std::vector<Cannot> DriverReader::cannot() {
  std::vector<Cannot> list;
  const toml::node* found = node("cannot", false);
  if (!found) return list;
  const toml::table* table = found->as_table();
  if (!table) complain(*found, "\"cannot\" must be a table: \"feature\" = \"why\"");
  if (!table) return list;
  for (const auto& [features, why] : *table) {
    for (const std::string& word : split(features.str(), '&'))
      if (std::ranges::find(all_features(), word) == all_features().end())
        complain(features.source().begin, "there is no feature " + in_quotes(word) + suggestion(word, all_features()));
    list.push_back({std::string(features.str()), printable(text_of(why, in_quotes(features.str())))});
  }
  return list;
}

Result<Driver> DriverReader::read() {
  check_keys();
  Driver driver{.name = text("name", true),
                .about = text("about", false),
                .package = text("package", false),
                .binaries = texts("binaries", true),
                .start = texts("start", true),
                .environment = pairs(
                    "environment", [](const std::string& name) { return is_variable(name); },
                    "is no name of an environment variable"),
                .files = pairs("files", is_below, "must lie below the scratch folder"),
                .folders = folders(),
                .words = pairs("words", is_word, "is no version, suite, group or signature scheme"),
                .log = log(),
                .stack = stack(),
                .cannot = cannot(),
                .place = {file_, 1, 1}};
  driver.ready_within = duration("ready_within", driver.ready_within);
  driver.stop_within = duration("stop_within", driver.stop_within);
  for (const auto& [key, of] : {std::pair{"name", &driver.name}, std::pair{"package", &driver.package}})
    if (table_.contains(key) && !only_of(*of, std::string(letters) + ".-+"))
      complain(*table_.get(key), in_quotes(key) + " may hold letters, digits, dots, dashes and plus signs");
  if (error_) return tl::unexpected(*error_);
  return driver;
}

}  // namespace

Result<Driver> parse_driver(std::string_view text, const std::string& name) {
  if (text.size() > largest_file) return fail(ErrorCode::file, "a driver file may hold 256 KiB at most", {name});
  if (!is_utf8(text)) return fail(ErrorCode::syntax, "a driver file must be UTF-8", {name});
  if (auto good = check_toml_depth(text, name); !good) return tl::unexpected(good.error());
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
  const auto kind = std::filesystem::status(file, problem).type();
  if (kind == std::filesystem::file_type::not_found || kind == std::filesystem::file_type::none)
    return fail(ErrorCode::file, "cannot read the driver file: " + problem.message(), {file.string()});
  if (kind != std::filesystem::file_type::regular)  // a pipe would be waited for
    return fail(ErrorCode::file, "the driver is not a regular file", {file.string()});
  std::ifstream in(file, std::ios::binary);
  std::string text(largest_file + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return fail(ErrorCode::file, "cannot read the driver file", {file.string()});
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_driver(text, file.string());
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
  const std::string hint = suggestion(name, names);
  return fail(ErrorCode::value, "there is no proxy \"" + printable(name) + "\"" +
                                    (hint.empty() ? "; there are " + join(names, ", ") : hint));
}

}  // namespace bothends::proxy
