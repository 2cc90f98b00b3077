// A chain judged on its own: every problem, not just the one OpenSSL stops at.
#pragma once

#include <span>

#include "policy/handshake.hpp"
#include "tls/openssl/handles.hpp"

namespace bothends::tls::ossl {

struct Grounds {
  std::span<const X509Ptr> trust;
  std::span<const X509Ptr> known;  // what the peer may have left out
  std::string name;                // empty: not checked
  bool server = true;
  bool weak = false;
};

/// Only what the leaf says of itself, and no problem: for chains that OpenSSL has accepted, whose signatures need no
/// second look (a fifth of a handshake's cost).
policy::ChainVerdict description_of(X509* leaf, unsigned sent);

policy::ChainVerdict verdict_on(const std::vector<Bytes>& chain, const Grounds& grounds);

}  // namespace bothends::tls::ossl
