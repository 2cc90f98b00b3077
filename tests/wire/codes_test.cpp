#include "wire/codes.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "wire/name_table.hpp"

using namespace bothends::wire;

namespace {

constexpr Registry registries[] = {Registry::version,          Registry::suite,       Registry::group,
                                   Registry::signature_scheme, Registry::extension,   Registry::alert,
                                   Registry::handshake_type,   Registry::content_type};

}  // namespace

TEST_CASE("well-known names") {
  CHECK(name(Registry::version, tls1_3) == "TLSv1.3");
  CHECK(name(Registry::version, ssl3) == "SSLv3");
  CHECK(name(Registry::suite, 0x1301) == "TLS_AES_128_GCM_SHA256");
  CHECK(name(Registry::suite, 0xc02f) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  CHECK(name(Registry::suite, 0xcca8) == "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
  CHECK(name(Registry::group, 0x001d) == "x25519");
  CHECK(name(Registry::group, 0x11ec) == "X25519MLKEM768");
  CHECK(name(Registry::signature_scheme, 0x0804) == "rsa_pss_rsae_sha256");
  CHECK(name(Registry::signature_scheme, 0x0203) == "ecdsa_sha1");
  CHECK(name(Registry::signature_scheme, 0x0905) == "mldsa65");
  CHECK(name(Registry::extension, server_name) == "server_name");
  CHECK(name(Registry::alert, unrecognized_name) == "unrecognized_name");
  CHECK(name(Registry::handshake_type, encrypted_extensions) == "encrypted_extensions");
  CHECK(name(Registry::content_type, application_data) == "application_data");
}

TEST_CASE("what is not in the registry prints as a number") {
  CHECK(name(Registry::suite, 0x1a1a) == "GREASE (0x1a1a)");
  CHECK(name(Registry::suite, 0xeeee) == "0xeeee");
  CHECK(name(Registry::group, 0x0123) == "0x0123");
  CHECK(name(Registry::alert, 200) == "0xc8");
  CHECK_FALSE(known_name(Registry::suite, 0x1a1a));
}

TEST_CASE("GREASE is the sixteen values of RFC 8701") {
  unsigned count = 0;
  for (unsigned code = 0; code <= 0xffff; ++code) count += is_grease(static_cast<std::uint16_t>(code));
  CHECK(count == 16);
  CHECK(is_grease(0x0a0a));
  CHECK(is_grease(0xfafa));
  CHECK_FALSE(is_grease(0x0a1a));
}

TEST_CASE("codes by the names people use") {
  CHECK(code_of(Registry::suite, "ECDHE-RSA-AES128-GCM-SHA256") == 0xc02f);
  CHECK(code_of(Registry::suite, "tls_aes_128_gcm_sha256") == 0x1301);
  CHECK(code_of(Registry::suite, "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256") == 0xc02f);
  CHECK(code_of(Registry::suite, "TLS1-3-AES-128-GCM-SHA256") == 0x1301);
  CHECK(code_of(Registry::suite, "AES256-SHA") == 0x0035);
  CHECK(code_of(Registry::suite, "EDH-RSA-DES-CBC3-SHA") == 0x0016);
  CHECK(code_of(Registry::suite, " 0x1301 ") == 0x1301);
  CHECK(code_of(Registry::suite, "0XC02F") == 0xc02f);
  for (auto text : {"P-256", "prime256v1", "secp256r1"}) CHECK(code_of(Registry::group, text) == 0x0017);
  CHECK(code_of(Registry::group, "X25519") == 0x001d);
  for (auto text : {"TLSv1.3", "TLS1.3", "1.3", "tls 1.3", "TLSv1_3"})
    CHECK(code_of(Registry::version, text) == tls1_3);
  CHECK(code_of(Registry::version, "TLSv1") == tls1_0);
  CHECK(code_of(Registry::signature_scheme, "rsa-pss-rsae-sha256") == 0x0804);
  CHECK(code_of(Registry::signature_scheme, "ECDSA+SHA256") == 0x0403);
  CHECK(code_of(Registry::extension, "alpn") == 16);
  CHECK(code_of(Registry::alert, "40") == handshake_failure);
}

TEST_CASE("a misspelt name can be mended") {
  CHECK(bothends::did_you_mean("TLS_AES_128_GCM_SHA265", names(Registry::suite)) == "TLS_AES_128_GCM_SHA256");
  CHECK(bothends::did_you_mean("x22519", names(Registry::group)) == "x25519");
}

TEST_CASE("OpenSSL's names, where it has its own") {
  CHECK(openssl_suite(0xc02f) == "ECDHE-RSA-AES128-GCM-SHA256");
  CHECK(openssl_suite(0x002f) == "AES128-SHA");
  for (std::uint16_t code : {0x1301, 0x00ff, 0x5600, 0xc0b0, 0xeeee}) CHECK_FALSE(openssl_suite(code));
  for (unsigned code = 0; code <= 0xffff; ++code)
    if (auto own = openssl_suite(static_cast<std::uint16_t>(code))) CHECK(code_of(Registry::suite, *own) == code);
}

TEST_CASE("what is no name is refused") {
  for (auto text : {"", "0x", "0x12345", "0x13 01", "-1", "1301", "GREASE", "TLS_NO_SUCH", "0x-1", "grease ()"}) {
    CAPTURE(text);
    CHECK_FALSE(code_of(Registry::suite, text));
  }
  CHECK_FALSE(code_of(Registry::alert, "256"));
  CHECK_FALSE(code_of(Registry::alert, "0x100"));
}

TEST_CASE("every code comes back from what it prints as") {
  for (auto registry : registries)
    for (unsigned code = 0; code <= 0xffff; ++code) {
      auto octet_only =
          registry == Registry::alert || registry == Registry::handshake_type || registry == Registry::content_type;
      if (octet_only && code > 0xff) break;
      auto text = name(registry, static_cast<std::uint16_t>(code));
      REQUIRE_FALSE(text.empty());
      REQUIRE_MESSAGE(code_of(registry, text) == code, text);
    }
}

TEST_CASE("the generated tables are sorted, as the searches demand") {
  for (auto registry : registries) {
    auto codes = names_by_code(registry);
    auto names = names_by_name(registry);
    REQUIRE(codes.size() > 3);
    CHECK(names.size() >= codes.size());
    for (std::size_t i = 1; i < codes.size(); ++i) REQUIRE(codes[i - 1].code < codes[i].code);
    for (std::size_t i = 1; i < names.size(); ++i) REQUIRE(names[i - 1].name < names[i].name);
  }
}

TEST_CASE("every alert and extension the code speaks of has its name") {
  for (auto code : {close_notify, decode_error, bad_certificate_status_response, no_application_protocol})
    CHECK(known_name(Registry::alert, code));
  for (auto code : {compress_certificate, record_size_limit, encrypt_then_mac, renegotiation_info})
    CHECK(known_name(Registry::extension, code));
}
