#include "wire/body.hpp"

namespace bothends::wire {

Parsed<View> parse_header(View bytes, std::uint8_t type, std::string_view what) {
  Parsed<View> parsed;
  if (!bytes.empty() && bytes[0] != type) {
    parsed.malformed = "not a " + std::string(what) + ": message type " + std::to_string(bytes[0]);
    return parsed;
  }
  Reader reader(bytes);
  reader.u8();
  View body = reader.vector24();
  if (!reader.ok()) return parsed;
  parsed.value = body;
  parsed.used = bytes.size() - reader.left();
  return parsed;
}

Bytes with_header(std::uint8_t type, View body) { return Writer().u8(type).vector24(body).bytes(); }

Codes read_codes(View list, bool& even) {
  even = list.size() % 2 == 0;
  Codes codes;
  codes.reserve(list.size() / 2);
  for (Reader reader(list); reader.left() > 1;) codes.push_back(reader.u16());
  return codes;
}

std::string_view read_extensions(Reader& reader, Extensions& extensions) {
  Reader list(reader.vector16());
  while (list.left() > 0 && list.ok()) {
    Extension extension;
    extension.type = list.u16();
    extension.data = bytes_of(list.vector16());
    extensions.push_back(std::move(extension));
  }
  return list.ok() ? "" : "an extension is longer than the list of extensions";
}

bool read_names(View list, std::vector<Bytes>& names) {
  Reader reader(list);
  while (reader.ok() && reader.left() > 0) names.push_back(bytes_of(reader.vector16()));
  return reader.done();
}

std::vector<std::string> protocols_in(const Extension* extension) {
  if (!extension) return {};
  Reader outer(extension->data);
  Reader list(outer.vector16());
  std::vector<std::string> protocols;
  while (list.ok() && list.left() > 0) {
    protocols.emplace_back(text_of(list.vector8()));
    if (protocols.back().empty()) return {};
  }
  return outer.done() && list.done() ? protocols : std::vector<std::string>{};
}

Codes codes16_in(const Extension* extension) {
  if (!extension) return {};
  Reader reader(extension->data);
  bool even = false;
  Codes codes = read_codes(reader.vector16(), even);
  return reader.done() && even ? codes : Codes{};
}

void write_codes16(Writer& writer, const Codes& codes) {
  Writer list;
  for (auto code : codes) list.u16(code);
  writer.vector16(list.bytes());
}

void write_extensions(Writer& writer, const Extensions& extensions) {
  Writer list;
  for (const auto& extension : extensions) list.u16(extension.type).vector16(extension.data);
  writer.vector16(list.bytes());
}

}  // namespace bothends::wire
