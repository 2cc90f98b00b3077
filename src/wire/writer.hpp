// Writes what Reader reads. A vector longer than its prefix can say is a programming error (assert).
#pragma once

#include "base/bytes.hpp"

namespace bothends::wire {

class Writer {
 public:
  Writer& u8(std::uint8_t value) { return number(value, 1); }
  Writer& u16(std::uint16_t value) { return number(value, 2); }
  Writer& u24(std::uint32_t value) { return number(value, 3); }
  Writer& u32(std::uint32_t value) { return number(value, 4); }
  Writer& raw(View bytes);
  Writer& vector8(View bytes);
  Writer& vector16(View bytes);
  Writer& vector24(View bytes);

  const Bytes& bytes() const& { return out_; }
  Bytes bytes() && { return std::move(out_); }

 private:
  Writer& number(std::uint32_t value, unsigned octets);

  Bytes out_;
};

}  // namespace bothends::wire
