#include "wire/hex_text.hpp"

#include <doctest/doctest.h>

using namespace bothends;

namespace {

std::string read(std::string_view text) {
  auto dumps = wire::octets_of_text(text);
  if (!dumps) return dumps.error().what;
  std::string all;
  for (const auto& dump : *dumps) all += (all.empty() ? "" : " | ") + to_hex(dump);
  return all;
}

}  // namespace

TEST_CASE("plain hex in any grouping") {
  for (auto text : {"160301", "16 03 01\n", "16:03:01", "0x16, 0x03, 0x01", "1603 01", "\\x16\\x03\\x01",
                    "{0x16,0x03,\r\n 0x01};", "16-03-01", "\"1603\"\n\"01\"", "0x160301"})
    CHECK(read(text) == "160301");
  CHECK(read("").empty());
}

TEST_CASE("dumps with offsets") {
  CHECK(read("00000000: 1603 0100 0001 0203 0405 0607 0809 0a0b  ................\n"
             "00000010: 6162                                     ab\n") ==
        "1603010000010203040506070809"
        "0a0b6162");
  CHECK(read("00000000  16 03 01 00 00 01 02 03  04 05 06 07 08 09 0a 0b  |................|\n"
             "00000010  61 62                                             |ab|\n00000012\n") ==
        "16030100000102030405060708090a0b6162");
  CHECK(read("0000   16 03 01 61 62 63                                 ...abc\n") == "160301616263");
  CHECK(read("12:00:01.2 IP a > b: Flags [P.]\n\t0x0000:  4500 0034 6162\n\t0x0006:  6364 ad ad\n"
             "12:00:01.3 IP a > b:\n\t0x0000:  4501\n") ==
        "450000346162"
        "6364adad | 4501");
  // What stands beside the octets may look like hex itself.
  CHECK(read("00000000: 6162 6364 6566 6768 696a 6b6c 6d6e 6f70  abcdefabcdefabcd\n"
             "00000010: 61                                       a\n") ==
        "6162636465666768696a6b6c6d6e6f70"
        "61");
}

TEST_CASE("what is no hex is told with its place") {
  CHECK(read("16 03\n01 xy") == "line 2, column 4: \"x\" is no hex digit");
  CHECK(read("160") == "line 1, column 4: a hex digit stands alone: octets have two");
  CHECK(read("16 0 3") == "line 1, column 5: a hex digit stands alone: octets have two");
  CHECK(read("\x1b") == "line 1, column 1: \"\\x1b\" is no hex digit");
}
