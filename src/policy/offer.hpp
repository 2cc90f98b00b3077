// What a TLS client proposes: its ClientHello, and what only the client itself knows of how it will judge the answer.
#pragma once

#include "policy/handshake.hpp"

namespace bothends::policy {

enum class Verify { none, chain, full };  // nothing · trust and dates · and the name
std::string_view name(Verify verify);
std::optional<Verify> verify_of(std::string_view name);

struct Offer {
  // From the ClientHello. GREASE is left out.
  wire::Codes versions;  // all it would speak, highest first; from legacy_version when supported_versions is absent
  wire::Codes suites;    // in its order, signalling values (RFC 5746, 7507) left out
  wire::Codes groups;
  wire::Codes key_shares;
  wire::Codes signature_schemes;
  std::vector<std::string> alpn;
  std::optional<std::string> sni;
  bool fallback = false;  // TLS_FALLBACK_SCSV

  // Known only for our own clients; a proxy's or browser's stay at "would accept".
  std::string stack;              // whose manners apply: "openssl", "mbedtls", or empty for unknown
  std::uint16_t min_version = 0;  // refuses an answer below it
  Verify verify = Verify::none;
  bool has_certificate = false;  // will answer a CertificateRequest with one
  std::vector<Defect> finds;     // what its check of the server's chain finds (given per leaf by the caller); sorted
  std::vector<Defect> server_finds;  // what the server's check of its client certificate finds
};
Offer offer_of(const wire::ClientHello& hello);

}  // namespace bothends::policy
