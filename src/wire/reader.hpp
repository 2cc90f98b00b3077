// Reads big-endian integers and length-prefixed vectors (RFC 8446 section 3) from a View, with sticky failure:
// read everything, then ask ok() once. After a failure every read gives zero or an empty View.
#pragma once

#include "base/bytes.hpp"

namespace bothends::wire {

class Reader {
 public:
  explicit Reader(View bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return number(3); }
  std::uint32_t u32() { return number(4); }
  View take(std::size_t count);
  View vector8() { return take(u8()); }
  View vector16() { return take(u16()); }
  View vector24() { return take(u24()); }
  /// All that is left.
  View rest() { return take(rest_.size()); }

  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }
  /// Everything was read and nothing failed.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::uint32_t number(unsigned octets);

  View rest_;
  bool ok_ = true;
};

}  // namespace bothends::wire
