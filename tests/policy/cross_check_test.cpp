// Which handshakes check a survey, and whose a difference is.
#include "policy/cross_check.hpp"

#include <doctest/doctest.h>

namespace bothends::policy::test {

namespace {

using Is = CrossCheck::Is;
using How = Ending::How;

CertificateFacts leaf(Key key, unsigned bits) { return {.key = key, .bits = bits}; }

Probed two_leaves() {
  Probed probed;
  probed.survey.sni = "shop.test";
  probed.survey.alpn = {"h2"};
  probed.survey.versions = {
      {.version = wire::tls1_3, .spoken = Known::yes, .suites = {0x1301}, .groups = {0x001d}},
      {.version = wire::tls1_2, .spoken = Known::yes, .suites = {0xc02b, 0xc02f, 0x009c}, .groups = {0x001d}},
      {.version = wire::tls1_1, .spoken = Known::no}};
  probed.survey.presented = {{.chain = {{1}}, .versions = {wire::tls1_3, wire::tls1_2}, .schemes = {0x0403}},
                             {.chain = {{2}}, .versions = {wire::tls1_3, wire::tls1_2}, .schemes = {0x0804, 0x0401}}};
  probed.chains.resize(2);
  probed.chains[0].certificates = {leaf(Key::ecdsa_p256, 256)};
  probed.chains[1].certificates = {leaf(Key::rsa, 2048)};
  return probed;
}

Question question() { return cross_questions(two_leaves(), "openssl").front(); }

Bytes hello() {
  wire::ClientHello hello;
  hello.legacy_version = wire::tls1_2;
  hello.cipher_suites = {0x1301, 0xc02f};
  hello.compression_methods = {0};
  return encode(hello);
}

const Agreement agreed{
    .version = wire::tls1_3, .suite = 0x1301, .group = 0x001d, .signature_scheme = 0x0403, .leaf = {1}};

Answer completed() {
  Answer answer{.kind = Answer::Kind::accepted, .how = How::closed};
  answer.version = agreed.version;
  answer.suite = agreed.suite;
  answer.group = agreed.group;
  answer.scheme = agreed.signature_scheme;
  answer.chain = {{1}};
  answer.complete = true;
  answer.hello = hello();
  return answer;
}

Answer refused(std::uint8_t alert) {
  Answer answer{.kind = Answer::Kind::refused, .how = How::alert_received, .alert = alert};
  answer.hello = hello();
  return answer;
}

Answer ended(How how, bool asked = true) {
  Answer answer{.kind = Answer::Kind::none, .how = how, .note = "its words"};
  if (asked) answer.hello = hello();
  return answer;
}

CrossCheck check(const Answer& answer, const std::optional<Outcome>& foretold) {
  return cross_check(question(), answer, two_leaves(), [&](const Offer& offer, const Probed&) {
    CHECK(offer.stack == "openssl");
    CHECK(offer.min_version == wire::tls1_3);
    CHECK(offer.suites == wire::Codes{0x1301, 0xc02f});
    return foretold;
  });
}

Refusal refusal(Party by, std::uint8_t alert, Reason reason = Reason::no_shared_suite) {
  return {.by = by, .reason = reason, .alert = alert};
}

}  // namespace

TEST_CASE("one handshake for each version and leaf, with what makes the server show it") {
  const auto questions = cross_questions(two_leaves(), "mbedtls");
  REQUIRE(questions.size() == 4);
  for (const auto& one : questions) {
    CHECK(one.stack == "mbedtls");
    CHECK(one.sni == "shop.test");
    CHECK(one.alpn == std::vector<std::string>{"h2"});
    CHECK(one.until == Question::Until::whole);
  }
  CHECK(questions[0].versions == wire::Codes{wire::tls1_3});
  CHECK(questions[0].schemes == wire::Codes{0x0403});
  CHECK(questions[1].schemes == wire::Codes{0x0804, 0x0401, 0x0501, 0x0601});
  CHECK(questions[2].versions == wire::Codes{wire::tls1_2});
  CHECK(questions[2].suites == wire::Codes{0xc02b});
  CHECK(questions[3].suites == wire::Codes{0xc02f, 0x009c});
  CHECK(questions[3].schemes == wire::Codes{0x0804, 0x0401});
}

TEST_CASE("a handshake that came out as foretold is equal") {
  const auto equal = check(completed(), agreed);
  CHECK(equal.is == Is::equal);
  CHECK(equal.why.empty());
  CHECK(equal.stack == "openssl");
  CHECK(equal.version == wire::tls1_3);
  CHECK(equal.seen == "TLS_AES_128_GCM_SHA256, x25519, ecdsa_secp256r1_sha256");
  CHECK(equal.foretold == equal.seen);
  CHECK(check(refused(40), refusal(Party::server, 40)).is == Is::equal);
  CHECK(check(ended(How::alert_sent), refusal(Party::client, 47)).is == Is::equal);
}

TEST_CASE("a server that refuses or chooses otherwise differs, and it is said in what") {
  CHECK(check(refused(40), agreed).is == Is::the_servers);
  CHECK(check(refused(40), refusal(Party::server, 80)).is == Is::the_servers);
  CHECK(check(refused(40), refusal(Party::client, 40)).is == Is::the_servers);
  CHECK(check(completed(), refusal(Party::server, 40)).is == Is::the_servers);
  const auto differs = [](auto change, std::string_view in) {
    Answer answer = completed();
    change(answer);
    const auto found = check(answer, agreed);
    CHECK(found.is == Is::the_servers);
    CHECK(found.why == "the server chose another " + std::string(in) + " than foretold");
  };
  differs([](Answer& answer) { answer.version = wire::tls1_2; }, "version");
  differs([](Answer& answer) { answer.suite = 0x1302; }, "suite");
  differs([](Answer& answer) { answer.group = 0x0017; }, "group");
  differs([](Answer& answer) { answer.scheme = 0x0804; }, "signature scheme");
  differs([](Answer& answer) { answer.alpn = "h2"; }, "protocol");
  differs([](Answer& answer) { answer.chain = {{2}}; }, "certificate");
}

TEST_CASE("what the stack cannot do is the stack's") {
  const auto unable = check(ended(How::failed, false), agreed);
  CHECK(unable.is == Is::the_stacks);
  CHECK(unable.why == "it cannot ask that: its words");
  CHECK(check(ended(How::alert_sent), agreed).is == Is::the_stacks);
  CHECK(check(ended(How::failed), refusal(Party::server, 40)).is == Is::the_stacks);
  CHECK(check(completed(), refusal(Party::client, 47)).is == Is::the_stacks);
}

TEST_CASE("without an answer, or without a foretelling, nobody is blamed") {
  for (const How how : {How::timed_out, How::reset, How::eof, How::connection_refused, How::foreign})
    CHECK(check(ended(how), agreed).is == Is::unknown);
  const auto unsure = check(completed(), std::nullopt);
  CHECK(unsure.is == Is::unknown);
  CHECK_FALSE(unsure.why.empty());
}

TEST_CASE("a certificate that is missing may be minded by an alert of another kind, or in HTTP") {
  Answer answer = completed();
  answer.complete = false;
  answer.certificate_asked = true;
  CHECK(check(answer, refusal(Party::server, 116, Reason::client_certificate_required)).is == Is::equal);
  CHECK(check(answer, agreed).is == Is::the_servers);
}

}  // namespace bothends::policy::test
