// ClientHellos among octets that one end sent: at their beginning, or after something else (a PROXY header, CONNECT,
// STARTTLS, the middle of a connection). Records are recognised by their first eleven octets.
#pragma once

#include "wire/hello.hpp"

namespace bothends::wire {

struct FoundHello {
  std::size_t begin = 0, end = 0;    // octets of it, records included; what is here of it
  std::uint16_t record_version = 0;  // of its first record; 0: there was no record layer
  unsigned records = 0;
  Bytes message;                     // with its header; as far as it is here
  std::optional<ClientHello> hello;  // nullopt: `problem` says why
  std::string problem;
};

/// At most `most_tries` places are looked at. After a ClientHello only a second one (of a HelloRetryRequest) is looked
/// for.
std::vector<FoundHello> hellos_in(View octets);
/// A handshake message without records; nullopt when it is none, or no ClientHello.
std::optional<FoundHello> bare_hello(View octets);
/// What octets without a ClientHello look like: "a TLS record with server_hello", "an HTTP request", "\x00\x01…".
std::string looks_like(View octets);

constexpr unsigned most_tries = 16;

}  // namespace bothends::wire
