// ClientHello, ServerHello and HelloRetryRequest (RFC 8446 section 4.1; RFC 5246 section 7.4.1), with raw code points
// and every extension kept in order, unknown ones too: encode(parse(x)) == x. The parsers take a whole handshake
// message with its header; every proper prefix of a good one is "need more".
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "wire/parsed.hpp"

namespace bothends::wire {

using Codes = std::vector<std::uint16_t>;

struct Extension {
  std::uint16_t type = 0;
  Bytes data;
  friend bool operator==(const Extension&, const Extension&) = default;
};

using Extensions = std::vector<Extension>;
/// nullptr when absent. The first one, should there be two.
const Extension* find(const std::optional<Extensions>& extensions, std::uint16_t type);

struct ClientHello {
  std::uint16_t legacy_version = 0;
  std::array<std::uint8_t, 32> random{};
  Bytes session_id;
  Codes cipher_suites;
  Bytes compression_methods;
  std::optional<Extensions> extensions;  // nullopt: the message ends before them (SSLv3, old TLS)
  friend bool operator==(const ClientHello&, const ClientHello&) = default;

  // What its extensions say. An absent or malformed extension gives an empty list or nullopt.
  std::optional<std::string> sni() const;  // the first host_name (RFC 6066), as sent
  std::vector<std::string> alpn() const;
  Codes versions() const;  // supported_versions; without it legacy_version and nothing else
  Codes groups() const;
  Codes key_share_groups() const;
  Codes signature_schemes() const;
  Codes extension_types() const;
  Bytes point_formats() const;
  Bytes psk_modes() const;
  bool has(std::uint16_t extension) const { return find(extensions, extension) != nullptr; }
};

Parsed<ClientHello> parse_client_hello(View message);
Bytes encode(const ClientHello& hello);

struct ServerHello {
  std::uint16_t legacy_version = 0;
  std::array<std::uint8_t, 32> random{};
  Bytes session_id;
  std::uint16_t cipher_suite = 0;
  std::uint8_t compression_method = 0;
  std::optional<Extensions> extensions;
  friend bool operator==(const ServerHello&, const ServerHello&) = default;

  /// RFC 8446 section 4.1.3: the random that marks a HelloRetryRequest.
  bool is_hello_retry_request() const;
  std::uint16_t version() const;  // supported_versions if there, else legacy_version
  std::uint16_t group() const;    // key_share: of a ServerHello and of a HelloRetryRequest alike; 0 without
  std::optional<std::string> alpn() const;
  bool has(std::uint16_t extension) const { return find(extensions, extension) != nullptr; }
};

Parsed<ServerHello> parse_server_hello(View message);
Bytes encode(const ServerHello& hello);

}  // namespace bothends::wire
