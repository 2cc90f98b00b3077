// A TLS end that does something wrong on purpose: a filter around an engine, so that no stack knows of faults.
#pragma once

#include "tls/engine.hpp"

namespace bothends::tls {

/// One end's defect below HTTP. What it does is true in the transcript too: nothing is in it that did not go out.
struct Fault {
  /// When this end stops being a TLS end: at once, when the peer's first message (a server: its ClientHello) is here,
  /// or when the handshake is complete.
  enum class When { never, start, hello, opened };
  enum class Then { silence, fin, reset };
  When when = When::never;
  Then then = Then::silence;
  Bytes says;                    // sent at that moment instead of TLS
  bool own_hello = false;        // a client's own ClientHello goes before `says` (When::start)
  std::size_t hello_octets = 0;  // of that ClientHello only so many octets; 0: the whole

  // What leaves the handshake itself as it is.
  Bytes before;                   // sent before anything else: a warning alert
  std::size_t record_octets = 0;  // handshake messages in the clear go in records of so many octets; 0: as they are
  std::size_t pause_after = 0;    // of this end's octets, then `pause`; first_record: after its first record
  std::chrono::milliseconds pause{0};  // 0: none
  std::size_t takes = 0;  // a first record of the peer that is larger is lost after so many octets; 0: none

  friend bool operator==(const Fault&, const Fault&) = default;
};
constexpr std::size_t first_record = static_cast<std::size_t>(-1);

std::unique_ptr<Engine> with_fault(std::unique_ptr<Engine> engine, const Fault& fault);

}  // namespace bothends::tls
