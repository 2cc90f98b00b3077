#include "wire/hello.hpp"

#include <algorithm>

#include "wire/body.hpp"
#include "wire/codes.hpp"

namespace bothends::wire {
namespace {

// SHA-256 of "HelloRetryRequest".
constexpr std::array<std::uint8_t, 32> retry_random{0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                                    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                                    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

constexpr std::string_view long_session_id = "the session id is longer than 32 octets";

void read_random(Reader& reader, std::array<std::uint8_t, 32>& random) {
  View octets = reader.take(random.size());
  std::copy(octets.begin(), octets.end(), random.begin());
}

/// The last field of both hellos may be missing altogether (RFC 5246 section 7.4.1.2).
std::string_view read_last_extensions(Reader& reader, std::optional<Extensions>& extensions) {
  if (!reader.ok() || reader.left() == 0) return {};
  return read_extensions(reader, extensions.emplace());
}

std::string_view read_client_hello(Reader& reader, ClientHello& hello) {
  hello.legacy_version = reader.u16();
  read_random(reader, hello.random);
  hello.session_id = bytes_of(reader.vector8());
  bool even = true;
  hello.cipher_suites = read_codes(reader.vector16(), even);
  hello.compression_methods = bytes_of(reader.vector8());
  if (hello.session_id.size() > 32) return long_session_id;
  if (!even) return "the list of cipher suites has an odd length";
  return read_last_extensions(reader, hello.extensions);
}

std::string_view read_server_hello(Reader& reader, ServerHello& hello) {
  hello.legacy_version = reader.u16();
  read_random(reader, hello.random);
  hello.session_id = bytes_of(reader.vector8());
  hello.cipher_suite = reader.u16();
  hello.compression_method = reader.u8();
  if (hello.session_id.size() > 32) return long_session_id;
  return read_last_extensions(reader, hello.extensions);
}

/// The vector8 that is the whole extension; nullopt when it isn't.
std::optional<View> octets8_in(const Extension* extension) {
  if (!extension) return std::nullopt;
  Reader reader(extension->data);
  View octets = reader.vector8();
  return reader.done() ? std::optional(octets) : std::nullopt;
}

Bytes bytes8_in(const Extension* extension) { return bytes_of(octets8_in(extension).value_or(View{})); }

}  // namespace

const Extension* find(const std::optional<Extensions>& extensions, std::uint16_t type) {
  if (!extensions) return nullptr;
  auto found = std::find_if(extensions->begin(), extensions->end(), [type](const auto& e) { return e.type == type; });
  return found == extensions->end() ? nullptr : &*found;
}

Parsed<ClientHello> parse_client_hello(View message) {
  return parse_message<ClientHello>(message, client_hello, "ClientHello", read_client_hello);
}

Bytes encode(const ClientHello& hello) {
  Writer body;
  body.u16(hello.legacy_version).raw(hello.random).vector8(hello.session_id);
  write_codes16(body, hello.cipher_suites);
  body.vector8(hello.compression_methods);
  if (hello.extensions) write_extensions(body, *hello.extensions);
  return with_header(client_hello, body.bytes());
}

std::optional<std::string> ClientHello::sni() const {
  const auto* extension = find(extensions, server_name);
  if (!extension) return std::nullopt;
  Reader outer(extension->data);
  Reader list(outer.vector16());
  std::optional<std::string> first;
  while (list.ok() && list.left() > 0) {
    bool host_name = list.u8() == 0;
    View name = list.vector16();
    if (host_name && !first) first = std::string(text_of(name));
  }
  bool good = outer.done() && list.done() && first && !first->empty();
  return good ? first : std::nullopt;
}

std::vector<std::string> ClientHello::alpn() const {
  return protocols_in(find(extensions, application_layer_protocol_negotiation));
}

Codes ClientHello::versions() const {
  const auto* extension = find(extensions, supported_versions);
  if (!extension) return {legacy_version};
  bool even = false;
  Codes codes = read_codes(octets8_in(extension).value_or(View{}), even);
  return even ? codes : Codes{};
}

Codes ClientHello::groups() const { return codes16_in(find(extensions, supported_groups)); }

Codes ClientHello::key_share_groups() const {
  const auto* extension = find(extensions, key_share);
  if (!extension) return {};
  Reader outer(extension->data);
  Reader list(outer.vector16());
  Codes groups;
  while (list.ok() && list.left() > 0) {
    groups.push_back(list.u16());
    list.vector16();
  }
  return outer.done() && list.done() ? groups : Codes{};
}

Codes ClientHello::signature_schemes() const { return codes16_in(find(extensions, signature_algorithms)); }

Codes ClientHello::extension_types() const {
  Codes types;
  if (!extensions) return types;
  for (const auto& extension : *extensions) types.push_back(extension.type);
  return types;
}

Bytes ClientHello::point_formats() const { return bytes8_in(find(extensions, ec_point_formats)); }
Bytes ClientHello::psk_modes() const { return bytes8_in(find(extensions, psk_key_exchange_modes)); }

Parsed<ServerHello> parse_server_hello(View message) {
  return parse_message<ServerHello>(message, server_hello, "ServerHello", read_server_hello);
}

Bytes encode(const ServerHello& hello) {
  Writer body;
  body.u16(hello.legacy_version).raw(hello.random).vector8(hello.session_id);
  body.u16(hello.cipher_suite).u8(hello.compression_method);
  if (hello.extensions) write_extensions(body, *hello.extensions);
  return with_header(server_hello, body.bytes());
}

bool ServerHello::is_hello_retry_request() const { return random == retry_random; }

std::uint16_t ServerHello::version() const {
  const auto* extension = find(extensions, supported_versions);
  if (!extension) return legacy_version;
  Reader reader(extension->data);
  std::uint16_t selected = reader.u16();
  return reader.done() ? selected : legacy_version;
}

std::uint16_t ServerHello::group() const {
  const auto* extension = find(extensions, key_share);
  if (!extension) return 0;
  Reader reader(extension->data);
  std::uint16_t selected = reader.u16();
  if (!is_hello_retry_request()) reader.vector16();
  return reader.done() ? selected : 0;
}

std::optional<std::string> ServerHello::alpn() const {
  auto protocols = protocols_in(find(extensions, application_layer_protocol_negotiation));
  return protocols.size() == 1 ? std::optional(protocols.front()) : std::nullopt;
}

}  // namespace bothends::wire
