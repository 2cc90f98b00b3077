#include <doctest/doctest.h>

#include "policy/offer.hpp"
#include "policy/policy.hpp"
#include "wire/writer.hpp"

using namespace bothends;
using namespace bothends::policy;
using wire::Direction;

namespace {

Bytes message(std::uint8_t type, View body) {
  wire::Writer writer;
  writer.u8(type).vector24(body);
  return std::move(writer).bytes();
}

wire::Extension extension(std::uint16_t type, std::initializer_list<std::uint8_t> data) { return {type, Bytes(data)}; }

/// A conversation as one of its ends wrote it down.
class Talk {
 public:
  explicit Talk(Party keeper) : keeper_(keeper) {}

  Talk& client(Bytes bytes) { return add(Party::client, std::move(bytes)); }
  Talk& server(Bytes bytes) { return add(Party::server, std::move(bytes)); }
  const wire::Transcript& transcript() const { return transcript_; }

 private:
  Talk& add(Party by, Bytes bytes) {
    const auto direction = by == keeper_ ? Direction::sent : Direction::received;
    transcript_.events.push_back({direction, wire::handshake, std::move(bytes), false, {}});
    return *this;
  }

  Party keeper_;
  wire::Transcript transcript_;
};

Bytes client_hello(wire::Extensions extensions = {}, Bytes session = {}) {
  wire::ClientHello hello;
  hello.legacy_version = 0x0303;
  hello.session_id = std::move(session);
  hello.cipher_suites = {0x1301};
  hello.compression_methods = {0};
  hello.extensions = std::move(extensions);
  return encode(hello);
}

Bytes server_hello(std::uint16_t suite, wire::Extensions extensions, Bytes session = {}) {
  wire::ServerHello hello;
  hello.legacy_version = 0x0303;
  hello.session_id = std::move(session);
  hello.cipher_suite = suite;
  hello.extensions = std::move(extensions);
  return encode(hello);
}

Bytes server_hello13(wire::Extensions more = {}) {
  wire::Extensions extensions{extension(43, {3, 4}), extension(51, {0, 29, 0, 1, 9})};
  extensions.insert(extensions.end(), more.begin(), more.end());
  return server_hello(0x1301, extensions);
}

Bytes certificate(bool tls13, const char* der) {
  wire::Certificate chain;
  if (*der) chain.entries.push_back({bytes_of(view_of(der)), {}});
  return encode(chain, tls13);
}

const Bytes finished = message(wire::finished, Bytes(12, 1));
const Bytes encrypted_extensions = message(wire::encrypted_extensions, Bytes{0, 9, 0, 16, 0, 5, 0, 3, 2, 'h', '2'});
const Bytes certificate_verify = message(wire::certificate_verify, Bytes{4, 3, 0, 1, 7});
const Bytes certificate_request = message(wire::certificate_request, Bytes{0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3});
// named_curve, secp256r1, a point of one octet, ecdsa_secp256r1_sha256, a signature of one octet
const Bytes server_key_exchange = message(wire::server_key_exchange, Bytes{3, 0, 23, 1, 4, 4, 3, 0, 1, 7});

}  // namespace

TEST_CASE("TLS 1.3: both ends read the same agreement") {
  for (const Party keeper : {Party::client, Party::server}) {
    Talk talk(keeper);
    talk.client(client_hello()).server(server_hello13()).server(encrypted_extensions).server(certificate_request);
    talk.server(certificate(true, "leaf")).server(certificate_verify).server(finished);
    talk.client(certificate(true, "mine"))
        .client(message(wire::certificate_verify, Bytes{8, 4, 0, 1, 7}))
        .client(finished);
    const auto agreement = agreement_of(talk.transcript());
    REQUIRE(agreement);
    CHECK(agreement->version == 0x0304);
    CHECK(agreement->suite == 0x1301);
    CHECK(agreement->group == 29);
    CHECK(agreement->signature_scheme == 0x0403);  // the server's, not the client's
    CHECK(agreement->alpn == "h2");
    CHECK_FALSE(agreement->hello_retry);
    CHECK_FALSE(agreement->resumed);
    CHECK(agreement->client_certificate_asked);
    CHECK(agreement->client_certificate_sent);
    CHECK(text_of(agreement->leaf) == "leaf");
    CHECK(stage_of(talk.transcript()) == Stage::finished);
  }
}

TEST_CASE("TLS 1.3: resumption is told by the pre-shared key, an empty client certificate is not one") {
  Talk talk(Party::client);
  talk.client(client_hello())
      .server(server_hello13({extension(41, {0, 0})}))
      .server(encrypted_extensions)
      .server(finished);
  CHECK(agreement_of(talk.transcript())->resumed);
  CHECK(agreement_of(talk.transcript())->leaf.empty());
  CHECK(stage_of(talk.transcript()) == Stage::client_certificate);

  Talk empty(Party::client);
  empty.client(client_hello()).server(server_hello13()).server(certificate_request).server(certificate(true, "leaf"));
  empty.server(finished).client(certificate(true, ""));
  CHECK(agreement_of(empty.transcript())->client_certificate_asked);
  CHECK_FALSE(agreement_of(empty.transcript())->client_certificate_sent);
}

TEST_CASE("TLS 1.2: the group and the scheme are in the ServerKeyExchange") {
  Talk talk(Party::server);
  talk.client(client_hello()).server(server_hello(0xc02b, {extension(16, {0, 3, 2, 'h', '2'})}));
  talk.server(certificate(false, "leaf")).server(server_key_exchange).server(message(wire::server_hello_done, {}));
  const auto agreement = agreement_of(talk.transcript());
  REQUIRE(agreement);
  CHECK(agreement->version == 0x0303);
  CHECK(agreement->group == 23);
  CHECK(agreement->signature_scheme == 0x0403);
  CHECK(agreement->alpn == "h2");
  CHECK(text_of(agreement->leaf) == "leaf");
  CHECK_FALSE(agreement->resumed);
  CHECK(stage_of(talk.transcript()) == Stage::certificate);
  talk.client(message(wire::client_key_exchange, Bytes{1, 4}));
  CHECK(stage_of(talk.transcript()) == Stage::client_certificate);
}

TEST_CASE("TLS 1.2: resumption is told by an echoed session id or by the server's Finished") {
  Talk echo(Party::client);
  echo.client(client_hello({}, Bytes{1, 2})).server(server_hello(0xc02b, {}, Bytes{1, 2}));
  CHECK(agreement_of(echo.transcript())->resumed);
  echo.server(certificate(false, "leaf"));
  CHECK_FALSE(agreement_of(echo.transcript())->resumed);

  Talk ticket(Party::client);
  ticket.client(client_hello()).server(server_hello(0xc02b, {}));
  CHECK_FALSE(agreement_of(ticket.transcript())->resumed);
  ticket.server(finished);
  CHECK(agreement_of(ticket.transcript())->resumed);
}

TEST_CASE("Stages before an agreement") {
  Talk talk(Party::client);
  CHECK(stage_of(talk.transcript()) == Stage::connect);
  CHECK_FALSE(agreement_of(talk.transcript()));
  talk.client(client_hello());
  CHECK(stage_of(talk.transcript()) == Stage::client_hello);
  CHECK_FALSE(agreement_of(talk.transcript()));
  talk.server(server_hello13());
  CHECK(stage_of(talk.transcript()) == Stage::server_hello);
}

TEST_CASE("Broken messages leave their fields at zero") {
  Talk talk(Party::client);
  talk.client(client_hello()).server(server_hello13()).server(message(wire::encrypted_extensions, Bytes{9}));
  talk.server(message(wire::certificate, Bytes{1})).server(message(wire::certificate_verify, Bytes{4}));
  const auto agreement = agreement_of(talk.transcript());
  REQUIRE(agreement);
  CHECK(agreement->signature_scheme == 0);
  CHECK(agreement->alpn.empty());
  CHECK(agreement->leaf.empty());
}

TEST_CASE("An offer is read without GREASE and signalling values") {
  wire::ClientHello hello;
  hello.legacy_version = 0x0303;
  hello.cipher_suites = {0x1a1a, 0x1301, 0x00ff, 0xc02b, 0x5600};
  hello.extensions =
      wire::Extensions{extension(43, {6, 0x0a, 0x0a, 3, 3, 3, 4}), extension(10, {0, 4, 0x2a, 0x2a, 0, 29}),
                       extension(51, {0, 10, 0x2a, 0x2a, 0, 1, 0, 0, 29, 0, 1, 5}), extension(13, {0, 4, 4, 3, 8, 4}),
                       extension(16, {0, 6, 2, 0x1a, 0x1a, 2, 'h', '2'})};
  const Offer offer = offer_of(hello);
  CHECK(offer.versions == wire::Codes{0x0304, 0x0303});
  CHECK(offer.suites == wire::Codes{0x1301, 0xc02b});
  CHECK(offer.fallback);
  CHECK(offer.groups == wire::Codes{29});
  CHECK(offer.key_shares == wire::Codes{29});
  CHECK(offer.signature_schemes == wire::Codes{0x0403, 0x0804});
  CHECK(offer.alpn == std::vector<std::string>{"h2"});
  CHECK_FALSE(offer.sni);
}

TEST_CASE("Without supported_versions a client speaks all below its own, never TLS 1.3") {
  wire::ClientHello hello;
  hello.legacy_version = 0x0304;
  CHECK(offer_of(hello).versions == wire::Codes{0x0303, 0x0302, 0x0301});
  hello.legacy_version = 0x0301;
  CHECK(offer_of(hello).versions == wire::Codes{0x0301});
}

TEST_CASE("Every defect, key and reason has a name that reads back") {
  for (int at = 0; at <= static_cast<int>(Defect::other); ++at)
    CHECK(defect_of(name(static_cast<Defect>(at))) == static_cast<Defect>(at));
  for (int at = 0; at <= static_cast<int>(Reason::other); ++at)
    CHECK(reason_of(name(static_cast<Reason>(at))) == static_cast<Reason>(at));
  for (int at = 0; at <= static_cast<int>(Key::other); ++at)
    CHECK(key_of(name(static_cast<Key>(at))) == static_cast<Key>(at));
  CHECK_FALSE(defect_of("Expired"));
  CHECK(name(Stage::client_hello) == "client-hello");
  CHECK(name(Ending::How::connection_refused) == "connection-refused");
}
