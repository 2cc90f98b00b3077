// Whatever octets arrive: no crash, and the laws of the codec hold. For libFuzzer, and for the mutation test that calls
// it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "wire/codes.hpp"
#include "wire/describe.hpp"
#include "wire/fingerprint.hpp"
#include "wire/reader.hpp"
#include "wire/record.hpp"
#include "wire/transcript.hpp"

using namespace bothends;
using namespace bothends::wire;

namespace {

void demand(bool law, const char* what) {
  if (law) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// What holds for each parser: one answer of three, used octets that exist, and more octets are the cure of a cut.
template <class Parse>
auto lawful(View bytes, Parse parse) {
  auto parsed = parse(bytes);
  if (!parsed.complete()) {
    demand(parsed.used == 0, "nothing is used unless complete");
    return parsed;
  }
  demand(parsed.malformed.empty(), "complete and malformed exclude each other");
  demand(parsed.used <= bytes.size(), "no more is used than there is");
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, parsed.used / 2, parsed.used - 1})
    if (size < parsed.used) demand(parse(bytes.first(size)).need_more(), "a prefix of a good message needs more");
  demand(parse(bytes.first(parsed.used)).complete(), "octets after a message don't matter");
  return parsed;
}

template <class Parse, class Encode>
void comes_out_as_it_went_in(View bytes, Parse parse, Encode encoded) {
  auto parsed = lawful(bytes, parse);
  if (!parsed.complete()) return;
  auto used = bytes.first(parsed.used);
  auto again = encoded(*parsed.value);
  demand(std::equal(again.begin(), again.end(), used.begin(), used.end()), "encode(parse(x)) == x");
}

void ask_everything(const ClientHello& hello) {
  demand(hello.alpn().size() <= 0xffff && hello.versions().size() <= 127, "lists are bounded by their prefixes");
  hello.sni();
  hello.groups();
  hello.key_share_groups();
  hello.signature_schemes();
  hello.psk_modes();
  auto length_of = [](View bytes) { return Bytes(32, static_cast<std::uint8_t>(bytes.size())); };
  demand(ja3(hello, length_of).size() == 64, "JA3 is the digest in hex");
  demand(ja4(hello, length_of).size() == 36, "JA4 has a fixed length");
}

void hellos(View bytes) {
  auto encoded = [](const auto& value) { return encode(value); };
  comes_out_as_it_went_in(bytes, parse_client_hello, encoded);
  comes_out_as_it_went_in(bytes, parse_server_hello, encoded);
  comes_out_as_it_went_in(bytes, parse_record, encoded);
  auto alert_of = parse_alert(bytes);
  demand(!alert_of.complete() || encode(*alert_of.value) == bytes_of(bytes), "an alert comes out as it went in");
  if (auto hello = parse_client_hello(bytes).value) ask_everything(*hello);
  if (auto hello = parse_server_hello(bytes).value) {
    hello->version();
    hello->group();
    hello->alpn();
  }
}

void other_messages(View bytes) {
  for (bool tls13 : {false, true})
    comes_out_as_it_went_in(
        bytes, [=](View v) { return parse_certificate(v, tls13); }, [=](const auto& c) { return encode(c, tls13); });
  for (auto version : {tls1_1, tls1_2, tls1_3}) {
    comes_out_as_it_went_in(
        bytes, [=](View v) { return parse_certificate_request(v, version); },
        [=](const auto& request) {
          request.acceptable_issuers();
          request.signature_schemes();
          return encode(request, version);
        });
    for (std::uint16_t suite : {0xc02f, 0x009e, 0xc018, 0x1301})
      lawful(bytes, [=](View v) { return parse_server_key_exchange(v, suite, version); });
  }
  auto extensions = lawful(bytes, parse_encrypted_extensions);
  if (extensions.complete()) extensions.value->alpn();
  lawful(bytes, parse_certificate_verify);
}

/// Reads the octets as a connection's, in pieces of `piece`; even events are sent, odd ones received.
Transcript read_stream(View bytes, std::size_t piece) {
  Transcript transcript;
  RecordReader records;
  MessageReader messages(4096);
  auto add = [&](std::uint8_t type, Bytes what) {
    auto direction = transcript.events.size() % 2 ? Direction::received : Direction::sent;
    transcript.events.push_back({direction, type, std::move(what)});
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    records.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    while (auto record = records.next()) {
      if (record->type != handshake) {
        add(record->type, record->fragment);
        continue;
      }
      messages.feed(record->fragment);
      while (auto message = messages.next()) add(handshake, message->whole);
    }
  }
  transcript.malformed = records.malformed() + messages.malformed();
  return transcript;
}

void ask_everything(const Transcript& transcript) {
  for (const auto& event : transcript.events) {
    auto line = describe(event);
    demand(!line.empty() && line.size() < 12000, "a description is bounded");
    demand(line.find_first_of("\x1b\n\r") == std::string::npos, "a description is printable");
  }
  transcript.server_certificate();
  transcript.client_certificate();
  transcript.certificate_request();
  transcript.second_client_hello();
  transcript.finished();
  transcript.close_notify(Direction::sent);
  transcript.fatal_alert(Direction::received);
}

void streams(View bytes) {
  auto whole = read_stream(bytes, bytes.size() + 1);
  auto pieces = read_stream(bytes, 1 + bytes.size() % 5);
  demand(whole.malformed == pieces.malformed, "the pieces octets come in don't matter");
  bool same = std::equal(whole.events.begin(), whole.events.end(), pieces.events.begin(), pieces.events.end(),
                         [](const Event& a, const Event& b) { return a.type == b.type && a.bytes == b.bytes; });
  demand(same, "the pieces octets come in don't matter to the events");
  ask_everything(whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View bytes(data, size);
  hellos(bytes);
  other_messages(bytes);
  streams(bytes);
  return 0;
}
