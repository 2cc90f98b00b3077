#include "policy/offer.hpp"

#include <algorithm>
#include <functional>

namespace bothends::policy {

namespace {

constexpr std::uint16_t empty_renegotiation_info_scsv = 0x00ff;  // RFC 5746
constexpr std::uint16_t fallback_scsv = 0x5600;                  // RFC 7507

wire::Codes without_grease(wire::Codes codes) {
  std::erase_if(codes, wire::is_grease);
  return codes;
}

/// RFC 8446 section 4.2.1, RFC 5246 appendix E.1: without supported_versions the client speaks everything up to its
/// legacy_version, but never TLS 1.3.
wire::Codes versions_up_to(std::uint16_t highest) {
  wire::Codes versions;
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_1, wire::tls1_0})
    if (version <= highest) versions.push_back(version);
  if (highest == wire::ssl3) versions.push_back(wire::ssl3);
  return versions;
}

wire::Codes versions_of(const wire::ClientHello& hello) {
  if (!hello.has(wire::supported_versions)) return versions_up_to(hello.legacy_version);
  wire::Codes versions = without_grease(hello.versions());
  std::sort(versions.begin(), versions.end(), std::greater<>());
  return versions;
}

std::vector<std::string> alpn_of(const wire::ClientHello& hello) {
  const auto grease = [](const std::string& protocol) {
    return protocol.size() == 2 && protocol[0] == protocol[1] && (protocol[0] & 0x0f) == 0x0a;
  };
  auto protocols = hello.alpn();
  std::erase_if(protocols, grease);
  return protocols;
}

}  // namespace

Offer offer_of(const wire::ClientHello& hello) {
  Offer offer;
  offer.versions = versions_of(hello);
  offer.suites = without_grease(hello.cipher_suites);
  offer.fallback = std::erase(offer.suites, fallback_scsv) > 0;
  std::erase(offer.suites, empty_renegotiation_info_scsv);
  offer.groups = without_grease(hello.groups());
  offer.key_shares = without_grease(hello.key_share_groups());
  offer.signature_schemes = without_grease(hello.signature_schemes());
  offer.alpn = alpn_of(hello);
  offer.sni = hello.sni();
  return offer;
}

}  // namespace bothends::policy
