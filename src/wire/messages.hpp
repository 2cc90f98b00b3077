// The other handshake messages that say something about the two peers, and alerts. Those whose form depends on the
// version take it; `tls13` picks the form of RFC 8446, otherwise that of RFC 5246 (and, below TLS 1.2, RFC 4346).
#pragma once

#include "wire/hello.hpp"

namespace bothends::wire {

struct Alert {
  std::uint8_t level = 0;
  std::uint8_t description = 0;
  friend bool operator==(const Alert&, const Alert&) = default;
};
/// From the fragment of an alert record; two octets, anything else is malformed or more is needed.
Parsed<Alert> parse_alert(View fragment);
Bytes encode(const Alert& alert);

struct CertificateEntry {
  Bytes der;
  Extensions extensions;  // TLS 1.3 only
  friend bool operator==(const CertificateEntry&, const CertificateEntry&) = default;
};
struct Certificate {
  Bytes request_context;                  // TLS 1.3 only
  std::vector<CertificateEntry> entries;  // as sent, leaf first if the sender keeps to the RFC; may be empty
  friend bool operator==(const Certificate&, const Certificate&) = default;
};
Parsed<Certificate> parse_certificate(View message, bool tls13);
Bytes encode(const Certificate& certificate, bool tls13);

struct CertificateRequest {
  Bytes request_context;                 // TLS 1.3
  std::optional<Extensions> extensions;  // TLS 1.3
  Bytes certificate_types;               // TLS ≤ 1.2
  std::optional<Codes> schemes;          // TLS 1.2: supported_signature_algorithms; nullopt below 1.2
  std::vector<Bytes> authorities;        // TLS ≤ 1.2: DER distinguished names
  friend bool operator==(const CertificateRequest&, const CertificateRequest&) = default;

  Codes signature_schemes() const;                // of either form
  std::vector<Bytes> acceptable_issuers() const;  // of either form
};
Parsed<CertificateRequest> parse_certificate_request(View message, std::uint16_t version);
Bytes encode(const CertificateRequest& request, std::uint16_t version);

struct EncryptedExtensions {
  Extensions extensions;
  std::optional<std::string> alpn() const;
};
Parsed<EncryptedExtensions> parse_encrypted_extensions(View message);

/// RFC 8422 section 5.4 (ECDHE) and RFC 5246 section 7.4.3 (DHE): what the agreement needs of it.
struct ServerKeyExchange {
  std::uint16_t group = 0;             // named curve; 0 for finite field with explicit parameters
  std::uint16_t dh_bits = 0;           // size of the prime, for DHE
  std::uint16_t signature_scheme = 0;  // TLS 1.2; 0 below, where it is implied, and for anonymous suites
};
/// `suite` tells ECDHE from DHE; suites with neither, and PSK ones, are malformed here.
Parsed<ServerKeyExchange> parse_server_key_exchange(View message, std::uint16_t suite, std::uint16_t version);

/// CertificateVerify's scheme (TLS 1.2 and 1.3).
Parsed<std::uint16_t> parse_certificate_verify(View message);

}  // namespace bothends::wire
