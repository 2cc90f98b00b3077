#include "wire/capture.hpp"

#include <doctest/doctest.h>

#include "tests/wire/packets.hpp"
#include "wire/codes.hpp"
#include "wire/record.hpp"

using namespace bothends;
using namespace bothends::test;
using wire::read_capture;

namespace {

constexpr std::uint16_t ip4 = 0x0800, ip6 = 0x86dd;
constexpr std::uint32_t on_ethernet = 1;

Bytes frame(const TcpPacket& packet) { return ethernet(ip4, ipv4(tcp(packet))); }

std::string name_of(const wire::Capture& capture, std::size_t at = 0) {
  if (at >= capture.hellos.size()) return "nothing: " + capture.nothing;
  const auto& found = capture.hellos[at].found;
  return found.hello ? found.hello->sni().value_or("no name") : found.problem;
}

std::string name_in(const Bytes& octets) { return name_of(read_capture(octets)); }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Bytes part(const Bytes& octets, std::size_t begin, std::size_t end) {
  return bytes_of(View(octets).subspan(begin, std::min(end, octets.size()) - begin));
}

}  // namespace

TEST_CASE("octets alone: records, a message, several records of one message, something before it") {
  auto record = hello_record();
  CHECK(name_in(record) == "shop.test");
  CHECK(read_capture(record).hellos[0].found.record_version == wire::tls1_0);
  auto message = part(record, 5, record.size());
  CHECK(name_in(message) == "shop.test");
  CHECK(read_capture(message).hellos[0].found.records == 0);
  auto pieces = wire::in_records(wire::handshake, wire::tls1_0, message, 20);
  CHECK(name_in(pieces) == "shop.test");
  CHECK(read_capture(pieces).hellos[0].found.records > 2);
  Bytes behind = bytes_of(view_of("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"));
  auto header = behind.size();
  append(behind, record);
  CHECK(name_in(behind) == "shop.test");
  CHECK(read_capture(behind).hellos[0].stream_offset == header);
}

TEST_CASE("a second hello after a HelloRetryRequest") {
  auto both = hello_record();
  append(both, from_hex("14 0303 0001 01").value());
  append(both, hello_record(300));
  auto capture = read_capture(both);
  REQUIRE(capture.hellos.size() == 2);
  CHECK_FALSE(capture.hellos[0].is_second);
  CHECK(capture.hellos[1].is_second);
}

TEST_CASE("every cut of a hello is said to be one") {
  auto record = hello_record();
  for (std::size_t size = 0; size < record.size(); ++size) {
    auto capture = read_capture(part(record, 0, size));
    CHECK((!capture.nothing.empty() || has(name_of(capture), "cut short")));
  }
  CHECK(name_in(part(record, 0, 60)) == "cut short: 55 of 76 octets are here");
}

TEST_CASE("pcap and pcapng in both byte orders") {
  for (bool little : {true, false}) {
    std::vector<Captured> packets{{frame({.sequence = 1, .payload = hello_record()})}};
    for (bool nanoseconds : {true, false})
      CHECK(name_in(pcap(packets, on_ethernet, little, nanoseconds)) == "shop.test");
    CHECK(name_in(pcapng(packets, {on_ethernet}, little)) == "shop.test");
    CHECK(name_in(pcapng(packets, {on_ethernet}, little, true)) == "shop.test");
  }
}

TEST_CASE("pcapng: every section has its own byte order and interfaces, every packet its own interface") {
  auto ip = ipv4(tcp({.sequence = 1, .payload = hello_record()}));
  auto file = pcapng({{ethernet(ip4, ip)}, {ip, 0, 1}}, {on_ethernet, 101}, true);
  append(file, pcapng({{ip}}, {101}, false));
  auto capture = read_capture(file);
  CHECK(has(capture.form, "pcapng of 3 packets"));
  CHECK(capture.hellos.size() == 1);  // the same octets of one connection, sent three times
  file = pcapng({{ethernet(0x0806, Bytes(28))}}, {on_ethernet}, true);
  append(file, pcapng({{ip}}, {101}, false));
  CHECK(name_in(file) == "shop.test");
  capture = read_capture(pcapng({{ip, 0, 5}}, {101}));
  CHECK(has(capture.notes.at(0), "an interface that nobody described"));
}

TEST_CASE("link layers") {
  auto record = hello_record();
  auto ip = ipv4(tcp({.sequence = 1, .payload = record}));
  auto with = [](std::string_view hex, const Bytes& rest) {
    Bytes all = from_hex(hex).value();
    append(all, rest);
    return all;
  };
  auto vlan = ethernet(0x88a8, with("0001 8100 0002 0800", ip));
  CHECK(name_in(pcap({{vlan}}, on_ethernet)) == "shop.test");
  CHECK(name_in(pcap({{with("0000 0001 0006 000000000000 0000 0800", ip)}}, 113)) == "shop.test");
  CHECK(name_in(pcap({{with("0800 0000 00000001 0001 00 06 0000000000000000", ip)}}, 276)) == "shop.test");
  CHECK(name_in(pcap({{with("02000000", ip)}}, 0)) == "shop.test");
  CHECK(name_in(pcap({{with("00000002", ip)}}, 108)) == "shop.test");
  for (std::uint32_t raw : {101, 12, 14, 228}) CHECK(name_in(pcap({{ip}}, raw)) == "shop.test");
  auto six = read_capture(pcap({{ethernet(ip6, ipv6(tcp({.sequence = 1, .payload = record})))}}, on_ethernet));
  CHECK(name_of(six) == "shop.test");
  CHECK(six.hellos.at(0).stream == "[2001:db8::1]:40000 → [2001:db8::2]:443");
  CHECK(has(read_capture(pcap({{ip}}, 147)).notes.at(0), "Link type 147 is not read"));
}

TEST_CASE("a large hello in pieces: out of order, sent twice, overlapping, around the end of the sequence numbers") {
  auto record = hello_record(1700);
  std::uint32_t start = 0xfffffe00;
  TcpPacket syn{.sequence = start - 1, .syn = true};
  TcpPacket first{.sequence = start, .payload = part(record, 0, 1000)};
  TcpPacket twice{.sequence = start + 500, .payload = part(record, 500, 1200)};
  TcpPacket last{.sequence = start + 1100, .payload = part(record, 1100, 2000)};
  for (auto order :
       {std::vector{syn, first, twice, last}, {last, twice, first, syn}, {last, syn, last, first, first, twice}}) {
    std::vector<Captured> packets;
    for (const auto& one : order) packets.push_back({frame(one)});
    auto capture = read_capture(pcap(packets, on_ethernet));
    CHECK(name_of(capture) == "shop.test");
    CHECK(capture.hellos.size() == 1);
    CHECK(capture.hellos.at(0).found.message.size() == record.size() - 5);
  }
  auto capture = read_capture(pcap({{frame(syn)}, {frame(first)}, {frame(twice)}, {frame(last)}}, on_ethernet));
  CHECK(capture.hellos.at(0).packet == 2);
  CHECK(capture.hellos.at(0).last_packet == 4);
  CHECK(capture.hellos.at(0).stream == "192.0.2.1:40000 → 192.0.2.2:443");
}

TEST_CASE("a piece that is missing is said, and so is a packet that was not captured in full") {
  auto record = hello_record(1700);
  Captured first{frame({.sequence = 1, .payload = part(record, 0, 1000)})};
  Captured last{frame({.sequence = 1201, .payload = part(record, 1200, 2000)})};
  CHECK(has(name_in(pcap({first, last}, on_ethernet)), "cut short: 995 of"));
  first.missing = 200;
  auto capture = read_capture(pcap({first}, on_ethernet));
  CHECK(has(capture.notes.at(0), "1 packet not captured in full"));
}

TEST_CASE("connections are told apart: by ports, and by a new SYN on the same ports") {
  auto one = hello_record();
  std::vector<Captured> packets;
  for (std::uint32_t begin : {100U, 900000U}) {
    packets.push_back({frame({.sequence = begin, .syn = true})});
    packets.push_back({frame({.sequence = begin + 1, .payload = one})});
  }
  packets.push_back({frame({.sequence = 7, .payload = one, .from_port = 40001})});
  CHECK(read_capture(pcap(packets, on_ethernet)).hellos.size() == 3);
}

TEST_CASE("why there is none") {
  auto why = [](const Bytes& octets) { return read_capture(octets).nothing; };
  CHECK(has(why({}), "it is empty"));
  CHECK(has(why(bytes_of(view_of("GET / HTTP/1.1\r\n"))), "an HTTP request"));
  CHECK(has(why(from_hex("1f8b0800").value()), "gzip"));
  CHECK(has(why(from_hex("160303002a 020000260303").value()), "whose message is server_hello"));
  CHECK(has(why(from_hex("16fefd00000000").value()), "DTLS"));
  CHECK(has(why(from_hex("802e010301").value()), "SSLv2"));
  CHECK(has(why(pcap({}, on_ethernet)), "no packet of TCP"));
  CHECK(has(why(pcap({{ethernet(ip4, ipv4(Bytes(20), 17))}}, on_ethernet)), "QUIC is not read"));
  CHECK(has(why(pcap({{frame({.sequence = 1, .syn = true})}}, on_ethernet)), "no segment carries data"));
  auto http = frame({.sequence = 1, .payload = bytes_of(view_of("HTTP/1.1 200 OK"))});
  CHECK(has(why(pcap({{http}}, on_ethernet)), "192.0.2.1:40000 → 192.0.2.2:443 begins with an HTTP response"));
  auto fragment = ethernet(ip4, ipv4(tcp({.payload = hello_record()}), 6, 0x2000));
  auto capture = read_capture(pcap({{fragment}}, on_ethernet));
  CHECK(has(capture.notes.at(0), "1 IP fragment left out"));
  auto file = pcap({{frame({.sequence = 1, .payload = hello_record()})}}, on_ethernet);
  file.pop_back();
  CHECK(has(read_capture(file).notes.at(0), "the file ends within packet 1"));
  CHECK(has(why(Bytes(wire::most_capture_octets + 1)), "longer than 64 MiB"));
}

TEST_CASE("a great many connections and beginnings stay within bounds") {
  Bytes many;
  for (int count = 0; count < 100000; ++count) append(many, from_hex("1603014000 0100ffff 0303").value());
  CHECK(has(name_in(many), "cut short"));
  std::vector<Captured> packets;
  for (std::uint32_t count = 0; count < 1500; ++count)
    packets.push_back(
        {frame({.sequence = 1, .payload = hello_record(), .from_port = static_cast<std::uint16_t>(count)})});
  auto capture = read_capture(pcap(packets, on_ethernet));
  CHECK(capture.hellos.size() == wire::most_captured_hellos);
  CHECK(has(capture.notes.at(0), "Only the first 1024"));
}
