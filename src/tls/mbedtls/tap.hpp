// Watches the octets that go into and out of the library and writes the transcript. mbedTLS has no callback that shows
// messages, so the tap reads the records itself, and opens the protected ones with the secrets the library exports.
//
// Octets are noted while the library runs and read afterwards (settle), because a step may bring protected records
// together with what their keys are made of. The order of events is the order in which the library took and gave
// octets.
#pragma once

#include <array>

#include "policy/handshake.hpp"
#include "tls/mbedtls/record_keys.hpp"
#include "wire/transcript.hpp"

namespace bothends::tls::mbed {

/// What TLS 1.3 protects each direction with: first the handshake, then everything after Finished.
struct TrafficSecrets {
  Bytes handshake;
  Bytes application;
};

class Tap {
 public:
  /// `transcript` must outlive the tap.
  Tap(wire::Transcript& transcript, bool is_client) : transcript_(transcript), is_client_(is_client) {}

  void saw(wire::Direction direction, View octets);
  /// The record seen last, in this direction, holds application data: it need not be opened to know that.
  void saw_application_data(wire::Direction direction);
  /// Octets from the peer that the library did not even look at, since it had failed.
  void left_over(View octets);
  /// Reads what was noted.
  void settle();

  void handshake_secret(bool of_client, View secret) { secrets(of_client).handshake = bytes_of(secret); }
  void application_secret(bool of_client, View secret) { secrets(of_client).application = bytes_of(secret); }
  void master(Master master) { master_ = std::move(master); }
  void clock(std::chrono::microseconds now) { now_ = now; }

 private:
  struct Way {
    wire::RecordReader records;
    wire::MessageReader messages;
    std::unique_ptr<RecordKeys> keys;
    std::unique_ptr<RecordKeys> former;  // until the first record under `keys`: see Tap::open
    Bytes secret;                        // TLS 1.3: what `keys` were made of
    bool any_record = false;
  };
  struct Noted {
    wire::Direction direction;
    wire::Record record;
    bool application_data = false;
  };

  Way& way(wire::Direction direction) { return ways_[direction == wire::Direction::sent ? 0 : 1]; }
  bool by_client(wire::Direction direction) const { return (direction == wire::Direction::sent) == is_client_; }
  TrafficSecrets& secrets(bool of_client) { return secrets_[of_client ? 0 : 1]; }

  void read(const Noted& noted);
  void read_protected(Way& way, const Noted& noted);
  static std::optional<Opened> open(Way& way, const wire::Record& record);
  void deliver(wire::Direction direction, std::uint8_t type, View plain, bool encrypted);
  void deliver_messages(wire::Direction direction, View plain, bool encrypted);
  void learn(wire::Direction direction, const wire::Message& message);
  void learn_server_hello(const wire::Message& message);
  void change_keys12(wire::Direction direction);
  void use_secret(Way& way, Bytes secret);
  void add(wire::Direction direction, std::uint8_t type, View bytes, bool encrypted);
  void complain();

  wire::Transcript& transcript_;
  bool is_client_;
  std::chrono::microseconds now_{0};
  std::array<Way, 2> ways_;
  std::array<TrafficSecrets, 2> secrets_;
  Master master_;
  std::vector<Noted> noted_;
  std::uint16_t version_ = 0;  // as the ServerHello (or HelloRetryRequest) says; 0 before it
  std::uint16_t suite_ = 0;
  bool encrypt_then_mac_ = false;
  std::size_t kept_ = 0;  // octets in the transcript
};

}  // namespace bothends::tls::mbed
