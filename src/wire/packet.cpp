#include "wire/packet.hpp"

#include <fmt/format.h>

namespace bothends::wire {
namespace {

enum Link : std::uint32_t {
  bsd_null = 0,
  ethernet = 1,
  raw_bsd = 12,
  raw_openbsd = 14,
  raw_ip = 101,
  bsd_loop = 108,
  linux_sll = 113,
  raw_ipv4 = 228,
  raw_ipv6 = 229,
  linux_sll2 = 276
};
enum EtherType : std::uint16_t {
  ipv4 = 0x0800,
  ipv6 = 0x86dd,
  vlan = 0x8100,
  provider_vlan = 0x88a8,
  old_qinq = 0x9100
};
enum Protocol : std::uint8_t {
  hop_by_hop = 0,
  tcp = 6,
  routing = 43,
  fragment_header = 44,
  authentication = 51,
  destination_options = 60,
  mobility = 135
};

bool is_tag(std::uint16_t type) { return type == vlan || type == provider_vlan || type == old_qinq; }

/// The ether type behind any VLAN tags.
std::uint16_t untagged(Reader& reader) {
  std::uint16_t type = reader.u16();
  while (is_tag(type)) {
    reader.u16();
    type = reader.u16();
  }
  return type;
}

/// Version and header of IP tell what it is where the link does not.
std::uint16_t type_by_version(View octets) {
  if (octets.empty()) return 0;
  auto version = octets[0] >> 4;
  if (version == 4) return ipv4;
  return version == 6 ? ipv6 : 0;
}

std::string address_text(View address) {
  if (address.size() == 4) return fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
  std::uint16_t words[8];
  for (unsigned at = 0; at < 8; ++at)
    words[at] = static_cast<std::uint16_t>(address[2 * at] << 8 | address[2 * at + 1]);
  // RFC 5952: the longest run of zeros, the first of equal ones, is "::".
  unsigned best = 8, longest = 1;
  for (unsigned at = 0; at < 8; ++at) {
    unsigned run = 0;
    while (at + run < 8 && words[at + run] == 0) ++run;
    if (run > longest) best = at, longest = run;
  }
  std::string text;
  for (unsigned at = 0; at < 8; ++at) {
    if (at == best) {
      text += "::";
      at += longest - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    text += fmt::format("{:x}", words[at]);
  }
  return text;
}

std::string end_text(View address, std::uint16_t port) {
  auto text = address_text(address);
  return address.size() == 16 ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
}

Carries read_tcp(View octets, Segment& segment) {
  Reader reader(octets);
  segment.flow.from_port = reader.u16();
  segment.flow.to_port = reader.u16();
  segment.sequence = reader.u32();
  reader.u32();
  std::size_t header = (reader.u8() >> 4) * 4U;
  segment.begins = (reader.u8() & 0x02) != 0;
  if (!reader.ok() || header < 20 || header > octets.size()) return Carries::malformed;
  segment.payload = octets.subspan(header);
  if (segment.begins) ++segment.sequence;
  return Carries::segment;
}

/// The length that the header tells ends the packet: behind it is the link's padding. Zero: the network card cut the
/// packet up later, all is payload.
View without_padding(View octets, std::size_t told) {
  return told == 0 || told > octets.size() ? octets : octets.first(told);
}

Carries read_ipv4(View octets, Segment& segment) {
  Reader reader(octets);
  std::size_t header = (reader.u8() & 0x0f) * 4U;
  reader.u8();
  std::size_t length = reader.u16();
  reader.u16();
  std::uint16_t fragment = reader.u16() & 0x3fff;  // more to come, or not the first
  reader.u8();
  std::uint8_t protocol = reader.u8();
  reader.u16();
  segment.flow.from = text_of(reader.take(4));
  segment.flow.to = text_of(reader.take(4));
  octets = without_padding(octets, length);
  if (!reader.ok() || header < 20 || header > octets.size()) return Carries::malformed;
  if (protocol != tcp) return Carries::other_protocol;
  return fragment ? Carries::fragment : read_tcp(octets.subspan(header), segment);
}

/// Follows the extension headers (RFC 8200 section 4) to TCP.
Carries read_extensions(std::uint8_t next, Reader reader, Segment& segment) {
  while (reader.ok() && next != tcp) {
    std::uint8_t here = next;
    bool known = here == hop_by_hop || here == routing || here == destination_options || here == mobility ||
                 here == authentication || here == fragment_header;
    if (!known) return Carries::other_protocol;
    next = reader.u8();
    std::size_t length = reader.u8();
    if (here == fragment_header) {
      bool is_part = (reader.u16() & 0xfff9) != 0;
      reader.u32();
      if (is_part) return Carries::fragment;
    } else {
      reader.take(here == authentication ? length * 4 + 6 : length * 8 + 6);
    }
  }
  return reader.ok() ? read_tcp(reader.rest(), segment) : Carries::malformed;
}

Carries read_ipv6(View octets, Segment& segment) {
  constexpr std::size_t header = 40;
  Reader reader(octets);
  reader.u32();
  std::size_t length = reader.u16();
  std::uint8_t next = reader.u8();
  reader.u8();
  segment.flow.from = text_of(reader.take(16));
  segment.flow.to = text_of(reader.take(16));
  if (!reader.ok()) return Carries::malformed;
  return read_extensions(next, Reader(without_padding(octets, length ? length + header : 0).subspan(header)), segment);
}

}  // namespace

std::string Flow::text() const { return end_text(view_of(from), from_port) + " → " + end_text(view_of(to), to_port); }

Carries carries(const Packet& packet, Segment& segment) {
  Reader reader(packet.octets);
  std::uint16_t type = 0;
  switch (packet.link) {
    case ethernet:
      reader.take(12);
      type = untagged(reader);
      break;
    case linux_sll:
      reader.take(14);
      type = untagged(reader);
      break;
    case linux_sll2:
      type = reader.u16();
      reader.take(18);
      if (is_tag(type)) reader.u16(), type = untagged(reader);
      break;
    case bsd_null:
    case bsd_loop:
      reader.take(4);
      [[fallthrough]];
    case raw_bsd:
    case raw_openbsd:
    case raw_ip:
    case raw_ipv4:
    case raw_ipv6:
      type = type_by_version(packet.octets.subspan(packet.octets.size() - reader.left()));
      break;
    default:
      return Carries::unknown_link;
  }
  if (!reader.ok()) return Carries::malformed;
  if (type == ipv4) return read_ipv4(reader.rest(), segment);
  return type == ipv6 ? read_ipv6(reader.rest(), segment) : Carries::other_protocol;
}

}  // namespace bothends::wire
