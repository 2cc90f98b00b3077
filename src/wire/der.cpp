#include "wire/der.hpp"

#include "wire/reader.hpp"

namespace bothends::wire {

namespace {

constexpr std::uint8_t sequence = 0x30, set = 0x31, explicit_version = 0xa0;
constexpr std::uint8_t utf8 = 0x0c, printable_string = 0x13, ia5 = 0x16, visible = 0x1a;

std::size_t length_of(Reader& reader) {
  const std::uint8_t first = reader.u8();
  if (first < 0x80) return first;
  std::size_t length = 0;
  // 0x80, the indefinite length, comes out as zero octets of length: refused below.
  const unsigned octets = first & 0x7fU;
  if (octets == 0 || octets > 4) return SIZE_MAX;
  for (unsigned i = 0; i < octets; ++i) length = length << 8 | reader.u8();
  return length;
}

std::optional<View> take_sequence(View& rest) {
  const auto element = take_der(rest);
  if (!element || element->tag != sequence) return std::nullopt;
  return element->content;
}

void add_folded(std::string& key, View text) {
  bool gap = false, begun = false;
  for (const auto octet : text) {
    if (octet == ' ') {
      gap = begun;
      continue;
    }
    if (gap) key += ' ';
    gap = false;
    begun = true;
    key += static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
  }
}

void add_attribute(std::string& key, View attribute) {
  const auto type = take_der(attribute);
  const auto value = take_der(attribute);
  if (!type || !value) return;
  key.append(text_of(type->whole)).push_back('=');
  const bool is_text =
      value->tag == utf8 || value->tag == printable_string || value->tag == ia5 || value->tag == visible;
  if (is_text)
    add_folded(key, value->content);
  else
    key += text_of(value->whole);
  key.push_back('\0');
}

}  // namespace

std::optional<DerElement> take_der(View& rest) {
  Reader reader(rest);
  DerElement element;
  element.tag = reader.u8();
  if ((element.tag & 0x1f) == 0x1f) return std::nullopt;
  const auto length = length_of(reader);
  if (!reader.ok() || length > reader.left()) return std::nullopt;
  element.content = reader.take(length);
  element.whole = rest.first(rest.size() - reader.left());
  rest = rest.subspan(element.whole.size());
  return element;
}

std::optional<CertificateNames> names_of_certificate(View der) {
  auto certificate = take_sequence(der);
  auto signed_part = certificate ? take_sequence(*certificate) : std::nullopt;
  if (!signed_part) return std::nullopt;
  View& rest = *signed_part;
  auto first = take_der(rest);
  if (first && first->tag == explicit_version) first = take_der(rest);  // now it is the serial number
  const auto algorithm = take_der(rest);
  const auto issuer = take_der(rest);
  const auto validity = take_der(rest);
  const auto subject = take_der(rest);
  if (!first || !algorithm || !issuer || !validity || !subject) return std::nullopt;
  if (issuer->tag != sequence || subject->tag != sequence) return std::nullopt;
  return CertificateNames{issuer->whole, subject->whole};
}

std::string name_key(View name) {
  std::string key;
  auto parts = take_sequence(name);
  if (!parts) return key;
  while (const auto part = take_der(*parts)) {
    if (part->tag != set) continue;
    View attributes = part->content;
    while (const auto attribute = take_der(attributes)) add_attribute(key, attribute->content);
    key.push_back('\1');
  }
  return key;
}

}  // namespace bothends::wire
