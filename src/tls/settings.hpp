// What one TLS endpoint is told to do, the same for every stack. Everything is parsed already: nothing here names a
// file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "policy/policy.hpp"

namespace bothends::tls {

/// A certificate chain with the leaf's key. What is in it is sent as it is: also a wrong order or a wrong chain.
struct Credential {
  std::string name;                // of the cast or the scenario: "good", "shop"
  std::vector<Bytes> chain;        // DER, leaf first unless it is meant to be wrong
  Bytes key;                       // DER, PKCS#8
  std::vector<std::string> names;  // the leaf's DNS names and addresses: servers choose by them
  policy::Key kind = policy::Key::ecdsa_p256;
  unsigned bits = 256;
};

/// Empty lists mean the stack's own default. Order is preference.
struct CommonSettings {
  std::uint16_t min_version = 0;  // 0: the lowest the stack can do without being asked (TLS 1.2)
  std::uint16_t max_version = 0;  // 0: the highest it can do
  wire::Codes suites;             // of all versions in one list
  wire::Codes groups;
  wire::Codes signature_schemes;
  std::vector<std::string> alpn;
  std::vector<Bytes> trust;  // DER trust anchors for the peer's chain
  bool tickets = true;
  bool key_log = false;
  /// Weak versions, keys, digests and suites are allowed (OpenSSL: security level 0). A tester must meet weak peers.
  bool weak = true;
};

struct ClientSettings : CommonSettings {
  policy::Verify verify = policy::Verify::none;
  std::optional<Credential> certificate;
};

struct ServerSettings : CommonSettings {
  std::vector<Credential> certificates;  // the first is the default; the others are chosen by SNI
  bool strict_sni = false;               // refuse unknown and absent names with unrecognized_name (112)
  bool server_preference = false;
  policy::ClientCertificate client_certificate = policy::ClientCertificate::none;
};

/// A resumable session, opaque, of one stack. It may be given to a context of the same stack only.
class Session {
 public:
  virtual ~Session() = default;
};

/// What differs from one connection to the next, on the client's side.
struct Peer {
  std::optional<std::string> sni;  // nullopt: none is sent
  std::string name;                // checked with Verify::full: a DNS name or an address
  std::shared_ptr<const Session> session;
};

}  // namespace bothends::tls
