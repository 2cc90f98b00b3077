// What one end of one TLS connection saw, in order: the evidence everything else is derived from.
#pragma once

#include <chrono>

#include "wire/hello.hpp"
#include "wire/messages.hpp"
#include "wire/record.hpp"

namespace bothends::wire {

enum class Direction { sent, received };  // by the end that keeps the transcript

struct Event {
  Direction direction = Direction::sent;
  std::uint8_t type = 0;  // ContentType: handshake (one whole message), alert (two octets), change_cipher_spec
  Bytes bytes;            // in the clear, also where the record was encrypted
  bool encrypted = false;
  std::chrono::microseconds at{0};  // since the connection was begun
};

struct Transcript {
  std::vector<Event> events;  // application data is not kept
  /// Set when the peer's octets are not TLS records: the first of them, at most 64 ("HTTP/1.1 400 Bad…", "SSH-2.0-…").
  Bytes foreign;
  /// A record of the peer whose end never came.
  struct Unfinished {
    std::uint8_t type = 0;      // ContentType
    std::size_t announced = 0;  // octets of its fragment
    std::size_t here = 0;
  };
  std::optional<Unfinished> unfinished;
  /// Why the records or messages made no sense, when they did not.
  std::string malformed;

  /// First handshake message of the type, in either direction; nullptr if none.
  const Event* message(std::uint8_t type) const;
  /// The last ClientHello is the one that was answered by ServerHello, should a HelloRetryRequest lie between.
  std::optional<ClientHello> client_hello() const;         // the first
  std::optional<ClientHello> second_client_hello() const;  // after a HelloRetryRequest
  std::optional<ServerHello> server_hello() const;         // not a HelloRetryRequest
  std::optional<ServerHello> hello_retry_request() const;
  /// The chain the server sent; of the client's with `by_client`. Which end keeps this transcript is told by the hello.
  std::optional<Certificate> server_certificate() const;
  std::optional<Certificate> client_certificate() const;
  std::optional<CertificateRequest> certificate_request() const;
  /// The first fatal alert, if any: after a ServerHello of TLS 1.3 every alert but close_notify and user_canceled.
  std::optional<Alert> fatal_alert(Direction direction) const;
  bool close_notify(Direction direction) const;
  /// Both Finished messages are here.
  bool finished() const;
  bool is_client() const;  // the ClientHello was sent, not received
};

}  // namespace bothends::wire
