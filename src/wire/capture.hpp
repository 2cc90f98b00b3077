// ClientHellos in octets of unknown form: hex text, TLS records, a bare handshake message, pcap, pcapng. The octets are
// hostile: whatever they are, the answer is hellos, or one sentence.
#pragma once

#include "wire/hello_search.hpp"

namespace bothends::wire {

struct CapturedHello {
  FoundHello found;
  std::string stream;             // "192.0.2.1:40000 → 192.0.2.2:443"; empty: not from a capture of packets
  std::size_t packet = 0;         // from 1, the first with octets of it; 0: not from a capture
  std::size_t last_packet = 0;    // the last one
  std::size_t stream_offset = 0;  // octets of something else before it
  bool is_second = false;         // answers a HelloRetryRequest
};

struct Capture {
  std::string form;                   // "hex text with a TLS record", "pcap of 12 packets, 2 TCP connections"
  std::vector<CapturedHello> hellos;  // also those that are cut short or malformed: then `found.problem` says it
  std::vector<std::string> notes;     // what was left out and why; sentences
  std::string nothing;                // why there is no hello, one sentence; empty: there is one
};

/// `most_octets` bounds what one should hand over; more is refused with a sentence.
Capture read_capture(View octets);

constexpr std::size_t most_capture_octets = std::size_t{64} << 20;
constexpr std::size_t most_captured_hellos = 1024;

}  // namespace bothends::wire
