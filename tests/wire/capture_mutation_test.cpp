// The fuzz target on mutations of good captures: the same ones at every run, and no fuzzer needed.
#include <doctest/doctest.h>

#include "tests/wire/mutator.hpp"
#include "tests/wire/packets.hpp"

using namespace bothends;
using namespace bothends::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int rounds = 400000;

std::vector<Captured> packets() {
  auto record = hello_record(200);
  auto half = bytes_of(View(record).first(100)), rest = bytes_of(View(record).subspan(100));
  auto ip = ipv6(tcp({.sequence = 101, .payload = rest}));
  return {{ethernet(0x0800, ipv4(tcp({.sequence = 0, .syn = true})))},
          {ethernet(0x8100, from_hex("00010800").value())},
          {ethernet(0x0800, ipv4(tcp({.sequence = 101, .payload = rest})))},
          {ethernet(0x86dd, ip), 10},
          {ethernet(0x0800, ipv4(tcp({.sequence = 1, .payload = half})))}};
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> seeds{hello_record()};
  for (bool little : {true, false}) {
    seeds.push_back(pcap(packets(), 1, little));
    seeds.push_back(pcapng(packets(), {1, 101}, little));
    seeds.push_back(pcapng(packets(), {1}, little, true));
  }
  seeds.push_back(pcap({{ipv4(tcp({.sequence = 1, .payload = hello_record()}))}}, 101));
  seeds.push_back(bytes_of(view_of(to_hex(hello_record()))));
  seeds.push_back(bytes_of(view_of("00000000: 1603 0100 0401 00  .......\n0x0007:  0016 03  ab")));
  return seeds;
}

void try_out(const Bytes& input) {
  Bytes exact(input.begin(), input.end());  // no spare capacity, where a read past the end could hide
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

TEST_CASE("the laws hold for every capture and each of its prefixes") {
  for (const auto& seed : seeds())
    for (std::size_t size = 0; size <= seed.size(); ++size) try_out(bytes_of(View(seed).first(size)));
}

TEST_CASE("the laws hold for mutations") {
  const auto from = seeds();
  Mutator mutator(21);
  for (int round = 0; round < rounds; ++round) {
    Bytes input = from[mutator.below(from.size())];
    for (auto times = 1 + mutator.below(4); times > 0; --times) mutator.mutate(input, from[mutator.below(from.size())]);
    try_out(input);
  }
}
