// What a captured packet carries of a TCP stream: Ethernet (with VLAN tags), Linux cooked, BSD loopback and raw IP;
// IPv4 and IPv6.
#pragma once

#include <string>

#include "wire/capture_file.hpp"

namespace bothends::wire {

/// One direction of a connection, as the packet has it: both addresses (4 or 16 octets each, raw), both ports.
struct Flow {
  std::string from, to;  // octets
  std::uint16_t from_port = 0, to_port = 0;
  auto operator<=>(const Flow&) const = default;
  /// "192.0.2.1:40000 → 192.0.2.2:443", "[2001:db8::1]:40000 → …".
  std::string text() const;
};

struct Segment {
  Flow flow;
  std::uint32_t sequence = 0;  // of the payload's first octet
  bool begins = false;         // SYN
  View payload;
};

enum class Carries { segment, fragment, other_protocol, unknown_link, malformed };
/// `segment` is set with Carries::segment. Its payload lives as long as the packet's octets.
Carries carries(const Packet& packet, Segment& segment);

}  // namespace bothends::wire
