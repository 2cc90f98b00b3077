// What a TLS server accepts.
#pragma once

#include "policy/offer.hpp"

namespace bothends::policy {

/// What a leaf's key can sign with.
enum class Key { rsa, rsa_pss, ecdsa_p256, ecdsa_p384, ecdsa_p521, ed25519, ed448, dsa, other };
std::string_view name(Key key);
std::optional<Key> key_of(std::string_view name);

/// One certificate a server can answer with.
struct Leaf {
  std::vector<std::string> names;  // DNS names, "*.a.test" too
  Key key = Key::ecdsa_p256;
  unsigned bits = 256;
  Bytes der;
};

enum class ClientCertificate { none, optional, required };
std::string_view name(ClientCertificate asked);
std::optional<ClientCertificate> client_certificate_of(std::string_view name);

struct Policy {
  std::string stack;     // whose manners apply: "openssl", "mbedtls"
  wire::Codes versions;  // highest first
  wire::Codes suites;    // in preference order
  bool server_preference = false;
  bool chacha_by_client = false;  // and with it: who puts a ChaCha20 suite first gets one
  wire::Codes groups;             // in preference order
  wire::Codes signature_schemes;  // empty: not known, as of a server asked from outside; then what its leaves can make
  std::vector<std::string> alpn;  // in preference order; empty: the extension is ignored
  std::vector<Leaf> leaves;       // the first is the default
  bool strict_sni = false;        // an unknown or absent name is refused with unrecognized_name
  ClientCertificate client_certificate = ClientCertificate::none;
};

}  // namespace bothends::policy
