#include "wire/extension_words.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "wire/codes.hpp"

using namespace bothends;

namespace {

std::string say(std::uint16_t type, std::string_view hex) {
  auto words = wire::words_of({type, from_hex(hex).value()});
  if (!words.known) return "unknown";
  auto text = join(words.values, ", ");
  return words.malformed.empty() ? text : text + " !" + words.malformed;
}

}  // namespace

TEST_CASE("extensions in words") {
  CHECK(say(wire::server_name, "000c 00 0009 73686f702e74657374") == "shop.test");
  CHECK(say(wire::server_name, "0006 07 0003 1b5b41") == "type 7: \\x1b[A");
  CHECK(say(wire::supported_groups, "0006 001d 1a1a 11ec") == "x25519, GREASE (0x1a1a), X25519MLKEM768");
  CHECK(say(wire::application_layer_protocol_negotiation, "0006 02 6832 02 2a2a") == "h2, GREASE (0x2a2a)");
  CHECK(say(wire::key_share, "0009 001d 0003 010203 1a1a") == "x25519 (3 octets) !a length in it points past its end");
  CHECK(say(wire::key_share, "0006 001d 0002 0102") == "x25519 (2 octets)");
  CHECK(say(wire::supported_versions, "04 0304 0303") == "TLSv1.3, TLSv1.2");
  CHECK(say(wire::psk_key_exchange_modes, "02 01 09") == "psk_dhe_ke, 0x09");
  CHECK(say(wire::compress_certificate, "04 0002 0001") == "brotli, zlib");
  CHECK(say(wire::status_request, "01 0000 0000") == "ocsp");
  CHECK(say(wire::renegotiation_info, "00") == "first handshake");
  CHECK(say(wire::padding, "000001") == "3 octets, not all of them zero");
  CHECK(say(wire::pre_shared_key, "0008 0002 aabb 00000001 0003 02 ccdd") ==
        "identity of 2 octets, binder of 2 octets");
  CHECK(say(0xfe0d, "00 0001 0003 05 0001aa 0002bbcc") ==
        "outer, HKDF-SHA256, ChaCha20Poly1305, config 5, enc of 1 octet, payload of 2 octets");
  CHECK(say(0x1234, "00") == "unknown");
}

TEST_CASE("malformed ones are said to be, and what could be read stays") {
  CHECK(say(wire::supported_groups, "0006 001d") == " !a length in it points past its end");
  CHECK(say(wire::supported_groups, "0002 001d 00") == "x25519 !1 octet left over at its end");
  CHECK(say(wire::supported_groups, "0003 001d 00") == "x25519, and half a code point");
  CHECK(say(wire::extended_master_secret, "00") == " !1 octet left over at its end");
  CHECK(say(wire::renegotiation_info, "") == "first handshake !a length in it points past its end");
}
