// JA3 (salesforce/ja3) and JA4 (FoxIO, BSD-3-Clause; the other JA4+ methods are not free and not here).
#pragma once

#include <functional>

#include "wire/hello.hpp"

namespace bothends::wire {

/// A digest of octets: passed in, since this wing holds no cryptography (tls/digest.hpp has both).
using Digest = std::function<Bytes(View)>;

/// "771,4865-4866,0-23,29-23,0", GREASE left out.
std::string ja3_text(const ClientHello& hello);
/// MD5 of ja3_text, hex.
std::string ja3(const ClientHello& hello, const Digest& md5);
/// For TCP ("t…").
std::string ja4(const ClientHello& hello, const Digest& sha256);

}  // namespace bothends::wire
