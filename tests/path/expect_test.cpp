#include "path/expect.hpp"

#include <doctest/doctest.h>

#include "path/glob.hpp"

using namespace bothends;
using path::Expectation;
using path::Fact;
using How = path::Expectation::How;

namespace {

Expectation scalar(std::string fact, std::string wanted, How how = How::equals) {
  return {std::move(fact), how, {std::move(wanted)}, false, {"x.toml", 31, 10}, ""};
}
Expectation listed(std::string fact, std::vector<std::string> wanted, How how = How::equals) {
  return {std::move(fact), how, std::move(wanted), true, {"x.toml", 31, 10}, ""};
}
bool met(const Expectation& expectation, const Fact& fact) {
  return path::judge(expectation, {{expectation.fact, fact}}).met;
}
bool met_by_nothing(const Expectation& expectation) { return path::judge(expectation, {}).met; }
std::string objection(const Expectation& expectation) {
  auto checked = path::check(expectation);
  return checked ? "" : checked.error().what;
}
Fact text(std::string value) { return {{std::move(value)}, false}; }
Fact list(std::vector<std::string> values) { return {std::move(values), true}; }

}  // namespace

TEST_CASE("equals and differs") {
  CHECK(met(scalar("status", "200"), text("200")));
  CHECK_FALSE(met(scalar("status", "200"), text("502")));
  CHECK(met(scalar("status", "200", How::differs), text("502")));
  CHECK_FALSE(met(scalar("status", "200", How::differs), text("200")));
}

TEST_CASE("what never came is no proof of anything") {
  CHECK_FALSE(met_by_nothing(scalar("status", "200", How::differs)));
  CHECK_FALSE(met_by_nothing(scalar("body", "")));
  CHECK_FALSE(met_by_nothing(scalar("body", "*", How::matches)));
  CHECK_FALSE(met_by_nothing(scalar("body", "", How::contains)));
  CHECK_FALSE(met_by_nothing(listed("status", {}, How::one_of)));
}

TEST_CASE("absent and present") {
  CHECK(met_by_nothing(scalar("origin.hello.sni", "absent")));
  CHECK_FALSE(met_by_nothing(scalar("origin.hello.sni", "present")));
  CHECK(met(scalar("origin.hello.sni", "present"), text("shop.test")));
  CHECK_FALSE(met(scalar("origin.hello.sni", "absent"), text("shop.test")));
  CHECK(met(scalar("body", "absent"), text("")));
  CHECK(met(scalar("origin.hello.alpn", "absent"), list({})));
  CHECK(met(listed("origin.hello.alpn", {}), list({})));
  CHECK_FALSE(met(listed("origin.hello.alpn", {}), list({"h2"})));
}

TEST_CASE("lists compare whole and in order, a scalar with the only element") {
  auto offered = list({"h2", "http/1.1"});
  CHECK(met(listed("client.hello.alpn", {"h2", "http/1.1"}), offered));
  CHECK_FALSE(met(listed("client.hello.alpn", {"http/1.1", "h2"}), offered));
  CHECK_FALSE(met(listed("client.hello.alpn", {"h2"}), offered));
  CHECK_FALSE(met(scalar("client.hello.alpn", "h2"), offered));
  CHECK(met(scalar("client.hello.alpn", "h2"), list({"h2"})));
}

TEST_CASE("contains: an element of a list, a part of a text") {
  CHECK(met(scalar("client.hello.alpn", "h2", How::contains), list({"http/1.1", "h2"})));
  CHECK_FALSE(met(scalar("client.hello.alpn", "h", How::contains), list({"http/1.1", "h2"})));
  CHECK(met(scalar("body", "from", How::contains), text("hello from shop")));
  CHECK(met(listed("body", {"hello", "shop"}, How::contains), text("hello from shop")));
  CHECK_FALSE(met(listed("body", {"hello", "moon"}, How::contains), text("hello from shop")));
  CHECK(met(scalar("client.agreed.suite", "GCM", How::contains), text("TLS_AES_128_GCM_SHA256")));
}

TEST_CASE("one_of") {
  CHECK(met(listed("status", {"502", "503"}, How::one_of), text("503")));
  CHECK_FALSE(met(listed("status", {"502", "503"}, How::one_of), text("200")));
}

TEST_CASE("matches") {
  CHECK(met(scalar("status", "5??", How::matches), text("502")));
  CHECK_FALSE(met(scalar("status", "5??", How::matches), text("200")));
  CHECK(met(scalar("client.hello.ja4", "t13d*", How::matches), text("t13d1516h2_8daaf6152771_b186095e22b6")));
  CHECK(met(scalar("client.agreed.suite", "TLS_AES_*", How::matches), text("TLS_AES_128_GCM_SHA256")));
  CHECK(met(scalar("client.hello.alpn", "http/*", How::matches), list({"h2", "http/1.1"})));
}

TEST_CASE("patterns") {
  using path::glob;
  CHECK(glob("", ""));
  CHECK_FALSE(glob("", "a"));
  CHECK(glob("*", ""));
  CHECK(glob("**", "ab"));
  CHECK(glob("a*b*c", "aXbYbc"));
  CHECK_FALSE(glob("a*b*c", "aXbYb"));
  CHECK(glob("?", "ä"));
  CHECK_FALSE(glob("??", "ä"));
  CHECK(glob("*.test", "shop.test"));
  CHECK_FALSE(glob("*.test", "shop.test.evil"));
  CHECK(glob("?", "\xff"));
}

TEST_CASE("a hostile body and a hostile pattern take their product and no more") {
  std::string pattern, body(1 << 20, 'a');
  for (int at = 0; at < 120; ++at) pattern += "a*";
  CHECK_FALSE(met(scalar("body", pattern + "b", How::matches), text(body)));
  CHECK(objection(scalar("body", std::string(257, '*'), How::matches)) == "a pattern is longer than 256 octets");
}

TEST_CASE("code points mean the same by any name") {
  CHECK(met(scalar("client.agreed.group", "P-256"), text("secp256r1")));
  CHECK(met(scalar("client.agreed.group", "0x0017"), text("secp256r1")));
  CHECK(met(scalar("client.agreed.version", "1.3"), text("TLSv1.3")));
  CHECK(met(scalar("client.alert.received", "45"), text("certificate_expired")));
  CHECK(met(scalar("client.alert.received", "199"), text("199")));
  CHECK(
      met(scalar("origin.agreed.suite", "ECDHE-RSA-AES128-GCM-SHA256"), text("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")));
  CHECK(met(listed("client.hello.groups", {"grease", "X25519"}), list({"GREASE", "x25519"})));
  CHECK(met(scalar("client.hello.suites", "0x1a1a", How::contains), list({"GREASE"})));
  CHECK(met(listed("client.agreed.version", {"1.2", "1.3"}, How::one_of), text("TLSv1.3")));
}

TEST_CASE("header names ignore case") {
  auto verdict = path::judge(scalar("client.response.header.Content-Type", "text/plain"),
                             {{"client.response.header.content-type", text("text/plain")}});
  CHECK(verdict.met);
  CHECK(objection(scalar("client.response.header.Content-Type", "x")) == "");
}

TEST_CASE("check says what is wrong, and where") {
  auto wrong = path::check(scalar("client.helo.sni", "x"));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().place == Place{"x.toml", 31, 10});
  CHECK(wrong.error().code == ErrorCode::value);
  CHECK(wrong.error().what.find("did you mean \"client.hello.sni\"?") != std::string::npos);
  CHECK(objection(scalar("client.agreed.version", "TLSv1.7")).find("there is no TLS version \"TLSv1.7\"") == 0);
  CHECK(objection(scalar("client.agreed.group", "x25591")) == "there is no group \"x25591\"; did you mean \"x25519\"?");
  CHECK(objection(scalar("finding", "origin-need-sni")).find("did you mean \"origin-needs-sni\"?") !=
        std::string::npos);
  CHECK(objection(scalar("finding", "none")) == "");
  CHECK(objection(scalar("client.alert.sent", "256")) == "there is no alert \"256\"");
  CHECK(objection(scalar("client.alert.sent", "45")) == "");
  CHECK(objection(scalar("client.agreed.version", "absent")) == "");
  CHECK(objection(scalar("client.agreed.suite", "GCM", How::contains)) == "");
  CHECK(objection(scalar("client.hello.suites", "GCM", How::contains)) != "");
  CHECK(objection(scalar("origin.refused.by", "prxy")) ==
        "origin.refused.by is never \"prxy\"; did you mean \"proxy\"?");
  CHECK(objection(scalar("client.agreed.resumed", "yes")).find("one of true, false") != std::string::npos);
  CHECK(objection(listed("status", {"200", "204"})) ==
        "status has one value, not a list; to allow several write { one_of = [...] }");
  CHECK(objection(listed("client.response.header.set-cookie", {"a=1", "b=2"})) == "");
  CHECK(objection(listed("certificate", {})).find("nothing is known by the name") == 0);
  CHECK(objection(scalar("client.hello.sni\x1b[2J", "x")).find('\x1b') == std::string::npos);
}

TEST_CASE("what is shown of the actual value is printable and short") {
  auto actual = [](const Fact& fact) { return path::judge(scalar("body", "x"), {{"body", fact}}).actual; };
  CHECK(path::judge(scalar("body", "x"), {}).actual == "absent");
  CHECK(actual(text("")) == "\"\"");
  CHECK(actual(text("a\x1b[31m\xff")) == "a\\x1b[31m\\xff");
  CHECK(actual(list({"a", "b"})) == "[a, b]");
  CHECK(actual(list({})) == "absent");
  CHECK(actual(text(std::string(1 << 16, 'x'))).size() < 600);
  CHECK(actual(list(std::vector<std::string>(1 << 15, "h2"))).size() < 400);
}

TEST_CASE("the wish in words") {
  CHECK(path::wish(scalar("status", "200")) == "status 200");
  CHECK(path::wish(scalar("status", "200", How::differs)) == "status other than 200");
  CHECK(path::wish(listed("status", {"502", "503"}, How::one_of)) == "status one of [502, 503]");
  CHECK(path::wish(scalar("body", "", How::equals)) == "body \"\"");
  CHECK(path::wish(scalar("body", "h*", How::matches)) == "body like h*");
}
