// A BIO without buffers: OpenSSL reads what step() was given and appends to what step() will return.
#pragma once

#include <openssl/bio.h>

#include "base/bytes.hpp"

namespace bothends::tls::ossl {

/// Must outlive the BIO. Set both for the time of one call into OpenSSL, clear them after it.
struct Octets {
  View in;               // what was read is cut off the front
  Bytes* out = nullptr;  // nullptr: what is written is lost
};

/// Owned by the caller until SSL_set_bio takes it. nullptr when there is no memory.
BIO* new_bio(Octets& octets);

}  // namespace bothends::tls::ossl
