#include "wire/der.hpp"

#include <doctest/doctest.h>

using namespace bothends;
using namespace bothends::wire;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

Bytes element(std::uint8_t tag, const Bytes& content) {
  Bytes made{tag};
  if (content.size() >= 0x80)
    append(made,
           Bytes{0x82, static_cast<std::uint8_t>(content.size() >> 8), static_cast<std::uint8_t>(content.size())});
  else
    made.push_back(static_cast<std::uint8_t>(content.size()));
  append(made, content);
  return made;
}

Bytes sum(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const auto& part : parts) append(all, part);
  return all;
}

/// A common name in some kind of string.
Bytes name(std::string_view text, std::uint8_t kind = 0x0c) {
  const auto attribute = element(0x30, sum({hex("0603550403"), element(kind, bytes_of(view_of(text)))}));
  return element(0x30, element(0x31, attribute));
}

Bytes certificate(const Bytes& issuer, const Bytes& subject, bool v3 = true) {
  const auto body = sum({v3 ? hex("a003020102") : Bytes{}, hex("02017f"), hex("3000"), issuer, hex("3000"), subject});
  return element(0x30, element(0x30, body));
}

}  // namespace

TEST_CASE("an element is cut off the front, one that is not whole is not") {
  const Bytes two = hex("020105 0500");
  View rest(two);
  const auto first = take_der(rest);
  REQUIRE(first);
  CHECK(first->tag == 2);
  CHECK(to_hex(first->content) == "05");
  CHECK(to_hex(first->whole) == "020105");
  CHECK(take_der(rest)->content.empty());
  CHECK_FALSE(take_der(rest));
  for (const auto* bad : {"", "02", "0202ff", "3080 0000", "0485ffffffffff00", "0484ffffffff", "1f8101 00", "0482ff"}) {
    const Bytes octets = hex(bad);
    View left(octets);
    CHECK_FALSE(take_der(left));
    CHECK(left.size() == octets.size());
  }
  const Bytes padded = hex("04840000000141");
  View left(padded);
  CHECK(to_hex(take_der(left)->content) == "41");
}

TEST_CASE("issuer and subject of a certificate, of version 1 too") {
  for (const bool v3 : {true, false}) {
    const auto der = certificate(name("Root"), name("shop.test"), v3);
    const auto names = names_of_certificate(der);
    REQUIRE(names);
    CHECK(bytes_of(names->issuer) == name("Root"));
    CHECK(bytes_of(names->subject) == name("shop.test"));
  }
}

TEST_CASE("a certificate cut anywhere before its subject's end has no names, and nothing is read beyond") {
  const auto whole = certificate(name("Root"), name("shop.test"));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(names_of_certificate(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (unsigned value = 0; value < 256; ++value) {
      auto changed = whole;
      changed[at] = static_cast<std::uint8_t>(value);
      if (const auto names = names_of_certificate(changed)) name_key(names->subject);
    }
}

TEST_CASE("names are equal whatever their kind of string, case and space") {
  const auto key = name_key(name("Test Root"));
  CHECK(!key.empty());
  CHECK(name_key(name("Test Root", 0x13)) == key);
  CHECK(name_key(name("  test   ROOT ")) == key);
  CHECK(name_key(name("TestRoot")) != key);
  CHECK(name_key(name("Test Root 2")) != key);
  CHECK(name_key(name("Test Root", 0x1e)) != key);  // UTF-16: compared as it is
  CHECK(name_key(hex("0500")).empty());
}
