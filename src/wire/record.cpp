#include "wire/record.hpp"

#include <algorithm>
#include <cassert>

#include "wire/codes.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace bothends::wire {
namespace {

constexpr std::size_t longest_fragment = 16384 + 2048;  // RFC 5246 section 6.2.3; RFC 8446 allows less
constexpr std::size_t kept_when_malformed = 64;

/// Judges each octet as soon as it is here, so that a peer who speaks another protocol is found out by its first one.
std::string refusal_of_header(View bytes) {
  if (!bytes.empty() && (bytes[0] < change_cipher_spec || bytes[0] > heartbeat))
    return "not a TLS record: content type " + std::to_string(bytes[0]);
  if (bytes.size() > 1 && bytes[1] != 3) return "not a TLS record: major version " + std::to_string(bytes[1]);
  if (bytes.size() > 4 && static_cast<std::size_t>(bytes[3] << 8 | bytes[4]) > longest_fragment)
    return "a record of " + std::to_string(bytes[3] << 8 | bytes[4]) + " octets is longer than TLS allows";
  return {};
}

void discard(Bytes& buffer, std::size_t& used) {
  buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(used));
  used = 0;
}

}  // namespace

Parsed<Record> parse_record(View bytes) {
  Parsed<Record> parsed;
  parsed.malformed = refusal_of_header(bytes);
  if (!parsed.malformed.empty()) return parsed;
  Reader reader(bytes);
  Record record;
  record.type = reader.u8();
  record.version = reader.u16();
  View fragment = reader.vector16();
  if (!reader.ok()) return parsed;
  record.fragment = bytes_of(fragment);
  parsed.value = std::move(record);
  parsed.used = bytes.size() - reader.left();
  return parsed;
}

Bytes encode(const Record& record) {
  return Writer().u8(record.type).u16(record.version).vector16(record.fragment).bytes();
}

Bytes in_records(std::uint8_t type, std::uint16_t version, View payload, std::size_t fragment) {
  assert(fragment > 0);
  Writer writer;
  while (!payload.empty()) {
    View piece = payload.first(std::min(fragment, payload.size()));
    writer.u8(type).u16(version).vector16(piece);
    payload = payload.subspan(piece.size());
  }
  return std::move(writer).bytes();
}

void RecordReader::feed(View bytes) {
  if (!malformed_.empty()) {
    std::size_t kept = std::min(pending(), kept_when_malformed);
    bytes = bytes.first(std::min(bytes.size(), kept_when_malformed - kept));
  }
  discard(buffer_, at_);
  append(buffer_, bytes);
}

std::optional<Record> RecordReader::next() {
  if (!malformed_.empty()) return std::nullopt;
  auto parsed = parse_record(rest());
  malformed_ = std::move(parsed.malformed);
  at_ += parsed.used;
  if (!malformed_.empty()) {
    discard(buffer_, at_);
    buffer_.resize(std::min(buffer_.size(), kept_when_malformed));
  }
  return std::move(parsed.value);
}

void MessageReader::feed(View fragment) {
  if (!malformed_.empty()) return;
  discard(buffer_, at_);
  append(buffer_, fragment);
}

std::optional<Message> MessageReader::next() {
  if (!malformed_.empty()) return std::nullopt;
  View rest = View(buffer_).subspan(at_);
  Reader reader(rest);
  Message message;
  message.type = reader.u8();
  std::size_t size = reader.u24();
  if (!reader.ok()) return std::nullopt;
  if (size + 4 > limit_) {
    malformed_ = "a handshake message of " + std::to_string(size) + " octets is too long";
    buffer_.clear();
    at_ = 0;
    return std::nullopt;
  }
  if (reader.left() < size) return std::nullopt;
  message.whole = bytes_of(rest.first(size + 4));
  at_ += size + 4;
  return message;
}

}  // namespace bothends::wire
