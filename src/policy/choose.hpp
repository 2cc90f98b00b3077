// The single choices a server makes, each a pure function; negotiate() puts them in order.
#pragma once

#include "policy/manners.hpp"
#include "policy/suite.hpp"

namespace bothends::policy {

/// What is in both, in the order of `preferred`.
wire::Codes shared(const wire::Codes& preferred, const wire::Codes& allowed);

/// The signature schemes both know that this server can use, in the order that counts.
wire::Codes shared_schemes(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version);

/// The certificates for a name: all that carry it, in the server's order, else the default and its twins for the same
/// names; empty when strict. Several may fit (an ECDSA and an RSA one): suite or scheme decide among them.
std::vector<const Leaf*> leaves_for(const Policy& policy, const Manners& server, const std::optional<std::string>& sni);

/// HAProxy's choice among an ECDSA and an RSA certificate, before OpenSSL sees the hello: it goes by the second octet
/// of the schemes, to which PSS is no RSA, and by whether a suite up to TLS 1.2 is for ECDSA. A name
/// that none of them carries gets the default alone.
std::vector<const Leaf*> leaf_for_hello(const Offer& offer, const std::vector<const Leaf*>& leaves);

struct SuiteChoice {
  std::optional<std::uint16_t> suite;
  std::uint16_t group = 0;                  // up to TLS 1.2, of an ECDHE suite; 0 when the suite was taken without
  std::vector<const Leaf*> leaves;          // those that can go with it
  Reason reason = Reason::no_shared_suite;  // when there is none
};
SuiteChoice choose_suite(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version,
                         const std::vector<const Leaf*>& leaves);

struct GroupChoice {
  std::optional<std::uint16_t> group;
  bool retry = false;
};
GroupChoice choose_group13(const Offer& offer, const Policy& policy, const Manners& server);

struct SignatureChoice {
  const Leaf* leaf = nullptr;
  std::uint16_t scheme = 0;
  Reason reason = Reason::no_shared_signature_scheme;  // without a leaf
};
SignatureChoice choose_signature(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version,
                                 std::uint16_t suite, const std::vector<const Leaf*>& leaves);

}  // namespace bothends::policy
