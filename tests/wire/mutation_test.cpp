// The fuzz target on mutations of good messages: the same ones at every run, and no fuzzer needed.
#include <doctest/doctest.h>

#include "tests/wire/mutator.hpp"
#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"
#include "wire/record.hpp"

using namespace bothends;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int rounds = 200000;

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
  test::Mutator mutator(20);
  for (int round = 0; round < rounds; ++round) {
    Bytes input = from[mutator.below(from.size())];
    for (auto times = 1 + mutator.below(4); times > 0; --times) mutator.mutate(input, from[mutator.below(from.size())]);
    try_out(input);
  }
}
