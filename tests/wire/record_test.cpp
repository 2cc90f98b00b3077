#include "wire/record.hpp"

#include <doctest/doctest.h>

#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"

using namespace bothends;
using namespace bothends::wire;

namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

}  // namespace

TEST_CASE("a record, and octets after it") {
  auto bytes = hex("15 0303 0002 0228 16");
  auto parsed = parse_record(bytes);
  REQUIRE(parsed.complete());
  CHECK(parsed.used == 7);
  CHECK(parsed.value->type == alert);
  CHECK(parsed.value->version == tls1_2);
  CHECK(parsed.value->fragment == hex("0228"));
  CHECK(encode(*parsed.value) == hex("15 0303 0002 0228"));
}

TEST_CASE("every prefix of a record needs more") {
  auto whole = in_records(handshake, tls1_0, test::client_hello());
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(parse_record(View(whole).first(size)).need_more());
  CHECK(parse_record(whole).complete());
}

TEST_CASE("what is no record is found out by its first octets") {
  for (auto bytes : {hex("48"), hex("13"), hex("19"), hex("80"), hex("1604"), hex("1602"), hex("1603034801")}) {
    auto parsed = parse_record(bytes);
    CHECK_FALSE(parsed.complete());
    CHECK_FALSE(parsed.need_more());
    CHECK_FALSE(parsed.malformed.empty());
  }
  CHECK(parse_record(hex("1603034800")).need_more());
  CHECK_FALSE(parse_record(view_of("HTTP/1.1 400 Bad Request\r\n")).malformed.empty());
}

TEST_CASE("a message in small records") {
  auto bytes = in_records(handshake, tls1_2, hex("0102030405"), 2);
  CHECK(bytes == hex("160303000201 02 1603030002 0304 1603030001 05"));
  CHECK(in_records(handshake, tls1_2, {}).empty());
}

TEST_CASE("records come out whatever the pieces they come in") {
  auto bytes = in_records(handshake, tls1_2, test::client_hello(), 100);
  append(bytes, hex("150303000201 00 1603030000"));
  for (std::size_t piece : {1u, 2u, 7u, 10000u}) {
    RecordReader reader;
    Bytes again;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(View(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      while (auto record = reader.next()) append(again, encode(*record));
    }
    CHECK(again == bytes);
    CHECK(reader.pending() == 0);
    CHECK(reader.malformed().empty());
  }
}

TEST_CASE("a reader stays malformed and keeps only the beginning of what it met") {
  RecordReader reader;
  reader.feed(hex("15 0303 0002 0228"));
  reader.feed(view_of("SSH-2.0-OpenSSH_9.2\r\n"));
  CHECK(reader.next());
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.malformed().empty());
  CHECK(text_of(reader.rest()) == "SSH-2.0-OpenSSH_9.2\r\n");
  for (int i = 0; i < 1000; ++i) reader.feed(view_of("more and more of it"));
  CHECK(reader.pending() == 64);
  CHECK_FALSE(reader.next());
}

TEST_CASE("messages across fragments and two in one fragment") {
  MessageReader reader;
  auto two = test::server_hello_13();
  append(two, test::encrypted_extensions());
  reader.feed(View(two).first(3));
  CHECK_FALSE(reader.next());
  reader.feed(View(two).subspan(3));
  CHECK(reader.next().value().whole == test::server_hello_13());
  auto second = reader.next().value();
  CHECK(second.type == encrypted_extensions);
  CHECK(second.body().size() + 4 == second.whole.size());
  CHECK(reader.pending() == 0);
}

TEST_CASE("a message that is too long is refused by its header") {
  MessageReader reader(100);
  reader.feed(hex("01 000060"));  // 96 + 4: just fits
  CHECK_FALSE(reader.next());
  CHECK(reader.malformed().empty());
  MessageReader other(100);
  other.feed(hex("01 000061"));
  CHECK_FALSE(other.next());
  CHECK_FALSE(other.malformed().empty());
  other.feed(Bytes(1000));
  CHECK(other.pending() == 0);
}
