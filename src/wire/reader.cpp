#include "wire/reader.hpp"

namespace bothends::wire {

View Reader::take(std::size_t count) {
  if (!ok_ || count > rest_.size()) {
    ok_ = false;
    return {};
  }
  View taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint32_t Reader::number(unsigned octets) {
  std::uint32_t value = 0;
  for (auto octet : take(octets)) value = value << 8 | octet;
  return value;
}

}  // namespace bothends::wire
