// The handshake traffic of TLS 1.3 as a client sees it: what the server has sealed is opened, ours is sealed (RFC 8446
// sections 7.1 and 5.2). Free of OpenSSL's headers: src/tls/hello uses it.
#pragma once

#include <memory>
#include <optional>

#include "base/result.hpp"
#include "wire/record.hpp"

namespace bothends::tls {

/// What a sealed record holds: TLSInnerPlaintext without its padding.
struct Inner {
  std::uint8_t type = 0;
  Bytes content;
};

class HandshakeTraffic {
 public:
  virtual ~HandshakeTraffic() = default;
  /// The server's next record; nullopt when it was not sealed with these keys, or holds nothing but padding.
  virtual std::optional<Inner> open(const wire::Record& record) = 0;
  /// Our next record, as octets.
  virtual Bytes seal(std::uint8_t type, View content) = 0;
};

/// `secret` is the shared one, `hellos` the ClientHello and ServerHello with their headers. Error{tls} for a suite that
/// is none of TLS 1.3's.
Result<std::unique_ptr<HandshakeTraffic>> handshake_traffic(std::uint16_t suite, View secret, View hellos);

}  // namespace bothends::tls
