#include "policy/against.hpp"

#include <doctest/doctest.h>

using namespace bothends;
using namespace bothends::policy;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// TLS 1.2 only: one suite, one group, an RSA leaf.
Probed endpoint() {
  Probed probed;
  probed.survey.sni = "shop.test";
  for (const std::uint16_t version : {wire::tls1_3, wire::tls1_2, wire::tls1_1, wire::tls1_0, wire::ssl3})
    probed.survey.versions.push_back({.version = version, .spoken = Known::no, .alert = wire::protocol_version});
  auto& spoken = probed.survey.versions[1];
  spoken = {.version = wire::tls1_2, .spoken = Known::yes, .suites = {0xc02f}, .groups = {23}, .schemes = {0x0804}};
  probed.survey.presented.push_back({{{1}}, {wire::tls1_2}, {0x0804}, {}});
  probed.survey.names.push_back({NameAnswer::Case::given, "shop.test", Answer::Kind::accepted, {}, 0});
  ChainFacts facts;
  facts.certificates.push_back({.key = Key::rsa, .bits = 2048});
  probed.chains.push_back(facts);
  return probed;
}

Offer offer() {
  return {.versions = {wire::tls1_3, wire::tls1_2},
          .suites = {0x1301, 0xc02f, 0xc030},
          .groups = {29, 23},
          .signature_schemes = {0x0403, 0x0804},
          .sni = "shop.test"};
}

std::uint8_t alert_of(const Against& against) { return std::get<Refusal>(*against.outcome).alert.value_or(0); }

}  // namespace

TEST_CASE("what agrees keeps nothing apart") {
  const auto against = held_against(offer(), endpoint());
  REQUIRE(against.outcome);
  CHECK(std::get<Agreement>(*against.outcome).suite == 0xc02f);
  CHECK_FALSE(against.apart);
  CHECK(against.unknown.empty());
}

TEST_CASE("versions are apart as a whole") {
  auto hello = offer();
  hello.versions = {wire::tls1_3};
  const auto against = held_against(hello, endpoint());
  CHECK(alert_of(against) == wire::protocol_version);
  REQUIRE(against.apart);
  CHECK(against.apart->what == Apart::What::versions);
  CHECK(against.apart->offered == wire::Codes{wire::tls1_3});
  CHECK(against.apart->accepted == wire::Codes{wire::tls1_2});
}

TEST_CASE("suites and groups of the version that the server takes are apart") {
  auto hello = offer();
  hello.suites = {0x1301, 0xc02b, 0x002f};
  auto against = held_against(hello, endpoint());
  REQUIRE(against.apart);
  CHECK(against.apart->what == Apart::What::suites);
  CHECK(against.apart->version == wire::tls1_2);
  CHECK(against.apart->offered == wire::Codes{0xc02b, 0x002f});
  CHECK(against.apart->accepted == wire::Codes{0xc02f});
  CHECK(against.apart->shared.empty());
  hello = offer();
  hello.groups = {29};
  against = held_against(hello, endpoint());
  REQUIRE(against.apart);
  CHECK(against.apart->what == Apart::What::groups);
  CHECK(against.apart->offered == wire::Codes{29});
  CHECK(against.apart->accepted == wire::Codes{23});
}

TEST_CASE("protocols are apart") {
  auto probed = endpoint();
  probed.survey.alpn = {"http/1.1"};
  auto hello = offer();
  hello.alpn = {"h2"};
  const auto against = held_against(hello, probed);
  REQUIRE(against.apart);
  CHECK(against.apart->offered_alpn == std::vector<std::string>{"h2"});
  CHECK(against.apart->accepted_alpn == std::vector<std::string>{"http/1.1"});
}

TEST_CASE("what the survey does not know is said") {
  auto probed = endpoint();
  auto hello = offer();
  std::string wanted;
  SUBCASE("not asked") {
    probed.error = "nobody listens";
    wanted = "could not be asked: nobody listens";
  }
  SUBCASE("no TLS") {
    probed.survey.foreign = "SSH-2.0";
    wanted = "does not speak TLS";
  }
  SUBCASE("a pool") {
    probed.survey.members.resize(2);
    wanted = "2 unequal servers";
  }
  SUBCASE("nothing") {
    probed.survey.versions.clear();
    wanted = "nothing was surveyed";
  }
  SUBCASE("a version") {
    probed.survey.versions.front().spoken = Known::unknown;
    wanted = "whether it speaks TLSv1.3";
  }
  SUBCASE("suites") {
    probed.survey.versions[1].unknown_suites = {0xc030};
    wanted = "1 suite of TLSv1.2";
  }
  SUBCASE("another name") {
    hello.sni = "other\x1b.test";
    wanted = "of the name other\\x1b.test is not known";
  }
  SUBCASE("a name with another certificate") {
    hello.sni = "other.test";
    probed.survey.names.push_back({NameAnswer::Case::given, "other.test", Answer::Kind::accepted, {}, 1});
    wanted = "another certificate";
  }
  const auto against = held_against(hello, probed);
  CHECK_FALSE(against.outcome);
  CHECK_FALSE(against.apart);
  CAPTURE(against.unknown);
  CHECK(has(against.unknown, wanted));
}

TEST_CASE("a name that is refused is a refusal, with its alert") {
  auto probed = endpoint();
  auto hello = offer();
  hello.sni = "other.test";
  probed.survey.names.push_back(
      {NameAnswer::Case::given, "other.test", Answer::Kind::refused, wire::unrecognized_name, std::nullopt});
  const auto against = held_against(hello, probed);
  CHECK(alert_of(against) == wire::unrecognized_name);
  CHECK_FALSE(against.apart);
}

TEST_CASE("so is the name that was surveyed, when nothing but that was said to it") {
  auto probed = endpoint();
  probed.survey.names.front() = {NameAnswer::Case::given, "shop.test", Answer::Kind::refused, wire::unrecognized_name};
  CHECK(std::holds_alternative<Agreement>(*held_against(offer(), probed).outcome));
  for (auto& version : probed.survey.versions) version = {.version = version.version};
  CHECK(alert_of(held_against(offer(), probed)) == wire::unrecognized_name);
  probed.survey.names.front().alert = wire::handshake_failure;
  CHECK_FALSE(held_against(offer(), probed).outcome);
}
