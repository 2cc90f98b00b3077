#include "wire/transcript.hpp"

#include <doctest/doctest.h>

#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"

using namespace bothends;
using namespace bothends::wire;

namespace {

constexpr auto sent = Direction::sent;
constexpr auto received = Direction::received;

Direction other(Direction direction) { return direction == sent ? received : sent; }

/// A transcript written message by message, as the end that sends the ClientHello in the direction `client` sees it.
struct Talk {
  explicit Talk(Direction client) : client_(client) {}
  Talk& client(Bytes message, std::uint8_t type = handshake) { return add(client_, std::move(message), type); }
  Talk& server(Bytes message, std::uint8_t type = handshake) { return add(other(client_), std::move(message), type); }
  operator Transcript() const { return transcript_; }

 private:
  Talk& add(Direction direction, Bytes message, std::uint8_t type) {
    transcript_.events.push_back({direction, type, std::move(message)});
    return *this;
  }
  Direction client_;
  Transcript transcript_;
};

Bytes other_certificate(bool tls13) {
  return tls13 ? test::message(11, test::v8("") + test::v24(test::v24("30aa") + test::v16("")))
               : test::message(11, test::v24(test::v24("30aa")));
}

Transcript tls13(Direction client) {
  return Talk(client)
      .client(test::client_hello())
      .server(test::retry_request())
      .client({1}, change_cipher_spec)
      .client(test::client_hello_without_extensions())
      .server(test::server_hello_13())
      .server(test::encrypted_extensions())
      .server(test::certificate_request_13())
      .server(test::certificate_13())
      .server(test::certificate_verify())
      .server(test::finished())
      .client(other_certificate(true))
      .client(test::certificate_verify())
      .client(test::finished());
}

Transcript tls12(Direction client) {
  return Talk(client)
      .client(test::client_hello())
      .server(test::server_hello_12())
      .server(test::certificate_12())
      .server(test::ecdhe_key_exchange_12())
      .server(test::certificate_request_12())
      .client(other_certificate(false))
      .client(test::finished())
      .server(test::finished());
}

}  // namespace

TEST_CASE("a whole handshake read off either end") {
  for (auto client : {sent, received})
    for (bool new_form : {true, false}) {
      CAPTURE(new_form);
      auto transcript = new_form ? tls13(client) : tls12(client);
      CHECK(transcript.is_client() == (client == sent));
      CHECK(transcript.client_hello().value().sni() == "shop.test");
      CHECK(transcript.server_hello().value().version() == (new_form ? tls1_3 : tls1_2));
      CHECK_FALSE(transcript.server_hello().value().is_hello_retry_request());
      CHECK(to_hex(transcript.server_certificate().value().entries.at(0).der) == "3003020101");
      CHECK(to_hex(transcript.client_certificate().value().entries.at(0).der) == "30aa");
      CHECK(transcript.certificate_request().value().signature_schemes() == Codes{0x0403, 0x0804});
      CHECK(transcript.finished());
      CHECK_FALSE(transcript.fatal_alert(sent));
      CHECK_FALSE(transcript.fatal_alert(received));
    }
}

TEST_CASE("a retry and what follows it") {
  auto with = tls13(sent);
  CHECK(with.hello_retry_request().value().group() == 0x0017);
  CHECK(with.second_client_hello().value().legacy_version == ssl3);
  auto without = tls12(sent);
  CHECK_FALSE(without.hello_retry_request());
  CHECK_FALSE(without.second_client_hello());
}

TEST_CASE("a renegotiation's ClientHello is not a second one") {
  Transcript transcript =
      Talk(sent).client(test::client_hello()).server(test::server_hello_12()).client(test::client_hello());
  CHECK_FALSE(transcript.second_client_hello());
}

TEST_CASE("nothing said, nothing known") {
  Transcript nothing;
  CHECK_FALSE(nothing.client_hello());
  CHECK_FALSE(nothing.second_client_hello());
  CHECK_FALSE(nothing.server_hello());
  CHECK_FALSE(nothing.hello_retry_request());
  CHECK_FALSE(nothing.server_certificate());
  CHECK_FALSE(nothing.client_certificate());
  CHECK_FALSE(nothing.certificate_request());
  CHECK_FALSE(nothing.fatal_alert(sent));
  CHECK_FALSE(nothing.finished());
  CHECK_FALSE(nothing.is_client());
  CHECK(nothing.message(client_hello) == nullptr);
}

TEST_CASE("one Finished is not both") {
  Transcript transcript =
      Talk(sent).client(test::client_hello()).server(test::server_hello_13()).server(test::finished());
  CHECK_FALSE(transcript.finished());
}

TEST_CASE("a compressed certificate is left unread") {
  Transcript transcript =
      Talk(sent).client(test::client_hello()).server(test::server_hello_13()).server(test::message(25, "0002000000"));
  CHECK_FALSE(transcript.server_certificate());
  CHECK(transcript.message(compressed_certificate) == &transcript.events[2]);
}

TEST_CASE("a malformed message is no message") {
  Transcript transcript = Talk(received).client(test::message(1, "0303")).server({});
  CHECK_FALSE(transcript.client_hello());
  CHECK_FALSE(transcript.is_client());
  CHECK_FALSE(transcript.server_hello());
}

TEST_CASE("alerts: who sent the fatal one") {
  Transcript transcript = Talk(sent)
                              .client(test::client_hello())
                              .server({1, unrecognized_name}, alert)
                              .server({2, handshake_failure}, alert)
                              .client({1, close_notify}, alert);
  CHECK(transcript.fatal_alert(received) == Alert{fatal, handshake_failure});
  CHECK_FALSE(transcript.fatal_alert(sent));
  CHECK(transcript.close_notify(sent));
  CHECK_FALSE(transcript.close_notify(received));
}

TEST_CASE("in TLS 1.3 the level does not matter, in TLS 1.2 it does") {
  auto with_warning = [](const Bytes& server_hello, std::uint8_t description) -> Transcript {
    return Talk(sent).client(test::client_hello()).server(server_hello).server({1, description}, alert);
  };
  CHECK(with_warning(test::server_hello_13(), bad_certificate).fatal_alert(received));
  CHECK_FALSE(with_warning(test::server_hello_12(), bad_certificate).fatal_alert(received));
  CHECK_FALSE(with_warning(test::server_hello_13(), close_notify).fatal_alert(received));
  CHECK_FALSE(with_warning(test::server_hello_13(), user_canceled).fatal_alert(received));
}

TEST_CASE("before the ServerHello no version is agreed on: a warning is one, also when TLS 1.3 comes of it") {
  const auto early = [](std::uint8_t level) -> Transcript {
    return Talk(sent)
        .client(test::client_hello())
        .server({level, unrecognized_name}, alert)
        .server(test::server_hello_13());
  };
  CHECK_FALSE(early(warning).fatal_alert(received));
  CHECK(early(fatal).fatal_alert(received));
}
