#include "wire/writer.hpp"

#include <cassert>

namespace bothends::wire {

Writer& Writer::number(std::uint32_t value, unsigned octets) {
  assert(octets == 4 || value >> (8 * octets) == 0);
  while (octets-- > 0) out_.push_back(static_cast<std::uint8_t>(value >> (8 * octets)));
  return *this;
}

Writer& Writer::raw(View bytes) {
  append(out_, bytes);
  return *this;
}

Writer& Writer::vector8(View bytes) {
  assert(bytes.size() <= 0xff);
  return u8(static_cast<std::uint8_t>(bytes.size())).raw(bytes);
}

Writer& Writer::vector16(View bytes) {
  assert(bytes.size() <= 0xffff);
  return u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes);
}

Writer& Writer::vector24(View bytes) {
  assert(bytes.size() <= 0xffffff);
  return u24(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}

}  // namespace bothends::wire
