#include "report/json_form.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bothends::report {
namespace {

constexpr std::size_t shown = 64;

std::string element_of(const std::string& path, std::size_t at) { return fmt::format("{}[{}]", path, at); }

std::string quoted(const std::string& text) { return "\"" + printable(text, shown) + "\""; }

std::optional<std::uint16_t> code_in(Reading& reading, const std::string& word, wire::Registry registry,
                                     const std::string& path) {
  auto code = wire::code_of(registry, word);
  if (!code) reading.refuse(path, fmt::format("there is no {} {}", wire::noun(registry), quoted(word)));
  return code;
}

std::optional<std::uint16_t> code_in(Reading& reading, const Parsed& from, wire::Registry registry,
                                     const std::string& path) {
  const auto* word = from.get_ptr<const std::string*>();
  if (!word) reading.refuse(path, fmt::format("it must be the name of a {}", wire::noun(registry)));
  return word ? code_in(reading, *word, registry, path) : std::nullopt;
}

}  // namespace

Json text_json(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  return {{"hex", to_hex(view_of(text))}};
}

Json name_json(wire::Registry registry, const wire::Codes& codes) {
  auto list = Json::array();
  for (auto code : codes) list.push_back(wire::name(registry, code));
  return list;
}

Json name_json(wire::Registry registry, const std::map<std::uint16_t, std::uint16_t>& numbers) {
  auto object = Json::object();
  for (const auto& [code, number] : numbers) object[wire::name(registry, code)] = number;
  return object;
}

void Reading::refuse(const std::string& path, const std::string& what) {
  if (problem.empty()) problem = (path.empty() ? "the document" : printable(path, 200)) + ": " + what;
}

void read_text(Reading& reading, const Parsed& from, std::string& to, const std::string& path) {
  if (const auto* text = from.get_ptr<const std::string*>()) {
    to = *text;
    return;
  }
  Bytes octets;
  if (!from.is_object()) return reading.refuse(path, "it must be a text");
  if (const auto* hex = member(reading, from, "hex", path)) read_bytes(reading, *hex, octets, path + ".hex");
  to = std::string(text_of(octets));
}

void read_bytes(Reading& reading, const Parsed& from, Bytes& to, const std::string& path) {
  const auto* text = from.get_ptr<const std::string*>();
  auto octets = text ? from_hex(*text) : std::nullopt;
  if (!octets) return reading.refuse(path, "it must be octets in hex");
  to = std::move(*octets);
}

void read_bool(Reading& reading, const Parsed& from, bool& to, const std::string& path) {
  if (!from.is_boolean()) return reading.refuse(path, "it must be true or false");
  to = from.get<bool>();
}

std::int64_t read_integer(Reading& reading, const Parsed& from, std::int64_t low, std::int64_t high,
                          const std::string& path) {
  bool fits = from.is_number_integer();
  if (from.is_number_unsigned()) fits = from.get<std::uint64_t>() <= static_cast<std::uint64_t>(high);
  if (fits && !from.is_number_unsigned()) fits = from.get<std::int64_t>() >= low && from.get<std::int64_t>() <= high;
  if (fits) return from.get<std::int64_t>();
  reading.refuse(path, fmt::format("it must be a whole number from {} to {}", low, high));
  return 0;
}

std::size_t read_word(Reading& reading, const Parsed& from, std::span<const std::string_view> words,
                      const std::string& path) {
  const auto* word = from.get_ptr<const std::string*>();
  auto found = word ? std::find(words.begin(), words.end(), *word) : words.end();
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::vector<std::string> all(words.begin(), words.end());
  reading.refuse(path, (word ? quoted(*word) + " is not known here; " : "") + "it is one of " + join(all, ", "));
  return 0;
}

void read_named(Reading& reading, const Parsed& from, Named<std::uint16_t> to, const std::string& path) {
  to.codes = code_in(reading, from, to.registry, path).value_or(0);
}

void read_named(Reading& reading, const Parsed& from, Named<std::optional<std::uint8_t>> to, const std::string& path) {
  if (from.is_null()) return;
  auto code = code_in(reading, from, to.registry, path);
  if (code && *code > 0xff) return reading.refuse(path, "it has more than one octet");
  if (code) to.codes = static_cast<std::uint8_t>(*code);
}

void read_named(Reading& reading, const Parsed& from, Named<wire::Codes> to, const std::string& path) {
  if (!is_list(reading, from, path)) return;
  for (const auto& one : from)
    if (reading.ok())
      to.codes.push_back(code_in(reading, one, to.registry, element_of(path, to.codes.size())).value_or(0));
}

void read_named(Reading& reading, const Parsed& from, Named<std::map<std::uint16_t, std::uint16_t>> to,
                const std::string& path) {
  if (!from.is_object()) return reading.refuse(path, "it must be an object");
  for (const auto& [word, number] : from.items()) {
    auto code = code_in(reading, word, to.registry, path);
    if (!code) return;
    to.codes[*code] = static_cast<std::uint16_t>(read_integer(reading, number, 0, 0xffff, path));
  }
}

bool is_list(Reading& reading, const Parsed& from, const std::string& path) {
  if (!from.is_array()) reading.refuse(path, "it must be a list");
  if (from.is_array() && from.size() > longest_list)
    reading.refuse(path, fmt::format("it has more than {} elements", longest_list));
  return reading.ok();
}

const Parsed* member(Reading& reading, const Parsed& from, const char* key, const std::string& path) {
  if (!from.is_object()) {
    reading.refuse(path, "it must be an object");
    return nullptr;
  }
  auto found = from.find(key);
  if (found != from.end()) return &*found;
  reading.refuse(path, fmt::format("it has no \"{}\"", key));
  return nullptr;
}

}  // namespace bothends::report
