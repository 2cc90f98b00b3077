// Certificates of any shape for tests, good and bad, made on the spot.
#pragma once

#include <string>
#include <vector>

#include "tls/settings.hpp"

namespace bothends::test {

struct Spec {
  std::string subject = "shop.test";  // its common name
  policy::Key key = policy::Key::ecdsa_p256;
  unsigned bits = 2048;  // of RSA keys
  std::vector<std::string> names;
  long from = -3600;  // seconds relative to now
  long until = 86400;
  bool ca = false;
  int path_length = -1;
  std::string purpose;  // "serverAuth", "clientAuth", or none
  std::string digest = "SHA256";
};

struct Certificate {
  Bytes der;
  Bytes key;  // PKCS #8
  Spec spec;
};

/// Signed by `issuer`, or by itself.
Certificate make(const Spec& spec, const Certificate* issuer = nullptr);
Certificate make_root(const std::string& subject = "Test Root");
Certificate make_intermediate(const Certificate& root, const std::string& subject = "Test Intermediate");
/// For `name`, and by that subject.
Certificate make_leaf(const Certificate& issuer, const std::string& name, policy::Key key = policy::Key::ecdsa_p256);

tls::Credential credential(const Certificate& leaf, const std::vector<Certificate>& rest = {});

}  // namespace bothends::test
