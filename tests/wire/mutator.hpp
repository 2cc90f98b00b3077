// Changes octets as a fuzzer would, the same ones at every run.
#pragma once

#include <algorithm>
#include <iterator>
#include <random>

#include "base/bytes.hpp"

namespace bothends::test {

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void mutate(Bytes& bytes, const Bytes& other) {
    std::size_t at = below(bytes.size());
    auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0:
        flip(bytes);
        break;
      case 1:
        replace(bytes);
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(here, static_cast<std::uint8_t>(random_()));
        break;
      case 4:
        remove(bytes, at);
        break;
      case 5:
        splice(bytes, at, other);
        break;
      default:
        nudge(bytes);
        break;
    }
  }

 private:
  void flip(Bytes& bytes) {
    if (!bytes.empty()) bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1U << below(8));
  }
  void replace(Bytes& bytes) {
    constexpr std::uint8_t telling[] = {0, 1, 2, 3, 0x16, 0x7f, 0x80, 0xff};
    if (!bytes.empty()) bytes[below(bytes.size())] = telling[below(std::size(telling))];
  }
  /// Lengths that are wrong by one are the commonest bug.
  void nudge(Bytes& bytes) {
    if (!bytes.empty()) bytes[below(bytes.size())] += below(2) == 0 ? 1 : 0xff;
  }
  void remove(Bytes& bytes, std::size_t at) {
    auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    bytes.erase(from, from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(below(5), bytes.size() - at)));
  }
  void splice(Bytes& bytes, std::size_t at, const Bytes& other) {
    bytes.resize(at);
    append(bytes, View(other).subspan(below(other.size())));
  }

  std::mt19937 random_;
};

}  // namespace bothends::test
