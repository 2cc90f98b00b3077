#include "base/toml_depth.hpp"

#include <doctest/doctest.h>

using bothends::check_toml_depth;

namespace {

std::string many(unsigned count, std::string_view part) {
  std::string text;
  for (unsigned i = 0; i < count; ++i) text += part;
  return text;
}

std::string refused(const std::string& text) {
  const auto checked = check_toml_depth(text, "a.toml");
  return checked ? "" : checked.error().message();
}

}  // namespace

TEST_CASE("toml depth: what people write is let through") {
  CHECK(refused("") == "");
  CHECK(refused("a.b.c = [[1, 2], { x = \"y\" }]\n[proxy.routes.\"shop.test\"]\n") == "");
  CHECK(refused(many(1000, "a.b.c = 1.5\n")) == "");
  CHECK(refused(many(1000, "[[a.b]]\n")) == "");
  CHECK(refused("a" + many(31, ".b") + " = 1") == "");
  CHECK(refused("a = " + many(32, "[") + many(32, "]")) == "");
}

TEST_CASE("toml depth: keys of too many parts and brackets in brackets are refused with their place") {
  CHECK(refused("a" + many(32, ".b") + " = 1") == "a.toml:1:64: a dotted key has more than 32 parts");
  CHECK(refused("x = 1\na" + many(20000, ".b")) == "a.toml:2:64: a dotted key has more than 32 parts");
  CHECK(refused("a" + many(40, " . \"b\"") + " = 1") != "");
  CHECK(refused("[a" + many(40, ".b") + "]") != "");
  CHECK(refused("x = { a" + many(40, ".b") + " = 1 }") != "");
  CHECK(refused("a = " + many(33, "[")) == "a.toml:1:37: brackets are nested more than 32 deep");
  CHECK(refused("a = " + many(100, "[\n")) != "");
  CHECK(refused("a = " + many(100, "[{b=")) != "");
}

TEST_CASE("toml depth: strings and comments hold what they like") {
  const std::string dots = many(100, "."), braces = many(100, "{{x}}.[");
  CHECK(refused("a = \"" + dots + braces + "\"") == "");
  CHECK(refused("a = '" + dots + braces + "'") == "");
  CHECK(refused("a = '''\n" + dots + "\n''" + braces + "\n'''\nb = 1") == "");
  CHECK(refused("a = \"\"\"\n\\\"\"\"" + braces + "\\\"\n\"\"\"\"\"\nb = 1") == "");
  CHECK(refused("# " + braces + "\na = 1") == "");
  CHECK(refused("a = \"\\\"" + braces + "\"") == "");
}

TEST_CASE("toml depth: a string's end is seen, and what follows it") {
  CHECK(refused("a = '' # '\n" + many(33, "[")) != "");
  CHECK(refused("a = \"x\\\\\"\nb = " + many(33, "[")) != "");
  CHECK(refused("a = ''''x'''''\nb = " + many(33, "[")) != "");
  CHECK(refused("a = \"unfinished\nb = " + many(33, "[")) != "");
}
