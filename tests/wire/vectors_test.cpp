// Real ClientHellos with known fingerprints: tests/data/hellos-ja3-ja4.json says where they are from.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/digests.hpp"
#include "wire/codes.hpp"
#include "wire/fingerprint.hpp"
#include "wire/record.hpp"

using namespace bothends;
using namespace bothends::wire;

namespace {

struct Vector {
  Bytes message;
  std::string ja3_text, ja3;
  std::vector<std::string> ja4;  // more than one where the capture held two hellos on one connection
};

std::vector<Vector> vectors() {
  std::ifstream file(TEST_DATA "/hellos-ja3-ja4.json");
  REQUIRE(file);
  std::vector<Vector> found;
  const auto data = nlohmann::json::parse(file);
  for (const auto& hello : data.at("hellos")) {
    Vector vector{
        from_hex(hello.at("clienthello_hex").get<std::string>()).value(), hello.at("ja3_full"), hello.at("ja3"), {}};
    const auto& ja4 = hello.at("ja4");
    if (ja4.is_array())
      vector.ja4 = ja4.get<std::vector<std::string>>();
    else
      vector.ja4.push_back(ja4);
    found.push_back(std::move(vector));
  }
  REQUIRE(found.size() > 50);
  return found;
}

}  // namespace

TEST_CASE("every captured ClientHello comes out as it went in") {
  for (const auto& vector : vectors()) {
    auto parsed = parse_client_hello(vector.message);
    REQUIRE(parsed.complete());
    CHECK(parsed.used == vector.message.size());
    CHECK(parsed.malformed.empty());
    CHECK(encode(*parsed.value) == vector.message);
  }
}

TEST_CASE("every proper prefix of every captured ClientHello needs more") {
  for (const auto& vector : vectors())
    for (std::size_t size = 0; size < vector.message.size(); ++size) {
      // A copy of its own, so that the sanitizer sees a read past the end.
      Bytes prefix(vector.message.begin(), vector.message.begin() + static_cast<std::ptrdiff_t>(size));
      auto parsed = parse_client_hello(prefix);
      REQUIRE_MESSAGE(parsed.need_more(), size, ": ", parsed.malformed);
    }
}

TEST_CASE("one record or a record for each octet: the same hello") {
  for (const auto& vector : vectors()) {
    RecordReader records;
    MessageReader messages;
    std::optional<Message> message;
    for (auto octet : in_records(handshake, tls1_0, vector.message, 1)) {
      REQUIRE_FALSE(message);
      records.feed(View(&octet, 1));
      while (auto record = records.next()) messages.feed(record->fragment);
      message = messages.next();
    }
    REQUIRE(message);
    CHECK(message->type == client_hello);
    CHECK(message->whole == vector.message);
    CHECK(parse_client_hello(message->whole).value == parse_client_hello(vector.message).value);
    CHECK(records.pending() == 0);
    CHECK(messages.pending() == 0);
  }
}

TEST_CASE("JA3 and JA4 are the known ones") {
  for (const auto& vector : vectors()) {
    auto hello = parse_client_hello(vector.message).value.value();
    CHECK(ja3_text(hello) == vector.ja3_text);
    CHECK(ja3(hello, test::md5) == vector.ja3);
    auto fingerprint = ja4(hello, test::sha256);
    CHECK_MESSAGE(std::find(vector.ja4.begin(), vector.ja4.end(), fingerprint) != vector.ja4.end(), fingerprint);
  }
}

TEST_CASE("the digests of this test are right") {
  CHECK(to_hex(test::md5(view_of("abc"))) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(to_hex(test::sha256(view_of("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
