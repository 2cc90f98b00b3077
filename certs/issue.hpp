// Writing one certificate: everything that RFC 5280 asks of it, and nothing that the drafter did not ask for.
#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "certs/keys.hpp"

namespace bothends::certs {

struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using CertificatePtr = std::unique_ptr<X509, CertificateFree>;

enum class Purpose { root, intermediate, server, client };

struct Draft {
  std::string organization;
  std::vector<std::string> common_names;  // at most 64 characters each
  std::vector<std::string> names;         // subjectAltName: DNS names and addresses, checked already
  Purpose purpose = Purpose::server;
  std::chrono::system_clock::time_point from;
  std::chrono::system_clock::time_point until;
  bool sha1 = false;  // sign with SHA-1
};

/// A certificate with its key: what it takes to issue others.
struct Issued {
  CertificatePtr certificate;
  KeyPtr key;
  Bytes der;
};

/// `issuer` null: self-signed.
Result<Issued> issue(const Draft& draft, KeyPtr key, const Issued* issuer);

}  // namespace bothends::certs
