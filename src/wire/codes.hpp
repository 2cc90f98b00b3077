// Code points as raw integers, named constants for the ones the code itself speaks of, and one generated table of names
// (names.csv, from the IANA registries) for people. Unknown code points survive and print as hex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bothends::wire {

enum ContentType : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
  heartbeat = 24
};

enum HandshakeType : std::uint8_t {
  hello_request = 0,
  client_hello = 1,
  server_hello = 2,
  new_session_ticket = 4,
  end_of_early_data = 5,
  encrypted_extensions = 8,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
  certificate_status = 22,
  key_update = 24,
  compressed_certificate = 25,
  message_hash = 254
};

enum Version : std::uint16_t { ssl3 = 0x0300, tls1_0 = 0x0301, tls1_1 = 0x0302, tls1_2 = 0x0303, tls1_3 = 0x0304 };

enum ExtensionType : std::uint16_t {
  server_name = 0,
  status_request = 5,
  supported_groups = 10,
  ec_point_formats = 11,
  signature_algorithms = 13,
  application_layer_protocol_negotiation = 16,
  padding = 21,
  encrypt_then_mac = 22,
  extended_master_secret = 23,
  compress_certificate = 27,
  record_size_limit = 28,
  session_ticket = 35,
  pre_shared_key = 41,
  early_data = 42,
  supported_versions = 43,
  cookie = 44,
  psk_key_exchange_modes = 45,
  certificate_authorities = 47,
  signature_algorithms_cert = 50,
  key_share = 51,
  renegotiation_info = 0xff01
};

enum AlertLevel : std::uint8_t { warning = 1, fatal = 2 };

enum AlertDescription : std::uint8_t {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  record_overflow = 22,
  handshake_failure = 40,
  bad_certificate = 42,
  unsupported_certificate = 43,
  certificate_revoked = 44,
  certificate_expired = 45,
  certificate_unknown = 46,
  illegal_parameter = 47,
  unknown_ca = 48,
  access_denied = 49,
  decode_error = 50,
  decrypt_error = 51,
  protocol_version = 70,
  insufficient_security = 71,
  internal_error = 80,
  inappropriate_fallback = 86,
  user_canceled = 90,
  no_renegotiation = 100,
  missing_extension = 109,
  unsupported_extension = 110,
  unrecognized_name = 112,
  bad_certificate_status_response = 113,
  unknown_psk_identity = 115,
  certificate_required = 116,
  no_application_protocol = 120
};

/// The registries of the name table.
enum class Registry { version, suite, group, signature_scheme, extension, alert, handshake_type, content_type };

/// What people call an entry of it: "cipher suite".
std::string_view noun(Registry registry);
/// The registry's name ("TLS_AES_128_GCM_SHA256", "x25519", "TLSv1.3"), or nullopt when the code is not in it.
std::optional<std::string_view> known_name(Registry registry, std::uint16_t code);
/// Its name, "GREASE (0x0a0a)" for the values of RFC 8701, or "0x1234". Never empty.
std::string name(Registry registry, std::uint16_t code);
/// By name (ignoring case; also "0x1234", and common aliases: OpenSSL's suite names, "P-256", "TLS1.3", "1.3"). Takes
/// back whatever name() gives; '-' for '_'; and decimal for alerts, message and content types.
std::optional<std::uint16_t> code_of(Registry registry, std::string_view name);
/// All names of the registry without aliases, by code: candidates for did_you_mean().
std::vector<std::string> names(Registry registry);

/// What OpenSSL, and the configurations of the servers built on it, call a suite: "ECDHE-RSA-AES128-GCM-SHA256".
std::optional<std::string_view> openssl_suite(std::uint16_t code);

/// RFC 8701: 0x0a0a, 0x1a1a, … 0xfafa.
constexpr bool is_grease(std::uint16_t code) { return (code & 0x0f0f) == 0x0a0a && (code >> 8) == (code & 0xff); }
/// The TLS_…_WITH_-less suites of TLS 1.3 (0x13xx).
constexpr bool is_tls13_suite(std::uint16_t code) { return (code >> 8) == 0x13; }

}  // namespace bothends::wire
