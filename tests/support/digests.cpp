#include "tests/support/digests.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <tuple>

namespace bothends::test {
namespace {

/// The message, a one bit, zeros, and its length in bits: whole blocks of 64 octets.
Bytes padded(View message, bool big_endian) {
  Bytes out = bytes_of(message);
  out.push_back(0x80);
  while (out.size() % 64 != 56) out.push_back(0);
  std::uint64_t bits = message.size() * 8;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(bits >> 8 * (big_endian ? 7 - i : i)));
  return out;
}

std::uint32_t word(View block, std::size_t index, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(block[index * 4 + i]) << 8 * (big_endian ? 3 - i : i);
  return value;
}

template <std::size_t N>
Bytes octets(const std::array<std::uint32_t, N>& state, bool big_endian) {
  Bytes out;
  for (auto value : state)
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? 3 - i : i)));
  return out;
}

void md5_block(std::array<std::uint32_t, 4>& state, View block) {
  constexpr int turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (unsigned i = 0; i < 64; ++i) {
    std::uint32_t mixed[] = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)};
    unsigned index[] = {i, (5 * i + 1) % 16, (3 * i + 5) % 16, (7 * i) % 16};
    auto sine = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    std::uint32_t sum = a + mixed[i / 16] + sine + word(block, index[i / 16], false);
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, turns[i / 16][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

/// The first 32 bits of the fractional part of a root of the n-th prime.
std::uint32_t root_fraction(unsigned n, bool cube) {
  unsigned prime = 1;
  for (unsigned found = 0; found <= n;) {
    ++prime;
    bool divisible = false;
    for (unsigned d = 2; d * d <= prime; ++d) divisible = divisible || prime % d == 0;
    found += !divisible;
  }
  long double root = cube ? std::cbrt(static_cast<long double>(prime)) : std::sqrt(static_cast<long double>(prime));
  return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

std::array<std::uint32_t, 64> sha256_constants() {
  std::array<std::uint32_t, 64> constants{};
  for (unsigned i = 0; i < 64; ++i) constants[i] = root_fraction(i, true);
  return constants;
}

void sha256_block(std::array<std::uint32_t, 8>& state, View block) {
  static const auto constants = sha256_constants();
  std::array<std::uint32_t, 64> w{};
  for (unsigned i = 0; i < 16; ++i) w[i] = word(block, i, true);
  for (unsigned i = 16; i < 64; ++i) {
    std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (unsigned i = 0; i < 64; ++i) {
    std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
    std::uint32_t t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    std::array<std::uint32_t, 8> turned{t1 + t2, a, b, c, d + t1, e, f, g};
    std::tie(a, b, c, d, e, f, g, h) = std::tuple_cat(turned);
  }
  std::array<std::uint32_t, 8> sum{a, b, c, d, e, f, g, h};
  for (unsigned i = 0; i < 8; ++i) state[i] += sum[i];
}

}  // namespace

Bytes md5(View message) {
  std::array<std::uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  Bytes blocks = padded(message, false);
  for (std::size_t at = 0; at < blocks.size(); at += 64) md5_block(state, View(blocks).subspan(at, 64));
  return octets(state, false);
}

Bytes sha256(View message) {
  std::array<std::uint32_t, 8> state{};
  for (unsigned i = 0; i < 8; ++i) state[i] = root_fraction(i, false);
  Bytes blocks = padded(message, true);
  for (std::size_t at = 0; at < blocks.size(); at += 64) sha256_block(state, View(blocks).subspan(at, 64));
  return octets(state, true);
}

}  // namespace bothends::test
