// MD5 (RFC 1321) and SHA-256 (FIPS 180-4) for checking fingerprints against known values; not for anything that
// matters.
#pragma once

#include "base/bytes.hpp"

namespace bothends::test {

Bytes md5(View message);
Bytes sha256(View message);

}  // namespace bothends::test
