#include "wire/describe.hpp"

#include <doctest/doctest.h>

#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"

using namespace bothends;
using namespace bothends::wire;

namespace {

std::string told(Bytes bytes, std::uint8_t type = handshake, Direction direction = Direction::sent) {
  return describe({direction, type, std::move(bytes)});
}

}  // namespace

TEST_CASE("a line for every message") {
  CHECK(told(test::client_hello()) == "→ ClientHello TLSv1.3 sni=shop.test alpn=h2,http/1.1");
  CHECK(told(test::client_hello_without_extensions()) == "→ ClientHello SSLv3");
  CHECK(told(test::server_hello_13(), handshake, Direction::received) ==
        "← ServerHello TLSv1.3 TLS_AES_128_GCM_SHA256 x25519");
  CHECK(told(test::server_hello_12()) == "→ ServerHello TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 alpn=http/1.1");
  CHECK(told(test::retry_request()) == "→ HelloRetryRequest TLSv1.3 TLS_AES_128_GCM_SHA256 secp256r1");
  CHECK(told(test::encrypted_extensions()) == "→ EncryptedExtensions alpn=h2");
  CHECK(told(test::certificate_13()) == "→ Certificate of 2 certificates");
  CHECK(told(test::certificate_12()) == "→ Certificate of 2 certificates");
  CHECK(told(test::message(11, "000000")) == "→ Certificate (empty)");
  CHECK(told(test::certificate_verify()) == "→ CertificateVerify ecdsa_secp256r1_sha256");
  CHECK(told(test::ecdhe_key_exchange_12()) == "→ ServerKeyExchange");
  CHECK(told(test::finished()) == "→ Finished");
  CHECK(told(test::message(77, "00")) == "→ handshake message 0x4d (77)");
  CHECK(told({1}, change_cipher_spec) == "→ change_cipher_spec");
}

TEST_CASE("alerts with their number") {
  CHECK(told({2, 40}, alert, Direction::received) == "← alert fatal handshake_failure (40)");
  CHECK(told({1, 0}, alert) == "→ alert warning close_notify (0)");
  CHECK(told({7, 200}, alert) == "→ alert level 7 0xc8 (200)");
  CHECK(told({2}, alert) == "→ alert (malformed, 1 octets)");
}

TEST_CASE("what makes no sense is said to") {
  CHECK(told({}) == "→ handshake (empty)");
  CHECK(told(test::message(1, "00")) == "→ ClientHello (malformed)");
  CHECK(told(test::message(2, "00")) == "→ ServerHello (malformed)");
  CHECK(told(test::message(11, "00")) == "→ Certificate (malformed)");
  CHECK(told(test::message(8, "00")) == "→ EncryptedExtensions (malformed)");
}

TEST_CASE("a peer's words cannot move the cursor, nor fill the screen") {
  auto name = test::text("\x1b[2J\n") + test::text(std::string(300, 'x'));
  auto sni = test::extension("0000", test::v16("00" + test::v16(name)));
  std::string protocols;
  for (int i = 0; i < 200; ++i) protocols += test::v8("0d0a");
  auto body = "0303" + std::string(64, '0') + test::v8("") + test::v16("1301") + test::v8("00") +
              test::v16(sni + test::extension("0010", test::v16(protocols)));
  auto line = told(test::message(1, body));
  CHECK(line.starts_with("→ ClientHello TLSv1.2 sni=\\x1b[2J\\nxxx"));
  CHECK(line.find_first_of("\x1b\n\r") == std::string::npos);
  CHECK(line.ends_with("\\x0d\\n,…"));
  CHECK(line.size() < 300);
}
