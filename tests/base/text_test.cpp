#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace bothends;
using namespace std::string_view_literals;

TEST_CASE("plain text and other scripts stay as they are") {
  CHECK(printable("shop.test: grün, 日本, ελλάς, 🙂") == "shop.test: grün, 日本, ελλάς, 🙂");
}

TEST_CASE("nothing that moves a cursor or turns the text around gets through") {
  CHECK(printable("a\n\tb\r\x1b[31m\x7f\0"sv) == "a\\n\\tb\\x0d\\x1b[31m\\x7f\\x00");
  CHECK(printable("\\n") == "\\\\n");
  CHECK(printable("\u0085\u009b") == "\\u{0085}\\u{009b}");
  CHECK(printable("a\u202eb\u2066c") == "a\\u{202e}b\\u{2066}c");
  CHECK(printable("\u200b\u200f\ufeff\u2028\u2029") == "\\u{200b}\\u{200f}\\u{feff}\\u{2028}\\u{2029}");
}

TEST_CASE("every code point that must be escaped is") {
  auto utf8 = [](unsigned c) {
    std::string s;
    if (c < 0x80) return s += static_cast<char>(c);
    if (c < 0x800) s += static_cast<char>(0xc0 | c >> 6);
    if (c >= 0x800) (s += static_cast<char>(0xe0 | c >> 12)) += static_cast<char>(0x80 | (c >> 6 & 63));
    return s += static_cast<char>(0x80 | (c & 63));
  };
  auto escaped = [&](unsigned c) { return printable(utf8(c)).starts_with('\\'); };
  for (unsigned c = 0; c < 0x20; ++c) CHECK(escaped(c));
  for (unsigned c = 0x7f; c < 0xa0; ++c) CHECK(escaped(c));
  for (unsigned c = 0x200b; c <= 0x200f; ++c) CHECK(escaped(c));
  for (unsigned c = 0x2028; c <= 0x202e; ++c) CHECK(escaped(c));
  for (unsigned c = 0x2066; c <= 0x2069; ++c) CHECK(escaped(c));
  for (unsigned c = 0xd800; c <= 0xdfff; c += 0xff) CHECK(printable(utf8(c)).starts_with("\\xed\\x"));
  CHECK(escaped(0xfeff));
  for (unsigned c : {0x20u, 0x41u, 0x7eu, 0xa0u, 0xe9u, 0x200au, 0x2010u, 0x2027u, 0x2030u}) CHECK_FALSE(escaped(c));
}

TEST_CASE("octets that are not UTF-8 are shown as octets") {
  CHECK(printable("\x16\x03\x01\xff\x80") == "\\x16\\x03\\x01\\xff\\x80");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("a\xe2\x82") == "a\\xe2\\x82");  // cut off
  for (auto bad : {"\xc0\xaf"sv, "\xed\xa0\x80"sv, "\xf5\x80\x80\x80"sv, "\x80"sv, "\xe2\x82"sv})
    CHECK_FALSE(is_utf8(bad));
  CHECK(is_utf8("grün 🙂"));
  CHECK(is_utf8(""));
}

TEST_CASE("long text is cut and says how much is missing") {
  CHECK(printable("äöüß", 4) == "äöüß");
  CHECK(printable("äöüß!", 2) == "äö… (3 more)");
  CHECK(printable(std::string(1000000, '\n')).size() < 1100);
  CHECK(printable("x", 0) == "… (1 more)");
}

TEST_CASE("trim, split, join, lower") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim("  ").empty());
  CHECK(split("a,,b", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(join(split("a,,b", ','), ", ") == "a, , b");
  CHECK(lower("ÄBC-Z") == "Äbc-z");
}

TEST_CASE("display width counts columns") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("grün") == 4);
  CHECK(display_width("gru\u0308n") == 4);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("🙂") == 2);
  CHECK(display_width("→ …") == 3);
}

TEST_CASE("a typing error is guessed, another word is not") {
  std::vector<std::string> words{"origin", "proxy", "certs", "try", "min_version", "alpn"};
  CHECK(did_you_mean("orgin", words) == "origin");
  CHECK(did_you_mean("oirgin", words) == "origin");
  CHECK(did_you_mean("PROXY", words) == "proxy");
  CHECK(did_you_mean("min-version", words) == "min_version");
  CHECK(did_you_mean("aplnn", words) == std::nullopt);
  CHECK(did_you_mean("aplpn", words) == "alpn");
  CHECK(did_you_mean("banana", words) == std::nullopt);
  CHECK(did_you_mean("", words) == std::nullopt);
  CHECK(did_you_mean(std::string(100000, 'a'), words) == std::nullopt);
}

TEST_CASE("names by RFC 6125") {
  CHECK(name_matches("shop.test", "SHOP.test."));
  CHECK(name_matches("*.shop.test", "www.shop.test"));
  CHECK(name_matches("*.Shop.test", "xn--bcher-kva.sHop.test"));
  CHECK_FALSE(name_matches("*.shop.test", "shop.test"));
  CHECK_FALSE(name_matches("*.shop.test", "a.b.shop.test"));
  CHECK_FALSE(name_matches("*.shop.test", ".shop.test"));
  CHECK_FALSE(name_matches("w*.shop.test", "www.shop.test"));
  CHECK_FALSE(name_matches("www.*.test", "www.shop.test"));
  CHECK_FALSE(name_matches("*.*.test", "www.shop.test"));
  CHECK_FALSE(name_matches("*", "localhost"));
  CHECK_FALSE(name_matches("*.test", "shop.test"));
  CHECK_FALSE(name_matches("", ""));
  CHECK_FALSE(name_matches("*.shop.test", "a\0b.shop.test"sv));
  CHECK_FALSE(name_matches("shop.test", "shop.test\0"sv));
}

TEST_CASE("an IP literal is not a name") {
  CHECK_FALSE(name_matches("127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(name_matches("*.0.0.1", "127.0.0.1"));
  CHECK_FALSE(name_matches("::1", "::1"));
  CHECK(name_matches("1.2.3.4.example", "1.2.3.4.example"));
}
