// Reads a driver file. Its keys are few and fixed: whatever else stands there is an error with its place.
#include <algorithm>
#include <fstream>
#include <span>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "base/toml_depth.hpp"
#include "proxy/driver_table.hpp"
#include "wire/codes.hpp"

namespace bothends::proxy {

std::span<const EmbeddedFile> embedded_drivers();

namespace {

constexpr std::size_t largest_file = 256 << 10;

const std::vector<std::string> keys{
    "name",  "about",        "package",     "binaries", "start",  "environment", "files",   "folders", "words",
    "log",   "ready_within", "stop_within", "stack",    "cannot", "default",     "version", "tested",  "fix",
    "check", "front",        "statuses",    "reload",   "stop",   "address",     "origins"};
const std::vector<std::string> stacks{"openssl", "mbedtls", "other"};

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

class DriverReader : private TableReader {
 public:
  DriverReader(const toml::table& table, const std::string& file) : TableReader(table, file, "a driver", mistake_) {}

  Result<Driver> read();

 private:
  std::vector<std::string> folders();
  std::string log();
  std::vector<Cannot> cannot();
  void read_more(Driver& driver);

  std::optional<Error> mistake_;
};

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
    complain("log", in_quotes(name) + " must lie below the scratch folder");
  return name == "output" ? "" : name;
}

std::vector<Cannot> DriverReader::cannot() {
  std::vector<Cannot> list;
  const toml::table* found = table("cannot", "a table: \"feature\" = \"why\"");
  if (!found) return list;
  for (const auto& [features, why] : *found) {
    for (const std::string& word : split(features.str(), '&'))
      if (std::ranges::find(all_features(), word) == all_features().end())
        complain(features.source().begin, "there is no feature " + in_quotes(word) + suggestion(word, all_features()));
    list.push_back({std::string(features.str()), printable(text_of(why, in_quotes(features.str())))});
  }
  return list;
}

bool is_fix(const std::string& cause) {
  return only_of(cause, "abcdefghijklmnopqrstuvwxyz0123456789-.") &&
         (cause.find('.') == std::string::npos || (cause.starts_with("client.") && cause.rfind('.') == 6));
}

void DriverReader::read_more(Driver& driver) {
  driver.ready_within = duration("ready_within", driver.ready_within);
  driver.stop_within = duration("stop_within", driver.stop_within);
  driver.defaults = read_defaults(*this, file_, error_);
  driver.front = read_front(*this, file_, error_);
  driver.statuses = read_statuses(*this, file_, error_);
  driver.check = texts("check");
  for (const auto& [cause, what] : pairs("fix", is_fix, "is no cause, nor client. and a cause"))
    driver.fixes.emplace(cause, printable(what));
  read_version(*this, driver);
  read_reload(*this, driver);
  read_stop(*this, driver);
  read_address(*this, driver);
}

Result<Driver> DriverReader::read() {
  check_keys(keys);
  const bool starts = !has("address");  // otherwise the user has done it
  Driver driver{.name = text("name", true),
                .about = text("about"),
                .package = text("package"),
                .binaries = texts("binaries", starts),
                .start = texts("start", starts),
                .environment = pairs(
                    "environment", [](const std::string& name) { return is_variable(name); },
                    "is no name of an environment variable"),
                .files = pairs("files", is_below, "must lie below the scratch folder"),
                .folders = folders(),
                .words = pairs("words", is_word, "is no version, suite, group or signature scheme"),
                .log = log(),
                .stack = word("stack", stacks),
                .cannot = cannot(),
                .place = {file_, 1, 1}};
  read_more(driver);
  for (const auto& [key, of] : {std::pair{"name", &driver.name}, std::pair{"package", &driver.package}})
    if (has(key) && !only_of(*of, std::string(letters) + ".-+"))
      complain(key, in_quotes(key) + " may hold letters, digits, dots, dashes and plus signs");
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
