// The record layer (RFC 8446 section 5.1) and the handshake messages it carries, as octets arrive in any pieces.
#pragma once

#include "base/bytes.hpp"
#include "wire/parsed.hpp"

namespace bothends::wire {

struct Record {
  std::uint8_t type = 0;
  std::uint16_t version = 0;
  Bytes fragment;
};

/// Refused as malformed: a content type outside 20…24, a major version other than 3, more than 2^14 + 2048 octets.
Parsed<Record> parse_record(View bytes);
Bytes encode(const Record& record);
/// A whole message in as many records as `fragment` demands.
Bytes in_records(std::uint8_t type, std::uint16_t version, View payload, std::size_t fragment = 16384);

/// Collects octets, hands out records. Once malformed it stays so; holds at most one incomplete record.
class RecordReader {
 public:
  void feed(View bytes);
  std::optional<Record> next();
  const std::string& malformed() const { return malformed_; }
  /// Octets that wait for the rest of their record.
  std::size_t pending() const { return buffer_.size() - at_; }
  /// The same as octets. Once malformed: the first 64 at most, beginning with what is no record.
  View rest() const { return View(buffer_).subspan(at_); }

 private:
  Bytes buffer_;
  std::size_t at_ = 0;
  std::string malformed_;
};

/// One handshake message with its four-octet header.
struct Message {
  std::uint8_t type = 0;
  Bytes whole;
  View body() const { return View(whole).subspan(4); }
};

/// Collects handshake fragments, hands out messages. A message over `limit` octets is malformed.
class MessageReader {
 public:
  explicit MessageReader(std::size_t limit = 1 << 18) : limit_(limit) {}
  void feed(View fragment);
  std::optional<Message> next();
  const std::string& malformed() const { return malformed_; }
  std::size_t pending() const { return buffer_.size() - at_; }

 private:
  std::size_t limit_;
  Bytes buffer_;
  std::size_t at_ = 0;
  std::string malformed_;
};

}  // namespace bothends::wire
