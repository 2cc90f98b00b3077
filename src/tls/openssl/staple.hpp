// A stapled OCSP response (RFC 6960) held against the leaf that it came with.
#pragma once

#include <span>

#include "policy/probed.hpp"
#include "tls/openssl/handles.hpp"

namespace bothends::tls::ossl {

/// `issuers`: certificates that may have issued the leaf; without one the response can be read, but fits nothing.
policy::StapleFacts staple_facts(View staple, X509* leaf, std::span<X509* const> issuers);

}  // namespace bothends::tls::ossl
