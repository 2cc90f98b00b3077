// A Credential as OpenSSL holds it: parsed once for a context, shared by all its connections.
#pragma once

#include "base/result.hpp"
#include "tls/openssl/handles.hpp"
#include "tls/settings.hpp"

namespace bothends::tls::ossl {

struct Identity {
  X509Ptr leaf;
  PkeyPtr key;
  X509StackPtr rest;  // the certificates after the leaf, as they are sent; nullptr when there are none
  std::vector<std::string> names;

  /// OpenSSL keeps one certificate for each: all elliptic curves of ECDSA share one.
  int slot() const { return EVP_PKEY_get_base_id(key.get()); }
};

Result<Identity> parse(const Credential& credential);
/// Error{value} when one of them is not a certificate; `what` says of what they are ("trust anchor").
Result<std::vector<X509Ptr>> parse_all(const std::vector<Bytes>& ders, const std::string& what);

}  // namespace bothends::tls::ossl
