#include "report/hello.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/style.hpp"
#include "wire/extension_words.hpp"

namespace bothends::report {
namespace {

using wire::Registry;

constexpr std::size_t indent = 2;
constexpr std::size_t column = 24;     // where values begin
constexpr std::size_t shown_hex = 48;  // octets
constexpr std::size_t shown_suites = 512;

std::size_t room(const Style& style, std::size_t taken) {
  std::size_t width = style.options().width;
  return width > taken ? width - taken : 0;
}

std::string counted(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// A code with its number beside the name, where it has one.
std::string both(Registry registry, std::uint16_t code) {
  if (wire::is_grease(code) || !wire::known_name(registry, code)) return wire::name(registry, code);
  return fmt::format("{} (0x{:04x})", wire::name(registry, code), code);
}

std::string hex(View octets) {
  auto text = to_hex(octets.first(std::min(octets.size(), shown_hex)));
  return octets.size() > shown_hex ? text + fmt::format("… ({} octets)", octets.size()) : text;
}

Spans items_of(std::vector<std::string> values, const Style& style, std::size_t most) {
  Spans items;
  auto more = values.size() - std::min(values.size(), most);
  values.resize(values.size() - more);
  for (auto& value : values)
    items.push_back({style.text(value), value.starts_with("GREASE") ? Tone::dim : Tone::plain});
  if (more > 0) items.push_back({style.text(fmt::format("… {} more", more)), Tone::dim});
  return items;
}

/// With a comma behind all but the last.
std::vector<Line> listed(Spans items, const Style& style, std::size_t margin) {
  for (std::size_t at = 0; at + 1 < items.size(); ++at) items[at].text += ",";
  return style.flow(items, " ", room(style, margin));
}

std::string field(std::string_view name, const Spans& items, const Style& style, std::size_t margin = indent) {
  auto label = style.text(name);
  auto used = margin + display_width(label);
  auto gap = used + 2 <= column ? column - used : 2;
  auto left = std::string(margin, ' ') + style.paint({label, Tone::dim}) + std::string(gap, ' ');
  return hang(left, used + gap, listed(items, style, used + gap));
}

std::string field(std::string_view name, std::string value, const Style& style) {
  return field(name, Spans{{style.text(value), Tone::plain}}, style);
}

std::vector<std::string> names(Registry registry, const wire::Codes& codes) {
  std::vector<std::string> names;
  for (auto code : codes) names.push_back(wire::name(registry, code));
  return names;
}

std::string extension(const wire::Extension& extension, const Style& style) {
  constexpr std::size_t margin = 4, values_at = 30;
  auto words = wire::words_of(extension);
  auto items = items_of(words.values, style, most_hello_values);
  if (!words.malformed.empty()) {
    items.push_back({style.text("malformed: " + words.malformed), Tone::bad});
    items.push_back({hex(extension.data), Tone::plain});
  } else if (!words.known && !extension.data.empty()) {
    items.push_back({style.text(hex(extension.data)), Tone::plain});
  } else if (extension.data.empty()) {
    items.push_back({"empty", Tone::dim});
  }
  auto name = style.text(wire::name(Registry::extension, extension.type));
  auto gap = std::string(display_width(name) + 2 < values_at ? values_at - display_width(name) : 2, ' ');
  auto tone = wire::is_grease(extension.type) ? Tone::dim : Tone::calm;
  auto left = std::string(margin, ' ') + style.paint({name, tone}) + gap;
  auto taken = margin + display_width(name) + gap.size();
  return hang(left, taken, listed(items, style, taken));
}

std::string extensions(const wire::ClientHello& hello, const Style& style) {
  if (!hello.extensions) return field("extensions", "none: the message ends before them", style);
  auto out = field(counted(hello.extensions->size(), "extension"), "in this order", style);
  for (std::size_t at = 0; at < hello.extensions->size(); ++at) {
    if (at == most_hello_values) return out + field("", fmt::format("… {} more", hello.extensions->size() - at), style);
    out += extension((*hello.extensions)[at], style);
  }
  return out;
}

std::string fingerprints(const wire::ClientHello& hello, const path::Digests& digests, const Style& style) {
  return field("JA3 text", style.raw(wire::ja3_text(hello), 4096), style) +
         field("JA3", wire::ja3(hello, digests.md5), style) + field("JA4", wire::ja4(hello, digests.sha256), style);
}

std::string where(const wire::CapturedHello& hello) {
  std::vector<std::string> parts;
  if (hello.packet > 0)
    parts.push_back(hello.packet == hello.last_packet
                        ? fmt::format("packet {}", hello.packet)
                        : fmt::format("packets {} to {}", hello.packet, hello.last_packet));
  if (!hello.stream.empty()) parts.push_back(hello.stream);
  if (hello.is_second)
    parts.push_back("second, after a HelloRetryRequest");
  else if (hello.stream_offset > 0)
    parts.push_back("behind " + counted(hello.stream_offset, "octet") + " of something else");
  return join(parts, ", ");
}

std::string headline(const wire::CapturedHello& hello, std::size_t number, const Style& style) {
  Spans items{{fmt::format("{}.", number), Tone::strong}, {"ClientHello", Tone::strong}};
  items.push_back({fmt::format("of {}", counted(hello.found.message.size(), "octet")), Tone::plain});
  if (auto place = where(hello); !place.empty()) items.push_back({style.text("· " + place), Tone::dim});
  return hang("", indent, style.flow(items, " ", room(style, indent)));
}

std::string problem(const wire::CapturedHello& hello, const Style& style) {
  if (hello.found.hello) return {};
  auto out = field("problem", Spans{{style.text(hello.found.problem), Tone::bad}}, style);
  return out + field("octets", hex(hello.found.message), style);
}

std::uint16_t highest(const wire::ClientHello& hello) {
  std::uint16_t best = 0;
  for (auto version : hello.versions())
    if (!wire::is_grease(version)) best = std::max(best, version);
  return best;
}

std::string record_layer(const wire::FoundHello& found) {
  if (found.records == 0) return "none: a bare handshake message";
  auto version = both(Registry::version, found.record_version);
  return found.records == 1 ? version : fmt::format("{}, in {} records", version, found.records);
}

std::string body(const wire::ClientHello& hello, const Style& style) {
  std::vector<std::string> methods;
  for (auto method : hello.compression_methods) methods.push_back(wire::compression_name(method));
  auto id = hello.session_id.empty() ? "empty" : hex(hello.session_id);
  auto suites = items_of(names(Registry::suite, hello.cipher_suites), style, shown_suites);
  auto compressions = items_of(methods, style, most_hello_values);
  return field("legacy_version", both(Registry::version, hello.legacy_version), style) +
         field("random", to_hex(hello.random), style) + field("session id", id, style) +
         field(counted(hello.cipher_suites.size(), "cipher suite"), suites, style) +
         field("compression", compressions, style) + extensions(hello, style);
}

}  // namespace

std::string hello_line(const wire::CapturedHello& hello, std::size_t number, const path::Digests& digests,
                       const ConsoleOptions& options) {
  Style style(options);
  Spans items;
  if (auto place = where(hello); !place.empty()) items.push_back({style.text(place), Tone::plain});
  if (const auto& read = hello.found.hello) {
    auto sni = read->sni();
    items.push_back({wire::name(Registry::version, highest(*read)), Tone::plain});
    items.push_back({sni ? "sni=" + style.raw(*sni) : "no sni", Tone::strong});
    auto protocols = read->alpn();
    protocols.resize(std::min<std::size_t>(protocols.size(), 8));
    if (!protocols.empty()) items.push_back({"alpn=" + style.raw(join(protocols, ",")), Tone::plain});
    items.push_back({wire::ja4(*read, digests.sha256), Tone::calm});
  } else {
    items.push_back({style.text(hello.found.problem), Tone::bad});
  }
  auto left = fmt::format("{:>4}. ", number);
  return hang(left, left.size(), style.flow(items, " · ", room(style, left.size())));
}

std::string hello_whole(const wire::CapturedHello& hello, std::size_t number, const path::Digests& digests,
                        const ConsoleOptions& options) {
  Style style(options);
  auto out = headline(hello, number, style) + problem(hello, style);
  out += field("record version", record_layer(hello.found), style);
  if (const auto& read = hello.found.hello) out += body(*read, style) + fingerprints(*read, digests, style);
  return out;
}

std::string hello_notes(const wire::Capture& capture, const ConsoleOptions& options) {
  Style style(options);
  std::string out;
  for (const auto& note : capture.notes)
    out += hang("", indent, style.flow(style.words("Note: " + note, Tone::warn), " ", room(style, indent)));
  return out;
}

}  // namespace bothends::report
