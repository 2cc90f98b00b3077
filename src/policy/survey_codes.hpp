// What a survey asks for: every code that is registered, in an order in which today's clients have them.
#pragma once

#include "policy/suite.hpp"

namespace bothends::policy {

/// Suites of TLS 1.3, or of all versions before it; signalling values (RFC 5746, 7507) left out.
const wire::Codes& suites_to_ask(std::uint16_t version);
/// All codes but those of suites_to_ask() for any version.
wire::Codes suites_of_sweep();
/// For the key exchange: up to TLS 1.2 the curves, without the finite fields of RFC 7919; in TLS 1.3 everything.
const wire::Codes& groups_to_ask(std::uint16_t version);

/// Schemes of keys of one kind, asked apart up to TLS 1.2: a server chooses a suite first, and then has nothing to sign
/// with. In TLS 1.3 the suite says nothing of keys: one family.
struct SchemeFamily {
  Authentication authentication = Authentication::other;  // of the suites that go with it, up to TLS 1.2
  std::string_view suite_mark;  // in the name of such a suite, where the authentication does not tell: "_DSS_"
  wire::Codes schemes;
};
std::vector<SchemeFamily> scheme_families(std::uint16_t version);
/// Of RSA keys; of ECDSA and EdDSA keys; or of others.
wire::Codes schemes_of(Authentication key);
/// All of them, RSA and ECDSA with SHA-2 first.
const wire::Codes& schemes_to_ask();

/// Registered protocols, today's of the web first.
const std::vector<std::string>& protocols_to_ask();

}  // namespace bothends::policy
