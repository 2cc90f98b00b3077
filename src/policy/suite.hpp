// What negotiation needs to know of suites, groups and signature schemes beyond their names.
#pragma once

#include "policy/policy.hpp"

namespace bothends::policy {

enum class KeyExchange { any, rsa, dhe, ecdh, ecdhe, other };  // any: TLS 1.3; ecdh: static, of RFC 4492
enum class Authentication { any, rsa, ecdsa, dsa, other };     // ecdsa: also the Edwards curves (RFC 8422 section 5.10)

struct Suite {
  KeyExchange exchange = KeyExchange::other;
  Authentication authentication = Authentication::other;
  std::uint16_t lowest = 0;  // versions it exists in
  std::uint16_t highest = 0;
  bool anonymous = false;  // no certificate, no signature: authentication `other`, and exchange `ecdh` on a curve
};
/// Read off its registered name; a code without one fits no version.
Suite suite_of(std::uint16_t code);
bool fits(const Suite& suite, std::uint16_t version);
bool fits(const Suite& suite, Key key);
/// Does the server sign anything in a handshake with it?
bool signs(const Suite& suite);

/// Elliptic curves up to TLS 1.2; in TLS 1.3 what RFC 8446 section 4.2.7 and its hybrid successors name.
bool group_fits(std::uint16_t group, std::uint16_t version);
/// The curve of an ECDSA key, 0 for other keys.
std::uint16_t curve_of(Key key);

struct Scheme {
  Key key = Key::other;     // ecdsa_p256 stands for every ECDSA key unless `curve` is set and TLS 1.3 spoken
  std::uint16_t curve = 0;  // TLS 1.3 binds the ECDSA schemes to one
  bool tls12 = true;
  bool tls13 = true;
  unsigned bits = 0;  // the smallest RSA key that can make it (PSS: RFC 8017 section 9.1.1)
};
std::optional<Scheme> scheme_of(std::uint16_t code);
/// May a key of this leaf make a signature of this scheme in a handshake of this version?
bool scheme_fits(std::uint16_t scheme, const Leaf& leaf, std::uint16_t version);

}  // namespace bothends::policy
