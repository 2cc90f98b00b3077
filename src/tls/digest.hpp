// Digests for the thinking wing, which holds no cryptography of its own.
#pragma once

#include "base/bytes.hpp"

namespace bothends::tls {

Bytes sha256(View bytes);
Bytes md5(View bytes);

}  // namespace bothends::tls
