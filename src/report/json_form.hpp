// One description of a document's form serves writing and reading: fields(form, value) names every field once, in its
// order. Reading is strict in types, ranges and words, passes over keys that it does not know, and never throws.
#pragma once

#include <chrono>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "report/json_parts.hpp"
#include "wire/codes.hpp"

namespace bothends::report {

/// Sorted: finding a key in what a file says takes no longer for having many.
using Parsed = nlohmann::json;

template <class T, class X>
concept Like = std::same_as<std::remove_const_t<T>, X>;

/// A code point or a list of them, by name.
template <class T>
struct Named {
  wire::Registry registry;
  T& codes;
};
template <class T>
Named(wire::Registry, T&) -> Named<T>;

/// Octets that need not be UTF-8: text, or {"hex": "…"} when they are none, so that they survive.
Json text_json(std::string_view text);
/// The words of a closed list in the order of the enumerators, found by argument-dependent overloads of words_of(E).
template <class E>
concept HasWords = std::is_enum_v<E>;

template <class T>
Json written(const T& value);

class Write {
 public:
  explicit Write(Json& out) : out_(out) {}
  template <class T>
  void operator()(const char* key, const T& value) {
    out_[key] = written(value);
  }

 private:
  Json& out_;
};

template <class T>
struct Shape : std::false_type {};
template <class T>
struct Shape<std::optional<T>> : std::true_type {
  static constexpr bool optional = true;
};
template <class T>
struct Shape<std::vector<T>> : std::true_type {
  static constexpr bool optional = false;
};
template <class T>
struct IsNamed : std::false_type {};
template <class T>
struct IsNamed<Named<T>> : std::true_type {};
template <class T>
concept Duration = requires(T value) {
  value.count();
};

inline Json name_json(wire::Registry registry, std::uint16_t code) { return wire::name(registry, code); }
inline Json name_json(wire::Registry registry, const std::optional<std::uint8_t>& code) {
  return code ? Json(wire::name(registry, *code)) : Json();
}
Json name_json(wire::Registry registry, const wire::Codes& codes);
Json name_json(wire::Registry registry, const std::map<std::uint16_t, std::uint16_t>& numbers);

template <class T>
Json written(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (HasWords<T>) {
    return std::string(words_of(value)[static_cast<std::size_t>(value)]);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return text_json(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return to_hex(value);
  } else if constexpr (Duration<T>) {
    return value.count();
  } else if constexpr (IsNamed<T>::value) {
    return name_json(value.registry, value.codes);
  } else if constexpr (Shape<T>::value) {
    if constexpr (Shape<T>::optional) return value ? written(*value) : Json();
    Json list = Json::array();
    if constexpr (!Shape<T>::optional)
      for (const auto& one : value) list.push_back(written(one));
    return list;
  } else {
    Json object = Json::object();
    Write write(object);
    fields(write, value);
    return object;
  }
}

/// Where in the document reading is, and the first thing that is wrong there.
struct Reading {
  std::string problem;  // one sentence, printable

  bool ok() const { return problem.empty(); }
  void refuse(const std::string& path, const std::string& what);
};

constexpr std::size_t longest_list = 1 << 17;  // of one list; 65,536 suites are the longest there is

void read_text(Reading& reading, const Parsed& from, std::string& to, const std::string& path);
void read_bytes(Reading& reading, const Parsed& from, Bytes& to, const std::string& path);
void read_bool(Reading& reading, const Parsed& from, bool& to, const std::string& path);
/// Within both bounds, or refused.
std::int64_t read_integer(Reading& reading, const Parsed& from, std::int64_t low, std::int64_t high,
                          const std::string& path);
std::size_t read_word(Reading& reading, const Parsed& from, std::span<const std::string_view> words,
                      const std::string& path);
void read_named(Reading& reading, const Parsed& from, Named<std::uint16_t> to, const std::string& path);
void read_named(Reading& reading, const Parsed& from, Named<std::optional<std::uint8_t>> to, const std::string& path);
void read_named(Reading& reading, const Parsed& from, Named<wire::Codes> to, const std::string& path);
void read_named(Reading& reading, const Parsed& from, Named<std::map<std::uint16_t, std::uint16_t>> to,
                const std::string& path);
bool is_list(Reading& reading, const Parsed& from, const std::string& path);
/// nullptr, and refused, when it is no object or has no such key.
const Parsed* member(Reading& reading, const Parsed& from, const char* key, const std::string& path);

template <class T>
void read(Reading& reading, const Parsed& from, T&& to, const std::string& path);

class Read {
 public:
  Read(Reading& reading, const Parsed& from, std::string path)
      : reading_(reading), from_(from), path_(std::move(path)) {}
  template <class T>
  void operator()(const char* key, T&& value) {
    if (!reading_.ok()) return;
    if (const auto* found = member(reading_, from_, key, path_))
      read(reading_, *found, value, path_.empty() ? key : path_ + "." + key);
  }

 private:
  Reading& reading_;
  const Parsed& from_;
  std::string path_;
};

template <class T>
void read_list(Reading& reading, const Parsed& from, std::vector<T>& to, const std::string& path) {
  if (!is_list(reading, from, path)) return;
  for (const auto& one : from) {
    const std::string at = path + "[" + std::to_string(to.size()) + "]";
    read(reading, one, to.emplace_back(), at);
    if (!reading.ok()) return;
  }
}

template <class T>
std::int64_t highest() {
  if constexpr (sizeof(T) < sizeof(std::int64_t)) return std::numeric_limits<T>::max();
  return std::numeric_limits<std::int64_t>::max();
}

template <class T>
void read(Reading& reading, const Parsed& from, T&& to, const std::string& path) {
  using U = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<U, bool>) {
    read_bool(reading, from, to, path);
  } else if constexpr (std::is_integral_v<U>) {
    std::int64_t low = std::is_signed_v<U> ? std::numeric_limits<std::int64_t>::min() : 0;
    to = static_cast<U>(read_integer(reading, from, low, highest<U>(), path));
  } else if constexpr (HasWords<U>) {
    to = static_cast<U>(read_word(reading, from, words_of(U{}), path));
  } else if constexpr (std::is_same_v<U, std::string>) {
    read_text(reading, from, to, path);
  } else if constexpr (std::is_same_v<U, Bytes>) {
    read_bytes(reading, from, to, path);
  } else if constexpr (Duration<U>) {
    to = U(read_integer(reading, from, 0, std::int64_t{1} << 50, path));
  } else if constexpr (IsNamed<U>::value) {
    read_named(reading, from, to, path);
  } else if constexpr (Shape<U>::value) {
    if constexpr (!Shape<U>::optional)
      read_list(reading, from, to, path);
    else if (!from.is_null())
      read(reading, from, to.emplace(), path);
  } else {
    Read read_fields(reading, from, path);
    fields(read_fields, to);
  }
}

}  // namespace bothends::report
