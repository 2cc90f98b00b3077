#include "base/bytes.hpp"

#include <doctest/doctest.h>

#include "base/result.hpp"

using namespace bothends;

TEST_CASE("hex goes both ways") {
  Bytes bytes{0x00, 0x7f, 0xff, 0x16};
  CHECK(to_hex(bytes) == "007fff16");
  CHECK(from_hex("00 7F\nff16") == bytes);
  CHECK(from_hex("") == Bytes{});
}

TEST_CASE("what is not hex is refused") {
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0x16"));
  CHECK_FALSE(from_hex("00 1"));
  CHECK_FALSE(from_hex("zz"));
}

TEST_CASE("a place is told as far as it is known") {
  CHECK(Place{}.text().empty());
  CHECK(Place{"a.toml"}.text() == "a.toml");
  CHECK(Place{"a.toml", 3}.text() == "a.toml:3");
  CHECK(Place{"a.toml", 3, 7}.text() == "a.toml:3:7");
  CHECK(Place{"", 3, 7}.text() == "line 3:7");
}

TEST_CASE("an error names its place first") {
  CHECK(Error{ErrorCode::syntax, "no such key", {"a.toml", 3, 7}}.message() == "a.toml:3:7: no such key");
  CHECK(Error{ErrorCode::network, "port taken", {}}.message() == "port taken");
  Result<int> result = fail(ErrorCode::usage, "x");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::usage);
}
