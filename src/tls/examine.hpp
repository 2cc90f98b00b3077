// An independent look at a chain that some peer presented, with every problem named, not just the first one.
#pragma once

#include "base/result.hpp"
#include "policy/handshake.hpp"

namespace bothends::tls {

struct ExamineSettings {
  std::vector<Bytes> trust;  // DER trust anchors
  std::vector<Bytes>
      known;  // DER certificates we know of and the peer may have left out: tells `incomplete` from `unknown_issuer`
  std::string name;    // DNS name or address to check; empty: not checked
  bool server = true;  // purpose: serverAuth, else clientAuth
  bool weak = false;   // false: RSA under 2048 bits and SHA-1 or MD5 signatures are defects
};

/// `chain` as the peer sent it, DER, leaf first. Never an Error: what cannot be parsed is a problem with Defect::other.
policy::ChainVerdict examine(const std::vector<Bytes>& chain, const ExamineSettings& settings);

/// SHA-256 of a certificate's DER, hex.
std::string fingerprint(View der);
/// PEM of one certificate or one PKCS#8 key.
std::string certificate_pem(View der);
std::string key_pem(View pkcs8);
/// All certificates of a PEM text; Error{value} when there is none or one is damaged.
Result<std::vector<Bytes>> certificates_of_pem(std::string_view pem);
/// The key of a PEM text as PKCS#8 DER.
Result<Bytes> key_of_pem(std::string_view pem);

}  // namespace bothends::tls
