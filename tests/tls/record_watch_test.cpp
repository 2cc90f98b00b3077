#include "tls/record_watch.hpp"

#include <doctest/doctest.h>

using namespace bothends;

namespace {

struct Seen {
  wire::Transcript transcript;
  tls::RecordWatch watch;
};

Seen feed(std::string_view octets, std::size_t piece) {
  Seen seen;
  for (std::size_t i = 0; i < octets.size(); i += piece)
    seen.watch.feed(view_of(octets.substr(i, piece)), seen.transcript);
  return seen;
}

}  // namespace

TEST_CASE("octets that are no record are kept, at most 64 of them") {
  const std::string text = "HTTP/1.1 400 Bad Request\r\n" + std::string(100, 'x');
  for (const std::size_t piece : {1, 3, 200}) {
    const auto seen = feed(text, piece);
    CHECK(seen.watch.foreign());
    CHECK(text_of(seen.transcript.foreign) == text.substr(0, 64));
    CHECK(seen.transcript.malformed.empty());
  }
}

TEST_CASE("a foreign peer that says little is noticed, but not yet sure enough to stop") {
  const auto seen = feed("?\n", 1);
  CHECK_FALSE(seen.watch.foreign());
  CHECK(text_of(seen.transcript.foreign) == "?\n");
}

TEST_CASE("good records, in any pieces, are neither foreign nor malformed") {
  const std::string records(
      "\x16\x03\x01\x00\x03"
      "abc"
      "\x14\x03\x03\x00\x01\x01"
      "\x17\x03\x03\x00\x02"
      "xy",
      21);
  for (const std::size_t piece : {1, 2, 7, 100}) {
    const auto seen = feed(records, piece);
    CHECK_FALSE(seen.watch.foreign());
    CHECK_FALSE(seen.watch.malformed());
    CHECK(seen.transcript.foreign.empty());
  }
}

TEST_CASE("nonsense after a good record is malformed, not foreign") {
  const std::string records(
      "\x16\x03\x01\x00\x03"
      "abc"
      "HTTP/1.1 200 OK",
      23);
  const auto seen = feed(records, 5);
  CHECK(seen.watch.malformed());
  CHECK_FALSE(seen.transcript.malformed.empty());
  CHECK(seen.transcript.foreign.empty());
}

TEST_CASE("the last alert in the clear is kept, a protected one is not") {
  const std::string handshake("\x16\x03\x03\0\x02hi", 7);
  const std::string warning("\x15\x03\x03\0\x02\x01\x5a", 7);
  const std::string fatal("\x15\x03\x01\0\x02\x02\x46", 7);
  const std::string sealed("\x15\x03\x03\0\x05xxxxx", 10);
  for (const std::size_t piece : {1, 3, 200}) {
    const auto seen = feed(handshake + warning + fatal + sealed, piece);
    CHECK(to_hex(seen.watch.plain_alert()) == "0246");
    CHECK_FALSE(seen.watch.awaits_alert());
    CHECK(feed(handshake + sealed, piece).watch.plain_alert().empty());
    const auto part = feed(warning + fatal.substr(0, 6), piece);
    CHECK(to_hex(part.watch.plain_alert()) == "02");
    CHECK(part.watch.awaits_alert());
  }
}
