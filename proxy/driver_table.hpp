// Reads one table of a driver file. Only for this folder.
#pragma once

#include <toml++/toml.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "proxy/driver.hpp"

namespace bothends::proxy {

/// "\"name\"", printable.
std::string in_quotes(std::string_view text);

/// Remembers the first mistake in `error` and goes on, so that each reader stays a line. All but `what` must outlive
/// it.
class TableReader {
 public:
  using Words = std::vector<std::string>;
  using Pairs = std::map<std::string, std::string>;

  /// `what` the table is, for messages: "a driver".
  TableReader(const toml::table& table, const std::string& file, std::string what, std::optional<Error>& error)
      : table_(table), file_(file), what_(std::move(what)), error_(error) {}

  bool has(std::string_view key) const { return table_.contains(key); }
  void check_keys(const Words& known);
  std::string text(std::string_view key, bool needed = false);
  /// One of `known`: the text, and the first of them without the key.
  std::string word(std::string_view key, const Words& known);
  Words texts(std::string_view key, bool needed = false);
  /// A table of texts, whose keys are `good`, or else "must …".
  Pairs pairs(std::string_view key, bool (*good)(const std::string&), const std::string& must);
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise);
  std::optional<unsigned> status(std::string_view key);
  /// nullptr, and a complaint when it is something else, or missing and needed.
  const toml::table* table(std::string_view key, const std::string& must);
  const toml::node* node(std::string_view key, bool needed = false);

  void complain(toml::source_position at, const std::string& about) {
    if (!error_) error_ = Error{ErrorCode::value, about, {file_, at.line, at.column}};
  }
  void complain(const toml::node& at, const std::string& about) { complain(at.source().begin, about); }
  void complain(std::string_view key, const std::string& about) { complain(*table_.get(key), about); }
  std::string text_of(const toml::node& node, const std::string& about);

 protected:
  const toml::table& table_;
  const std::string& file_;
  std::string what_;
  std::optional<Error>& error_;
};

// What the file says beyond how to start the proxy.
std::optional<Defaults> read_defaults(TableReader& driver, const std::string& file, std::optional<Error>& error);
FrontLists read_front(TableReader& driver, const std::string& file, std::optional<Error>& error);
DriverStatuses read_statuses(TableReader& driver, const std::string& file, std::optional<Error>& error);
void read_reload(TableReader& driver, Driver& into);
void read_stop(TableReader& driver, Driver& into);
void read_version(TableReader& driver, Driver& into);
void read_address(TableReader& driver, Driver& into);

}  // namespace bothends::proxy
