// Capture files made by hand: packets of TCP in the link layers and file formats that are read.
#pragma once

#include "base/bytes.hpp"
#include "wire/writer.hpp"

namespace bothends::test {

struct TcpPacket {
  std::uint32_t sequence = 0;
  Bytes payload;
  bool syn = false;
  std::uint16_t from_port = 40000;
};

Bytes tcp(const TcpPacket& packet);
/// From 192.0.2.1 to 192.0.2.2; `fragment` is the field of RFC 791.
Bytes ipv4(const Bytes& payload, std::uint8_t protocol = 6, std::uint16_t fragment = 0);
/// From 2001:db8::1 to 2001:db8::2, with a hop-by-hop header and an atomic fragment header before the payload.
Bytes ipv6(const Bytes& payload);
Bytes ethernet(std::uint16_t type, const Bytes& payload);

struct Captured {
  Bytes octets;
  std::uint32_t missing = 0;  // octets that were not captured
  std::uint32_t interface = 0;
};
Bytes pcap(const std::vector<Captured>& packets, std::uint32_t link, bool little = true, bool nanoseconds = false);
/// EPBs; with `simple` SPBs; one interface for each link.
Bytes pcapng(const std::vector<Captured>& packets, const std::vector<std::uint16_t>& links, bool little = true,
             bool simple = false);
/// A record with a ClientHello for "shop.test", at least `size` octets.
Bytes hello_record(std::size_t size = 0);

}  // namespace bothends::test
