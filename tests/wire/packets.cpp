#include "tests/wire/packets.hpp"

#include "wire/codes.hpp"
#include "wire/hello.hpp"
#include "wire/record.hpp"

namespace bothends::test {
namespace {

/// Integers in the byte order of the machine that wrote the file.
class Machine {
 public:
  explicit Machine(bool little) : little_(little) {}
  Machine& u16(std::uint16_t value) {
    out_.u16(little_ ? __builtin_bswap16(value) : value);
    return *this;
  }
  Machine& u32(std::uint32_t value) {
    out_.u32(little_ ? __builtin_bswap32(value) : value);
    return *this;
  }
  Machine& raw(View octets) {
    out_.raw(octets);
    return *this;
  }
  const Bytes& bytes() const { return out_.bytes(); }

 private:
  wire::Writer out_;
  bool little_;
};

Bytes block(std::uint32_t type, Bytes body, bool little) {
  while (body.size() % 4) body.push_back(0);
  auto length = static_cast<std::uint32_t>(body.size() + 12);
  return Machine(little).u32(type).u32(length).raw(body).u32(length).bytes();
}

}  // namespace

Bytes tcp(const TcpPacket& packet) {
  wire::Writer out;
  out.u16(packet.from_port).u16(443).u32(packet.sequence).u32(0);
  out.u8(0x60).u8(packet.syn ? 0x02 : 0x18).u16(1000).u32(0);
  return std::move(out.raw(from_hex("01010101").value()).raw(packet.payload)).bytes();
}

Bytes ipv4(const Bytes& payload, std::uint8_t protocol, std::uint16_t fragment) {
  wire::Writer out;
  out.u8(0x46).u8(0).u16(static_cast<std::uint16_t>(24 + payload.size())).u16(7).u16(fragment).u8(64).u8(protocol);
  out.u16(0).raw(from_hex("c0000201 c0000202 01010100").value());
  return std::move(out.raw(payload)).bytes();
}

Bytes ipv6(const Bytes& payload) {
  wire::Writer out;
  out.u32(0x60000000).u16(static_cast<std::uint16_t>(16 + payload.size())).u8(0).u8(64);
  out.raw(from_hex("20010db8000000000000000000000001 20010db8000000000000000000000002").value());
  out.raw(from_hex("2c00010400000000").value()).raw(from_hex("0600000000000001").value());
  return std::move(out.raw(payload)).bytes();
}

Bytes ethernet(std::uint16_t type, const Bytes& payload) {
  wire::Writer out;
  out.raw(from_hex("020000000002 020000000001").value()).u16(type).raw(payload);
  Bytes frame = std::move(out).bytes();
  if (frame.size() < 60) frame.resize(60);
  return frame;
}

Bytes pcap(const std::vector<Captured>& packets, std::uint32_t link, bool little, bool nanoseconds) {
  Machine file(little);
  file.u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link);
  for (const auto& one : packets) {
    auto size = static_cast<std::uint32_t>(one.octets.size());
    file.u32(1).u32(2).u32(size).u32(size + one.missing).raw(one.octets);
  }
  return file.bytes();
}

Bytes pcapng(const std::vector<Captured>& packets, const std::vector<std::uint16_t>& links, bool little, bool simple) {
  Bytes file = block(0x0a0d0d0a, Machine(little).u32(0x1a2b3c4d).u16(1).u16(0).u32(~0U).u32(~0U).bytes(), little);
  for (auto link : links) append(file, block(1, Machine(little).u16(link).u16(0).u32(0).bytes(), little));
  append(file, block(5, Bytes(12), little));  // statistics: to be passed over
  for (const auto& one : packets) {
    auto size = static_cast<std::uint32_t>(one.octets.size());
    Machine body(little);
    if (!simple) body.u32(one.interface).u32(1).u32(2).u32(size);
    append(file, block(simple ? 3 : 6, body.u32(size + one.missing).raw(one.octets).bytes(), little));
  }
  return file;
}

Bytes hello_record(std::size_t size) {
  wire::ClientHello hello{
      .legacy_version = wire::tls1_2, .cipher_suites = {0x1301, 0xc02f}, .compression_methods = {0}};
  hello.extensions = {{wire::server_name, from_hex("000c 00 0009 73686f702e74657374").value()},
                      {wire::supported_versions, from_hex("04 0304 0303").value()}};
  auto short_of = encode(hello).size() + 9;
  if (size > short_of) hello.extensions->push_back({wire::padding, Bytes(size - short_of)});
  return wire::in_records(wire::handshake, wire::tls1_0, encode(hello));
}

}  // namespace bothends::test
