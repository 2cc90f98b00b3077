// A TOML document as values that know where they stand: what scenario files and profiles are read from.
// The library's own tree is not passed on: it forgets the order of keys, and one header of it costs seconds of
// compiling.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bothends::run {

struct Member;

struct Value {
  enum class Type { text, integer, number, boolean, time, list, table };
  Type type = Type::table;
  std::string text;  // of a text; numbers and times as they read
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<Value> items;
  std::vector<Member> members;  // in the file's order
  Place place;

  bool is(Type wanted) const { return type == wanted; }
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
};

struct Member {
  std::string key;
  Place place;  // of the key
  Value value;
};

using KeyPath = std::vector<std::string>;

Value text_value(std::string text, Place place);

/// "a text", "a list", "true or false": with its article, for sentences.
std::string_view kind_of_value(const Value& value);
/// As a person would write it in one line, at most about 80 characters; printable.
std::string shown(const Value& value);
/// Equal exactly for values that are equal but for their places.
std::string canonical(const Value& value);

/// Tables are merged key by key, anything else is replaced; what is replaced takes the overlay's places.
void merge(Value& onto, const Value& overlay);
/// Makes the tables on the way, replacing what is none.
void merge_at(Value& onto, std::span<const std::string> path, const Value& overlay);
/// The value at `path`, or whatever is no table on the way to it; null when there is nothing.
const Value* reached(const Value& from, std::span<const std::string> path);

/// As it is written in TOML: client.stack, proxy.routes."shop.test".sni.
std::string written(std::span<const std::string> path);
/// The reverse; Error{syntax}.
Result<KeyPath> parse_key_path(std::string_view text, const Place& place);

/// Bounds: 1 MiB, 32 levels of brackets, 32 parts of a dotted key, 64 levels, 1,000 keys in a table, 10,000 values in a
/// list. Error{syntax} with file:line:column, also for what is not UTF-8, begins with a byte order mark, or is empty.
Result<Value> parse_document(std::string_view text, const std::string& name);
/// At most 1 MiB of a file; Error{file}.
Result<std::string> read_document(const std::filesystem::path& file);

}  // namespace bothends::run
