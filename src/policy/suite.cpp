#include "policy/suite.hpp"

#include <algorithm>
#include <array>

namespace bothends::policy {

namespace {

bool is_ecdsa(Key key) { return key == Key::ecdsa_p256 || key == Key::ecdsa_p384 || key == Key::ecdsa_p521; }

KeyExchange exchange_of(std::string_view name) {
  if (name.starts_with("TLS_ECDHE_PSK_") || name.starts_with("TLS_DHE_PSK_")) return KeyExchange::other;
  if (name.starts_with("TLS_ECDHE_")) return KeyExchange::ecdhe;
  for (const auto* head : {"TLS_ECDH_ECDSA_", "TLS_ECDH_RSA_", "TLS_ECDH_anon_"})
    if (name.starts_with(head)) return KeyExchange::ecdh;
  if (name.starts_with("TLS_DHE_")) return KeyExchange::dhe;
  return name.starts_with("TLS_RSA_WITH_") ? KeyExchange::rsa : KeyExchange::other;
}

bool is_anonymous(std::string_view name) { return name.find("_anon_WITH_") != name.npos; }

/// Of the leaf's own key: what its issuer signed with does not matter (RFC 8422 section 5.3 dropped that for static
/// ECDH too).
Authentication authentication_of(std::string_view name) {
  if (is_anonymous(name)) return Authentication::other;
  if (exchange_of(name) == KeyExchange::ecdh) return Authentication::ecdsa;
  const auto head = name.substr(0, name.find("_WITH_"));
  if (head.ends_with("_ECDSA")) return Authentication::ecdsa;
  if (head.ends_with("_DSS")) return Authentication::dsa;
  return head.ends_with("_RSA") ? Authentication::rsa : Authentication::other;
}

/// RFC 5246 section 1.2, RFC 5288 section 4, RFC 6655 section 4: AEADs and SHA-2 came with TLS 1.2.
bool needs_tls12(std::string_view name) {
  for (const std::string_view mark : {"_GCM_", "_CCM", "_POLY1305"})
    if (name.find(mark) != name.npos) return true;
  return name.ends_with("_SHA256") || name.ends_with("_SHA384");
}

struct KnownScheme {
  std::uint16_t code;
  Scheme scheme;
};

constexpr std::array known_schemes{
    KnownScheme{0x0201, {Key::rsa, 0, true, false, 0}},
    KnownScheme{0x0301, {Key::rsa, 0, true, false, 0}},
    KnownScheme{0x0401, {Key::rsa, 0, true, false, 0}},
    KnownScheme{0x0501, {Key::rsa, 0, true, false, 0}},
    KnownScheme{0x0601, {Key::rsa, 0, true, false, 752}},
    KnownScheme{0x0202, {Key::dsa, 0, true, false, 0}},
    KnownScheme{0x0302, {Key::dsa, 0, true, false, 0}},
    KnownScheme{0x0402, {Key::dsa, 0, true, false, 0}},
    KnownScheme{0x0502, {Key::dsa, 0, true, false, 0}},
    KnownScheme{0x0602, {Key::dsa, 0, true, false, 0}},
    KnownScheme{0x0203, {Key::ecdsa_p256, 0, true, false, 0}},
    KnownScheme{0x0303, {Key::ecdsa_p256, 0, true, false, 0}},
    KnownScheme{0x0403, {Key::ecdsa_p256, 23, true, true, 0}},
    KnownScheme{0x0503, {Key::ecdsa_p256, 24, true, true, 0}},
    KnownScheme{0x0603, {Key::ecdsa_p256, 25, true, true, 0}},
    KnownScheme{0x0804, {Key::rsa, 0, true, true, 8 * (2 * 32 + 2)}},
    KnownScheme{0x0805, {Key::rsa, 0, true, true, 8 * (2 * 48 + 2)}},
    KnownScheme{0x0806, {Key::rsa, 0, true, true, 8 * (2 * 64 + 2)}},
    KnownScheme{0x0807, {Key::ed25519, 0, true, true, 0}},
    KnownScheme{0x0808, {Key::ed448, 0, true, true, 0}},
    KnownScheme{0x0809, {Key::rsa_pss, 0, true, true, 8 * (2 * 32 + 2)}},
    KnownScheme{0x080a, {Key::rsa_pss, 0, true, true, 8 * (2 * 48 + 2)}},
    KnownScheme{0x080b, {Key::rsa_pss, 0, true, true, 8 * (2 * 64 + 2)}},
};

}  // namespace

Suite suite_of(std::uint16_t code) {
  if (wire::is_tls13_suite(code)) return {KeyExchange::any, Authentication::any, wire::tls1_3, wire::tls1_3};
  const auto name = wire::known_name(wire::Registry::suite, code);
  if (!name) return {};
  return {exchange_of(*name), authentication_of(*name),
          static_cast<std::uint16_t>(needs_tls12(*name) ? wire::tls1_2 : wire::ssl3), wire::tls1_2,
          is_anonymous(*name)};
}

bool fits(const Suite& suite, std::uint16_t version) { return suite.lowest <= version && version <= suite.highest; }

bool fits(const Suite& suite, Key key) {
  switch (suite.authentication) {
    case Authentication::any:
      return true;
    case Authentication::rsa:
      return key == Key::rsa || (key == Key::rsa_pss && suite.exchange != KeyExchange::rsa);
    case Authentication::ecdsa:
      return is_ecdsa(key) || (suite.exchange != KeyExchange::ecdh && (key == Key::ed25519 || key == Key::ed448));
    case Authentication::dsa:
      return key == Key::dsa && suite.exchange == KeyExchange::dhe;
    case Authentication::other:
      return false;
  }
  return false;
}

bool signs(const Suite& suite) {
  return suite.exchange != KeyExchange::rsa && suite.exchange != KeyExchange::ecdh && !suite.anonymous;
}

bool group_fits(std::uint16_t group, std::uint16_t version) {
  const bool old_curve = (group >= 1 && group <= 22) || (group >= 26 && group <= 28);
  const bool curve = (group >= 23 && group <= 25) || group == 29 || group == 30;
  if (version <= wire::tls1_2) return old_curve || curve;
  return !old_curve;
}

std::uint16_t curve_of(Key key) {
  switch (key) {
    case Key::ecdsa_p256:
      return 23;
    case Key::ecdsa_p384:
      return 24;
    case Key::ecdsa_p521:
      return 25;
    default:
      return 0;
  }
}

std::optional<Scheme> scheme_of(std::uint16_t code) {
  const auto at = std::find_if(known_schemes.begin(), known_schemes.end(),
                               [&](const KnownScheme& known) { return known.code == code; });
  if (at == known_schemes.end()) return std::nullopt;
  return at->scheme;
}

bool scheme_fits(std::uint16_t code, const Leaf& leaf, std::uint16_t version) {
  const auto scheme = scheme_of(code);
  if (!scheme) return false;
  if (version >= wire::tls1_3 ? !scheme->tls13 : !scheme->tls12) return false;
  if (is_ecdsa(scheme->key))
    return is_ecdsa(leaf.key) && (version < wire::tls1_3 || scheme->curve == curve_of(leaf.key));
  return scheme->key == leaf.key && leaf.bits >= scheme->bits;
}

}  // namespace bothends::policy
