#include "wire/messages.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "tests/wire/samples.hpp"
#include "wire/codes.hpp"

using namespace bothends;
using namespace bothends::wire;
using test::v16;
using test::v24;
using test::v8;

namespace {

enum class Answer { complete, need_more, malformed };

template <class T>
Answer answer(const Parsed<T>& parsed) {
  if (parsed.complete()) return Answer::complete;
  return parsed.need_more() ? Answer::need_more : Answer::malformed;
}

constexpr std::uint16_t ecdhe_suite = 0xc02f, dhe_suite = 0x009e, rsa_suite = 0x009c, anon_suite = 0xc018;

struct Form {
  const char* name;
  Bytes good;
  std::function<Answer(View)> parse;
};

std::vector<Form> forms() {
  auto certificate = [](bool tls13) { return [=](View m) { return answer(parse_certificate(m, tls13)); }; };
  auto request = [](std::uint16_t v) { return [=](View m) { return answer(parse_certificate_request(m, v)); }; };
  auto exchange = [](std::uint16_t suite, std::uint16_t v) {
    return [=](View m) { return answer(parse_server_key_exchange(m, suite, v)); };
  };
  return {
      {"ClientHello", test::client_hello(), [](View m) { return answer(parse_client_hello(m)); }},
      {"ServerHello", test::server_hello_13(), [](View m) { return answer(parse_server_hello(m)); }},
      {"HelloRetryRequest", test::retry_request(), [](View m) { return answer(parse_server_hello(m)); }},
      {"EncryptedExtensions", test::encrypted_extensions(),
       [](View m) { return answer(parse_encrypted_extensions(m)); }},
      {"Certificate 1.3", test::certificate_13(), certificate(true)},
      {"Certificate 1.2", test::certificate_12(), certificate(false)},
      {"CertificateRequest 1.3", test::certificate_request_13(), request(tls1_3)},
      {"CertificateRequest 1.2", test::certificate_request_12(), request(tls1_2)},
      {"CertificateRequest 1.1", test::certificate_request_11(), request(tls1_1)},
      {"ECDHE 1.2", test::ecdhe_key_exchange_12(), exchange(ecdhe_suite, tls1_2)},
      {"ECDHE 1.1", test::ecdhe_key_exchange_11(), exchange(0xc014, tls1_1)},
      {"DHE 1.2", test::dhe_key_exchange_12(), exchange(dhe_suite, tls1_2)},
      {"CertificateVerify", test::certificate_verify(), [](View m) { return answer(parse_certificate_verify(m)); }},
      {"alert", Bytes{2, 40}, [](View m) { return answer(parse_alert(m)); }},
  };
}

}  // namespace

TEST_CASE("every proper prefix of every message needs more") {
  for (const auto& form : forms()) {
    CAPTURE(form.name);
    for (std::size_t size = 0; size < form.good.size(); ++size) {
      Bytes prefix(form.good.begin(), form.good.begin() + static_cast<std::ptrdiff_t>(size));
      REQUIRE(form.parse(prefix) == Answer::need_more);
    }
    CHECK(form.parse(form.good) == Answer::complete);
  }
}

TEST_CASE("a message cut short by its own header, or with an octet too many, is malformed") {
  for (const auto& form : forms()) {
    if (std::string(form.name) == "alert") continue;
    CAPTURE(form.name);
    auto body = to_hex(View(form.good).subspan(4));
    CHECK(form.parse(test::message(form.good[0], body + "00")) == Answer::malformed);
    CHECK(form.parse(test::message(form.good[0], body.substr(0, body.size() - 2))) == Answer::malformed);
    CHECK(form.parse(test::message(form.good[0] + 100, body)) == Answer::malformed);
  }
}

TEST_CASE("an alert is two octets") {
  CHECK(parse_alert(Bytes{2, 40}).value == Alert{fatal, handshake_failure});
  CHECK(parse_alert(Bytes{2, 40, 0}).malformed == "an alert has two octets, not 3");
  CHECK(encode(Alert{1, 0}) == Bytes{1, 0});
}

TEST_CASE("certificates in both forms") {
  auto now = parse_certificate(test::certificate_13(), true).value.value();
  REQUIRE(now.entries.size() == 2);
  CHECK(to_hex(now.entries[0].der) == "3003020101");
  CHECK(now.entries[0].extensions.at(0).type == status_request);
  CHECK(encode(now, true) == test::certificate_13());

  auto then = parse_certificate(test::certificate_12(), false).value.value();
  CHECK(then.entries.size() == 2);
  CHECK(encode(then, false) == test::certificate_12());

  CHECK(parse_certificate(test::message(11, "000000"), false).value.value().entries.empty());
  CHECK(parse_certificate(test::message(11, "00000000"), true).value.value().entries.empty());
}

TEST_CASE("one form's certificates are not the other's") {
  CHECK(answer(parse_certificate(test::certificate_13(), false)) == Answer::malformed);
  CHECK(answer(parse_certificate(test::certificate_12(), true)) == Answer::malformed);
}

TEST_CASE("certificate requests in three forms ask the same questions") {
  auto tls13 = parse_certificate_request(test::certificate_request_13(), tls1_3).value.value();
  auto tls12 = parse_certificate_request(test::certificate_request_12(), tls1_2).value.value();
  auto tls11 = parse_certificate_request(test::certificate_request_11(), tls1_1).value.value();
  CHECK(tls13.signature_schemes() == Codes{0x0403, 0x0804});
  CHECK(tls12.signature_schemes() == tls13.signature_schemes());
  CHECK(tls11.signature_schemes().empty());
  CHECK_FALSE(tls11.schemes);
  std::vector<Bytes> issuers{{0x30, 0x01}, {0x30, 0x02, 0xaa}};
  CHECK(tls13.acceptable_issuers() == issuers);
  CHECK(tls12.acceptable_issuers() == issuers);
  CHECK(tls12.certificate_types == Bytes{1, 0x40});
  CHECK(to_hex(tls13.request_context) == "0909");
  CHECK(encode(tls13, tls1_3) == test::certificate_request_13());
  CHECK(encode(tls12, tls1_2) == test::certificate_request_12());
  CHECK(encode(tls11, tls1_1) == test::certificate_request_11());
}

TEST_CASE("encrypted extensions tell the protocol") {
  CHECK(parse_encrypted_extensions(test::encrypted_extensions()).value.value().alpn() == "h2");
  CHECK_FALSE(parse_encrypted_extensions(test::message(8, "0000")).value.value().alpn());
}

TEST_CASE("the key exchange tells group or size, and the scheme") {
  auto ecdhe = parse_server_key_exchange(test::ecdhe_key_exchange_12(), ecdhe_suite, tls1_2).value.value();
  CHECK(ecdhe.group == 0x001d);
  CHECK(ecdhe.dh_bits == 0);
  CHECK(ecdhe.signature_scheme == 0x0804);
  auto old = parse_server_key_exchange(test::ecdhe_key_exchange_11(), 0xc014, tls1_1).value.value();
  CHECK(old.group == 0x0017);
  CHECK(old.signature_scheme == 0);
  auto dhe = parse_server_key_exchange(test::dhe_key_exchange_12(), dhe_suite, tls1_2).value.value();
  CHECK(dhe.group == 0);
  CHECK(dhe.dh_bits == 2048);
  CHECK(dhe.signature_scheme == 0x0401);
  auto anonymous = parse_server_key_exchange(test::message(12, "030017" + v8("04")), anon_suite, tls1_2).value.value();
  CHECK(anonymous.group == 0x0017);
  CHECK(anonymous.signature_scheme == 0);
}

TEST_CASE("no key exchange where the suite has none, or we cannot tell") {
  for (std::uint16_t suite : {rsa_suite, std::uint16_t{0x1301}, std::uint16_t{0xc035}, std::uint16_t{0xeeee}})
    CHECK(answer(parse_server_key_exchange(test::ecdhe_key_exchange_12(), suite, tls1_2)) == Answer::malformed);
  CHECK(answer(parse_server_key_exchange(test::message(12, "010017" + v8("04")), anon_suite, tls1_2)) ==
        Answer::malformed);
  auto huge = test::message(12, v16("ff" + std::string(2 * 8191, '0')) + v16("02") + v16("03"));
  CHECK(answer(parse_server_key_exchange(huge, 0x00a6, tls1_2)) == Answer::malformed);
}

TEST_CASE("CertificateVerify names its scheme") {
  CHECK(parse_certificate_verify(test::certificate_verify()).value == 0x0403);
}
