// What an answer takes from messages that our own servers do not send.
#include "tests/tls/hello_case.hpp"
#include "wire/writer.hpp"

using namespace bothends;
using namespace bothends::test;

namespace {

const Bytes response = {0x30, 0x03, 0x0a, 0x01, 0x06};  // an OCSPResponse: unauthorized
const Bytes der = {0x30, 0x00};

Bytes status_of(View octets) { return wire::Writer().u8(1).vector24(octets).bytes(); }

Bytes message(std::uint8_t type, View body) { return wire::Writer().u8(type).vector24(body).bytes(); }

wire::ServerHello hello12() {
  wire::ServerHello hello;
  hello.legacy_version = wire::tls1_2;
  hello.cipher_suite = 0x009e;
  hello.compression_method = 1;
  return hello;
}

Answer answer_to(const std::vector<Bytes>& messages) {
  policy::Handshake handshake;
  auto& events = handshake.transcript.events;
  events.push_back({wire::Direction::sent, wire::handshake, wire::encode(settings_of(question(wire::tls1_2)).hello)});
  for (const auto& bytes : messages) {
    events.push_back({wire::Direction::received, wire::handshake, bytes});
    events.back().at = std::chrono::microseconds{700};
  }
  return tls::answer_of(handshake, {});
}

}  // namespace

TEST_CASE("a staple of TLS 1.2 is a message of its own, and comes off the wire whole") {
  wire::Certificate certificate;
  certificate.entries.push_back({der, {}});
  Bytes flight;
  for (const auto& bytes :
       {wire::encode(hello12()), wire::encode(certificate, false),
        message(wire::certificate_status, status_of(response)), message(wire::server_hello_done, {})})
    append(flight, wire::in_records(wire::handshake, wire::tls1_2, bytes, 7));
  for (const std::size_t piece : {0, 1}) {
    const auto engine = replay(settings_of(question(wire::tls1_2)), flight, piece);
    const auto answer = tls::answer_of(engine->handshake(), ending_of(*engine));
    CHECK(engine->phase() == tls::Phase::closed);
    CHECK(answer.staple == response);
    CHECK(answer.chain == std::vector<Bytes>{der});
    CHECK(answer.flight);
    CHECK(answer.compressed);
  }
}

TEST_CASE("a staple of TLS 1.3 is in the leaf's extensions") {
  auto hello = hello12();
  hello.cipher_suite = 0x1301;
  hello.extensions = {{wire::supported_versions, {3, 4}}};
  wire::Certificate certificate;
  certificate.entries.push_back({der, {{wire::status_request, status_of(response)}}});
  certificate.entries.push_back({der, {}});
  CHECK(answer_to({wire::encode(hello), wire::encode(certificate, true)}).staple == response);
  certificate.entries[0].extensions[0].data.pop_back();
  CHECK(answer_to({wire::encode(hello), wire::encode(certificate, true)}).staple.empty());
  certificate.entries[0].extensions[0].data.clear();
  CHECK(answer_to({wire::encode(hello), wire::encode(certificate, true)}).staple.empty());
}

TEST_CASE("a staple that is none, or is cut off, is left out") {
  CHECK(answer_to({wire::encode(hello12()), {wire::certificate_status}}).staple.empty());
  CHECK(answer_to({wire::encode(hello12()), message(wire::certificate_status, {})}).staple.empty());
  Bytes other = status_of(response);
  other[0] = 2;
  CHECK(answer_to({wire::encode(hello12()), message(wire::certificate_status, other)}).staple.empty());
}

TEST_CASE("the time taken is from the ClientHello to the first of its answer") {
  CHECK(answer_to({wire::encode(hello12())}).took == std::chrono::microseconds{700});
  CHECK(answer_to({}).took.count() == 0);
  CHECK(answer_to({}).kind == Answer::Kind::none);
}
