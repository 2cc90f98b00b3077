#include "wire/hello.hpp"

#include <doctest/doctest.h>

#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

using namespace bothends;
using namespace bothends::wire;
using test::extension;
using test::text;
using test::v16;
using test::v8;

namespace {

const std::string random_octets(64, '0');

/// A ClientHello whose extensions are these, in hex with their length.
Bytes hello_ending(const std::string& extensions_hex) {
  return test::message(1, "0303" + random_octets + v8("") + v16("1301") + v8("00") + extensions_hex);
}

ClientHello hello_with(const std::string& extensions_hex) {
  auto parsed = parse_client_hello(hello_ending(v16(extensions_hex)));
  REQUIRE_MESSAGE(parsed.complete(), parsed.malformed);
  return *parsed.value;
}

bool refused(const Bytes& message) {
  auto parsed = parse_client_hello(message);
  return !parsed.complete() && !parsed.need_more();
}

}  // namespace

TEST_CASE("a ClientHello says what its extensions say") {
  auto hello = parse_client_hello(test::client_hello()).value.value();
  CHECK(hello.legacy_version == tls1_2);
  CHECK(hello.session_id == Bytes{1, 2});
  CHECK(hello.cipher_suites == Codes{0x3a3a, 0x1301, 0xc02f, 0x00ff});
  CHECK(hello.sni() == "shop.test");
  CHECK(hello.alpn() == std::vector<std::string>{"h2", "http/1.1"});
  CHECK(hello.versions() == Codes{0x1a1a, 0x0304, 0x0303});
  CHECK(hello.groups() == Codes{0x2a2a, 0x001d, 0x0017});
  CHECK(hello.key_share_groups() == Codes{0x2a2a, 0x001d});
  CHECK(hello.signature_schemes() == Codes{0x0403, 0x0804, 0x0401});
  CHECK(hello.point_formats() == Bytes{0});
  CHECK(hello.psk_modes() == Bytes{1});
  CHECK(hello.extension_types().front() == 0x0a0a);
  CHECK(hello.has(renegotiation_info));
  CHECK_FALSE(hello.has(early_data));
}

TEST_CASE("no extensions and an empty list of them are two things") {
  auto without = parse_client_hello(test::client_hello_without_extensions()).value.value();
  CHECK_FALSE(without.extensions);
  CHECK(without.versions() == Codes{ssl3});
  CHECK_FALSE(without.sni());
  CHECK(without.alpn().empty());
  CHECK(encode(without) == test::client_hello_without_extensions());

  auto empty = hello_with("");
  REQUIRE(empty.extensions);
  CHECK(empty.extensions->empty());
  CHECK(encode(empty) == hello_ending("0000"));
}

TEST_CASE("unknown and repeated extensions survive in order") {
  auto list = extension("abcd", "0102") + extension("0010", "") + extension("abcd", "") +
              extension("0010", v16(v8(text("h2"))));
  auto hello = hello_with(list);
  CHECK(hello.extension_types() == Codes{0xabcd, 0x0010, 0xabcd, 0x0010});
  CHECK(hello.alpn().empty());  // the first one counts, and it is malformed
  CHECK(encode(hello) == hello_ending(v16(list)));
}

TEST_CASE("a malformed extension leaves the hello whole and says nothing") {
  CHECK_FALSE(hello_with(extension("0000", "")).sni());  // as a server answers
  CHECK_FALSE(hello_with(extension("0000", v16("00" + v16("")))).sni());
  CHECK_FALSE(hello_with(extension("0000", v16("00" + v16(text("a"))) + "00")).sni());
  CHECK_FALSE(hello_with(extension("0000", v16("01" + v16(text("a"))))).sni());
  CHECK(hello_with(extension("0000", v16("01" + v16("ff") + "00" + v16(text("a")) + "00" + v16(text("b"))))).sni() ==
        "a");
  CHECK(hello_with(extension("0010", v16(v8("")))).alpn().empty());
  CHECK(hello_with(extension("0010", v16("05" + text("h2")))).alpn().empty());
  CHECK(hello_with(extension("002b", v8("030403"))).versions().empty());
  CHECK(hello_with(extension("002b", v8("0304") + "00")).versions().empty());
  CHECK(hello_with(extension("000a", v16("001d00"))).groups().empty());
  CHECK(hello_with(extension("000d", "0004040308")).signature_schemes().empty());
  CHECK(hello_with(extension("0033", v16("001d0020aa"))).key_share_groups().empty());
  CHECK(hello_with(extension("000b", "0200")).point_formats().empty());
}

TEST_CASE("what can never become a ClientHello") {
  CHECK(refused(test::server_hello_13()));
  CHECK(refused(Bytes{2}));
  CHECK(refused(hello_ending("0001")));                             // the list is longer than the message
  CHECK(refused(hello_ending("00")));                               // half a length
  CHECK(refused(hello_ending(v16("002b000503040303"))));            // an extension is longer than the list
  CHECK(refused(hello_ending(v16(extension("002b", "")) + "00")));  // octets after the list
  CHECK(refused(test::message(1, "")));
  CHECK(refused(test::message(1, "0303" + random_octets + v8("") + v16("130113") + v8("00"))));
  CHECK(refused(test::message(1, "0303" + random_octets + v8(std::string(66, '0')) + v16("1301") + v8("00"))));
  auto truncated = parse_client_hello(test::message(1, "0303" + random_octets));
  CHECK(truncated.malformed.find("ClientHello: ") == 0);
}

TEST_CASE("octets after a message are left alone") {
  auto two = test::client_hello();
  append(two, test::client_hello());
  auto parsed = parse_client_hello(two);
  REQUIRE(parsed.complete());
  CHECK(parsed.used == two.size() / 2);
}

TEST_CASE("ServerHello: version, group and ALPN in every form") {
  auto tls13 = parse_server_hello(test::server_hello_13()).value.value();
  CHECK(tls13.version() == tls1_3);
  CHECK(tls13.group() == 0x001d);
  CHECK(tls13.cipher_suite == 0x1301);
  CHECK_FALSE(tls13.is_hello_retry_request());

  auto tls12 = parse_server_hello(test::server_hello_12()).value.value();
  CHECK(tls12.version() == tls1_2);
  CHECK(tls12.group() == 0);
  CHECK(tls12.alpn() == "http/1.1");

  auto retry = parse_server_hello(test::retry_request()).value.value();
  CHECK(retry.is_hello_retry_request());
  CHECK(retry.group() == 0x0017);
  CHECK(retry.version() == tls1_3);
  for (const auto& message : {test::server_hello_13(), test::server_hello_12(), test::retry_request()})
    CHECK(encode(*parse_server_hello(message).value) == message);
}

TEST_CASE("a ServerHello that ends before its extensions") {
  auto message = test::message(2, "0300" + random_octets + v8("") + "003500");
  auto hello = parse_server_hello(message).value.value();
  CHECK_FALSE(hello.extensions);
  CHECK(hello.version() == ssl3);
  CHECK(encode(hello) == message);
}

TEST_CASE("the reader fails once and for all") {
  Bytes bytes{0, 5, 1, 2};
  Reader reader(bytes);
  CHECK(reader.vector16().empty());
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK(reader.rest().empty());
  CHECK_FALSE(reader.done());
}

TEST_CASE("the writer writes what the reader reads") {
  auto bytes = Writer()
                   .u8(1)
                   .u16(0x0203)
                   .u24(0x040506)
                   .u32(0x0708090a)
                   .vector8(Bytes{1})
                   .vector16({})
                   .vector24(Bytes{2})
                   .bytes();
  Reader reader(bytes);
  CHECK(reader.u8() == 1);
  CHECK(reader.u16() == 0x0203);
  CHECK(reader.u24() == 0x040506);
  CHECK(reader.u32() == 0x0708090a);
  CHECK(bytes_of(reader.vector8()) == Bytes{1});
  CHECK(reader.vector16().empty());
  CHECK(bytes_of(reader.vector24()) == Bytes{2});
  CHECK(reader.done());
}
