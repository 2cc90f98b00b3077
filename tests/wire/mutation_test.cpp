// The fuzz target on mutations of good messages: the same ones at every run, and no fuzzer needed.
#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"
#include "wire/record.hpp"

using namespace bothends;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int rounds = 200000;

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

/// Every message by itself, in a record, and all of them as one stream.
std::vector<Bytes> seeds() {
  std::vector<Bytes> seeds;
  Bytes stream;
  for (const auto& message : test::all_messages()) {
    seeds.push_back(message);
    auto record = wire::in_records(wire::handshake, wire::tls1_2, message, 50);
    if (message.size() < 100) append(stream, record);
    seeds.push_back(std::move(record));
  }
  append(stream, from_hex("15 0303 0002 0228").value());
  seeds.push_back(std::move(stream));
  return seeds;
}

void try_out(const Bytes& input) {
  Bytes exact(input.begin(), input.end());  // no spare capacity, where a read past the end could hide
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

TEST_CASE("the laws hold for every seed and each of its prefixes") {
  for (const auto& seed : seeds())
    for (std::size_t size = 0; size <= seed.size(); ++size) try_out(bytes_of(View(seed).first(size)));
}

TEST_CASE("the laws hold for mutations") {
  const auto from = seeds();
  Mutator mutator(20);
  for (int round = 0; round < rounds; ++round) {
    Bytes input = from[mutator.below(from.size())];
    for (auto times = 1 + mutator.below(4); times > 0; --times) mutator.mutate(input, from[mutator.below(from.size())]);
    try_out(input);
  }
}
