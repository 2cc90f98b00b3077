#include "base/embedded.hpp"

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <string_view>

using namespace std::string_view_literals;

namespace bothends {

std::span<const EmbeddedFile> awkward();

TEST_CASE("embedded files keep their names and every octet") {
  REQUIRE(awkward().size() == 2);
  CHECK(awkward()[0].name == "awkward.txt");
  const std::string_view lines =
      "quote \" backslash \\ \\n trigraph \?\?/ \"\?\?=\" tab\there CR\r\nNUL \0007 \0018 high \377\376 umlaut \303\274)\"\n\n"sv;
  CHECK(awkward()[0].content == std::string(lines) + std::string(300, 'x'));
}

TEST_CASE("an empty file is embedded as an empty one") {
  CHECK(awkward()[1].name == "empty.txt");
  CHECK(awkward()[1].content.empty());
}

}  // namespace bothends
