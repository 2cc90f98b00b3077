#include "wire/hello_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "wire/codes.hpp"
#include "wire/record.hpp"

namespace bothends::wire {
namespace {

constexpr std::size_t record_header = 5, message_header = 4;
constexpr std::size_t telling = record_header + message_header + 2;  // up to legacy_version

bool is_version(View at) { return at[0] == 3 && at[1] <= 4; }

/// Handshake header and legacy_version of a ClientHello; a length that no hello has is something else.
bool begins_hello(View at) { return at.size() >= 6 && at[0] == client_hello && at[1] < 4 && is_version(at.subspan(4)); }

bool begins_record(View at) {
  return at.size() >= telling && at[0] == handshake && is_version(at.subspan(1)) &&
         begins_hello(at.subspan(record_header));
}

std::size_t announced(View message) { return message_header + (message[1] << 16) + (message[2] << 8) + message[3]; }

std::string cut_short(View message, std::string_view why) {
  if (message.size() < message_header) return fmt::format("cut short within its header{}", why);
  return fmt::format("cut short: {} of {} octets are here{}", message.size(), announced(message), why);
}

void read_hello(FoundHello& found, std::string_view why_cut) {
  if (found.message.size() < message_header || found.message.size() < announced(found.message)) {
    found.problem = cut_short(found.message, why_cut);
    return;
  }
  found.message.resize(announced(found.message));
  auto parsed = parse_client_hello(found.message);
  found.problem = parsed.malformed;
  found.hello = std::move(parsed.value);
}

/// Records from `at` on, as many as the message needs.
FoundHello read_records(View octets, std::size_t at) {
  FoundHello found{.begin = at, .end = at, .record_version = static_cast<std::uint16_t>(0x300 | octets[at + 2])};
  std::string_view why;
  while (found.message.size() < message_header || found.message.size() < announced(found.message)) {
    auto rest = octets.subspan(found.end);
    auto record = parse_record(rest);
    if (record.complete() && record.value->type == handshake && !record.value->fragment.empty()) {
      append(found.message, record.value->fragment);
      found.end += record.used;
      ++found.records;
      continue;
    }
    bool is_open = record.need_more() && rest.size() > record_header && rest[0] == handshake;
    if (is_open) append(found.message, rest.subspan(record_header));
    if (is_open) found.end = octets.size(), ++found.records;
    why = record.need_more() ? "" : ", then comes something else";
    break;
  }
  read_hello(found, why);
  return found;
}

/// Where a second hello would begin: a client says change_cipher_spec first if it wants to look like TLS 1.2.
std::size_t after_change_cipher_spec(View octets, std::size_t at) {
  auto record = parse_record(octets.subspan(at));
  return record.complete() && record.value->type == change_cipher_spec ? at + record.used : at;
}

std::size_t next_handshake(View octets, std::size_t at) {
  return static_cast<std::size_t>(std::find(octets.begin() + static_cast<std::ptrdiff_t>(at), octets.end(), handshake) -
                                  octets.begin());
}

struct Look {
  std::string_view begin, what;
};
constexpr Look looks[] = {
    {"\x1f\x8b", "gzip data: unpack it first"},
    {"\x28\xb5\x2f\xfd", "zstd data: unpack it first"},
    {"\xfd"
     "7zXZ",
     "xz data: unpack it first"},
    {"PK\x03\x04", "a zip archive: unpack it first"},
    {"\x16\xfe", "a DTLS record, which is not read"},
    {"GET ", "an HTTP request"},
    {"HEAD ", "an HTTP request"},
    {"POST ", "an HTTP request"},
    {"PRI * ", "HTTP/2 without TLS"},
    {"HTTP/1.", "an HTTP response"},
    {"SSH-", "SSH"},
    {"-----BEGIN ", "PEM"},
};

/// The ClientHello of SSLv2 in its two-octet header (RFC 5246 appendix E.2).
bool is_sslv2(View octets) {
  return octets.size() >= 5 && (octets[0] & 0x80) && octets[2] == 1 && (octets[3] == 3 || octets[4] == 2);
}

std::string record_look(View octets) {
  std::string what = "a TLS record of type " + name(Registry::content_type, octets[0]);
  if (octets[0] == handshake && octets.size() > record_header && octets[record_header] != client_hello)
    what += ", whose message is " + name(Registry::handshake_type, octets[record_header]);
  if (octets.size() < telling) what += fmt::format(", cut off after {} octets", octets.size());
  return what;
}

}  // namespace

std::vector<FoundHello> hellos_in(View octets) {
  std::vector<FoundHello> found;
  std::optional<FoundHello> broken;
  unsigned tries = 0;
  for (std::size_t at = 0; at + telling <= octets.size() && tries < most_tries; ++at) {
    at = next_handshake(octets, at);
    if (!begins_record(octets.subspan(at))) continue;
    ++tries;
    auto one = read_records(octets, at);
    if (!one.hello) {
      if (!broken) broken = std::move(one);
      continue;
    }
    at = after_change_cipher_spec(octets, one.end);
    found.push_back(std::move(one));
    if (begins_record(octets.subspan(at))) found.push_back(read_records(octets, at));
    return found;
  }
  if (broken) found.push_back(std::move(*broken));
  return found;
}

std::optional<FoundHello> bare_hello(View octets) {
  if (!begins_hello(octets)) return std::nullopt;
  FoundHello found{.end = std::min(octets.size(), announced(octets))};
  found.message = bytes_of(octets.first(found.end));
  read_hello(found, "");
  return found;
}

std::string looks_like(View octets) {
  if (octets.empty()) return "nothing";
  auto text = text_of(octets.first(std::min<std::size_t>(octets.size(), 32)));
  for (const auto& look : looks)
    if (text.starts_with(look.begin)) return std::string(look.what);
  if (octets.size() >= 3 && octets[0] >= change_cipher_spec && octets[0] <= heartbeat && is_version(octets.subspan(1)))
    return record_look(octets);
  if (is_sslv2(octets)) return "a ClientHello in the form of SSLv2, which is not read";
  return fmt::format("octets that are no TLS: \"{}\"", printable(text));
}

}  // namespace bothends::wire
