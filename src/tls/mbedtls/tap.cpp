#include "tls/mbedtls/tap.hpp"

#include <mbedtls/ssl_ciphersuites.h>

#include <algorithm>

#include "wire/codes.hpp"

namespace bothends::tls::mbed {
namespace {

// A peer may send warnings and tickets for ever; a transcript ends somewhere.
constexpr std::size_t most_events = 2048;
constexpr std::size_t most_octets = std::size_t{1} << 21;

mbedtls_md_type_t hash_of(std::uint16_t suite) {
  const auto* info = suite_of(suite);
  return info != nullptr ? static_cast<mbedtls_md_type_t>(info->MBEDTLS_PRIVATE(mac)) : MBEDTLS_MD_SHA256;
}

}  // namespace

void Tap::saw(wire::Direction direction, View octets) {
  Way& on = way(direction);
  on.records.feed(octets);
  while (auto record = on.records.next()) {
    on.any_record = true;
    noted_.push_back({direction, std::move(*record)});
  }
}

void Tap::saw_application_data(wire::Direction direction) {
  if (!noted_.empty() && noted_.back().direction == direction && noted_.back().record.type == wire::application_data)
    noted_.back().application_data = true;
}

void Tap::left_over(View octets) {
  Way& on = way(wire::Direction::received);
  // Before any record: maybe too little for the library to judge, yet the start of something foreign.
  if (!on.records.malformed().empty() || !on.any_record) on.records.feed(octets);
}

void Tap::settle() {
  for (const auto& noted : noted_) read(noted);
  noted_.clear();
  complain();
}

void Tap::complain() {
  const Way& from_peer = ways_[1];
  transcript_.unfinished.reset();
  if (const View rest = from_peer.records.rest(); rest.size() > 5 && from_peer.records.malformed().empty())
    transcript_.unfinished = {rest[0], static_cast<std::size_t>(rest[3]) << 8 | rest[4], rest.size() - 5};
  if (!from_peer.records.malformed().empty()) {
    if (from_peer.any_record)
      transcript_.malformed = from_peer.records.malformed();
    else
      transcript_.foreign = bytes_of(from_peer.records.rest());
  } else if (!from_peer.messages.malformed().empty()) {
    transcript_.malformed = from_peer.messages.malformed();
  }
}

void Tap::read(const Noted& noted) {
  Way& on = way(noted.direction);
  const wire::Record& record = noted.record;
  if (record.type == wire::change_cipher_spec) {
    add(noted.direction, record.type, record.fragment, false);
    if (version_ != 0 && version_ <= wire::tls1_2) change_keys12(noted.direction);
    return;
  }
  if (version_ >= wire::tls1_3 && record.type == wire::application_data && !on.keys)
    use_secret(on, secrets(by_client(noted.direction)).handshake);
  bool in_the_clear = version_ >= wire::tls1_3 && record.type != wire::application_data;
  if (on.keys && !in_the_clear)
    read_protected(on, noted);
  else
    deliver(noted.direction, record.type, record.fragment, false);
}

void Tap::read_protected(Way& on, const Noted& noted) {
  bool known = noted.application_data || (version_ <= wire::tls1_2 && noted.record.type == wire::application_data);
  if (known) return on.keys->skip();
  if (auto opened = open(on, noted.record)) deliver(noted.direction, opened->type, opened->plain, true);
}

/// An mbedTLS server goes on to its application keys only when it has the client's Finished, not after its own as
/// RFC 8446 section 7.3 has it: the alerts of a failed client authentication come under the handshake keys. A client
/// cannot read them; we can.
std::optional<Opened> Tap::open(Way& on, const wire::Record& record) {
  auto opened = on.keys->open(record);
  if (opened)
    on.former.reset();
  else if (on.former)
    opened = on.former->open(record);
  return opened;
}

void Tap::deliver(wire::Direction direction, std::uint8_t type, View plain, bool encrypted) {
  if (type == wire::handshake) return deliver_messages(direction, plain, encrypted);
  if (type != wire::alert) return;
  for (; plain.size() >= 2; plain = plain.subspan(2)) add(direction, type, plain.first(2), encrypted);
}

void Tap::deliver_messages(wire::Direction direction, View plain, bool encrypted) {
  Way& on = way(direction);
  on.messages.feed(plain);
  while (auto message = on.messages.next()) {
    add(direction, wire::handshake, message->whole, encrypted);
    learn(direction, *message);
  }
}

void Tap::learn(wire::Direction direction, const wire::Message& message) {
  if (message.type == wire::server_hello && !by_client(direction)) return learn_server_hello(message);
  if (version_ < wire::tls1_3) return;
  Way& on = way(direction);
  if (message.type == wire::finished)
    use_secret(on, secrets(by_client(direction)).application);
  else if (message.type == wire::key_update && !on.secret.empty())
    use_secret(on, expand_label(hash_of(suite_), on.secret, "traffic upd", on.secret.size()));
}

void Tap::learn_server_hello(const wire::Message& message) {
  auto hello = wire::parse_server_hello(message.whole).value;
  if (!hello) return;
  version_ = hello->version();
  suite_ = hello->cipher_suite;
  encrypt_then_mac_ = hello->has(wire::encrypt_then_mac);
}

void Tap::change_keys12(wire::Direction direction) {
  Way& on = way(direction);
  if (!on.keys) on.keys = keys_tls12(suite_, master_, by_client(direction), encrypt_then_mac_);
}

void Tap::use_secret(Way& on, Bytes secret) {
  on.former = std::move(on.keys);
  on.keys = secret.empty() ? nullptr : keys_tls13(suite_, secret);
  on.secret = std::move(secret);
}

void Tap::add(wire::Direction direction, std::uint8_t type, View bytes, bool encrypted) {
  if (transcript_.events.size() >= most_events || kept_ + bytes.size() > most_octets) return;
  kept_ += bytes.size();
  transcript_.events.push_back({direction, type, bytes_of(bytes), encrypted, now_});
}

}  // namespace bothends::tls::mbed
