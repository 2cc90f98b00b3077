#include "wire/distinguished_name.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace bothends::wire {
namespace {

constexpr std::uint8_t sequence = 0x30, set = 0x31, object_identifier = 0x06, bmp_string = 0x1e;
constexpr std::size_t most_parts = 32;

struct Element {
  std::uint8_t tag = 0;
  View content;
};

/// Definite lengths of at most three octets; anything else fails the reader.
Element element(Reader& reader) {
  Element one{.tag = reader.u8()};
  std::size_t length = reader.u8();
  if (length == 0x81)
    length = reader.u8();
  else if (length == 0x82)
    length = reader.u16();
  else if (length == 0x83)
    length = reader.u24();
  else if (length >= 0x80)
    length = reader.left() + 1;
  one.content = reader.take(length);
  return one;
}

struct Attribute {
  std::array<std::uint8_t, 3> id;
  std::string_view name;
};
constexpr Attribute attributes[] = {
    {{0x55, 4, 3}, "CN"},  {{0x55, 4, 5}, "serialNumber"},
    {{0x55, 4, 6}, "C"},   {{0x55, 4, 7}, "L"},
    {{0x55, 4, 8}, "ST"},  {{0x55, 4, 10}, "O"},
    {{0x55, 4, 11}, "OU"}, {{0x55, 4, 97}, "organizationIdentifier"},
};

std::string attribute_name(View id) {
  for (const auto& one : attributes)
    if (std::equal(id.begin(), id.end(), one.id.begin(), one.id.end())) return std::string(one.name);
  constexpr std::uint8_t domain_component[] = {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19};
  if (std::equal(id.begin(), id.end(), std::begin(domain_component), std::end(domain_component))) return "DC";
  return to_hex(id.first(std::min<std::size_t>(id.size(), 16)));
}

/// Two octets a character; beyond ASCII it becomes "?".
std::string narrow(View wide) {
  std::string text;
  for (std::size_t at = 0; at + 1 < wide.size(); at += 2)
    text += wide[at] == 0 && wide[at + 1] < 0x80 ? static_cast<char>(wide[at + 1]) : '?';
  return text;
}

bool read_attribute(View octets, std::string& text) {
  Reader reader(octets);
  auto pair = element(reader);
  Reader parts(pair.content);
  auto id = element(parts), value = element(parts);
  if (!reader.ok() || !parts.ok() || pair.tag != sequence || id.tag != object_identifier) return false;
  auto said = value.tag == bmp_string ? narrow(value.content) : std::string(text_of(value.content));
  text += (text.empty() ? "" : ", ") + attribute_name(id.content) + "=" + printable(said, 128);
  return true;
}

}  // namespace

std::string distinguished_name(View der) {
  Reader outer(der);
  auto whole = element(outer);
  Reader list(whole.content);
  std::string text;
  bool good = outer.done() && whole.tag == sequence;
  for (std::size_t count = 0; good && list.left() > 0 && count < most_parts; ++count) {
    auto one = element(list);
    good = list.ok() && one.tag == set && read_attribute(one.content, text);
  }
  if (good) return text.empty() ? "an empty name" : text;
  return to_hex(der.first(std::min<std::size_t>(der.size(), 32))) + (der.size() > 32 ? "…" : "");
}

}  // namespace bothends::wire
