// Where TLS stacks differ though all of them keep to the RFC: whose order counts, which check comes first, and which
// alert says no. One table, so that a further stack is one more row; measured, not read off documentation.
#pragma once

#include <span>

#include "policy/policy.hpp"

namespace bothends::policy {

using AlertCode = std::optional<std::uint8_t>;  // nullopt: closes without an alert

/// The questions a server settles, in an order of its own.
enum class Check { fallback, name, schemes_named, any_scheme, suite, group, signature, alpn };

struct Manners {
  std::string_view stack;

  // As server.
  std::span<const Check> checks12;  // up to TLS 1.2
  std::span<const Check> checks13;
  bool blind_to_versions = false;       // without TLS 1.3 of its own it looks at legacy_version only
  bool client_rules13 = false;          // TLS 1.3: the client's order whatever the policy says
  bool group12_by_server = false;       // TLS 1.2: the server's order whatever the policy says
  bool suite12_before_group = false;    // TLS 1.2: takes an ECDHE suite and only then looks for a shared group
  bool suite12_before_scheme = false;   // TLS 1.2: takes a suite for its RSA key and only then looks for a scheme
  bool transport_needs_scheme = false;  // TLS 1.2: wants an RSA scheme even where RSA key transport signs nothing
  bool signs_pss12 = true;              // TLS 1.2: makes PSS signatures (RFC 8446 section 4.2.3)
  bool overrates_small_keys = false;    // TLS 1.3: makes PSS signatures with less salt than RFC 8446 asks for
  bool one_leaf_a_kind = false;         // of several RSA (ECDSA, …) certificates for a name it has the first only
  std::span<const wire::Codes> tuples;  // the default groups, in classes of equal worth; see choose_group13()

  /// Up to TLS 1.2 these are the curves that it has heard of, and the schemes: to have one of them named is enough
  /// where `suite12_before_group` and Check::any_scheme look, in use or not. Empty: any curve; those of the policy.
  std::span<const std::uint16_t> knows_groups;
  std::span<const std::uint16_t> knows_schemes;
  bool suite12_before_any_scheme = false;  // TLS 1.2: takes a suite for any key, and only then looks for a scheme
  bool implied_scheme_counts = false;      // TLS 1.2: the SHA-1 scheme of a client that names none must be its own, too
  std::uint16_t implied_group12 = 0;       // the curve of a client that names none; 0: it has none
  bool any_leaf_curve = false;             // the curve of an ECDSA leaf need not be among the client's groups
  bool share13_by_client = false;          // TLS 1.3: the client's first share that it knows, else its own first group
  bool group13_before_share = false;       // TLS 1.3: the first shared group, and a retry when it has no share
  bool leaf13_before_scheme = false;       // TLS 1.3: the first leaf that can sign by any scheme of the client's
  bool late13 = false;                     // TLS 1.3: its ServerHello is out before it looks for a scheme
  bool leaf_by_hello = false;              // takes one leaf before all else: see leaf_for_hello()

  AlertCode no_group12 = wire::handshake_failure;
  AlertCode no_group13 = wire::handshake_failure;
  AlertCode no_client_certificate12 = wire::handshake_failure;
  AlertCode no_client_certificate13 = wire::certificate_required;
  bool garbles_alert13 = false;  // TLS 1.3: says what it thinks of a client certificate under keys already left behind,
                                 // so that the peer cannot read it and complains of bad_record_mac
  bool optional_refuses_bad = true;  // an optional client certificate that is not trusted is refused

  // As client.
  bool own_curve_only = false;  // TLS 1.2: an ECDSA leaf must be of one of its own groups
  AlertCode bad_signature13 = wire::decrypt_error;
  AlertCode version_too_low13 = wire::protocol_version;  // speaking TLS 1.3 only, and answered with less

  // As either end.
  AlertCode (*alert_of)(std::span<const Defect> finds) = nullptr;  // for a chain with these defects, not empty
};

/// By name of the stack; what the RFCs recommend for an unknown one.
const Manners& manners_of(std::string_view stack);

}  // namespace bothends::policy
