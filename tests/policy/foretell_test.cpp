#include <doctest/doctest.h>

#include "policy/probed.hpp"
#include "simulated.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

Probed probed_of(const Policy& policy) {
  Probed probed;
  probed.survey = surveyed_by(policy, {.sni = "a.test", .names = {}, .sweep = false});
  for (const auto& one : probed.survey.presented) {
    ChainFacts facts;
    facts.certificates.emplace_back();
    for (const auto& leaf : policy.leaves)
      if (leaf.der == one.chain.front()) {
        facts.certificates.back().key = leaf.key;
        facts.certificates.back().bits = leaf.bits;
      }
    probed.chains.push_back(facts);
  }
  return probed;
}

wire::Codes some_of(const wire::Codes& codes, std::mt19937& random) {
  auto some = codes;
  std::shuffle(some.begin(), some.end(), random);
  some.resize(1 + random() % some.size());
  return some;
}

std::string said(const Outcome& outcome) {
  if (const auto* refusal = std::get_if<Refusal>(&outcome))
    return "alert " + std::to_string(refusal->alert.value_or(255));
  const auto& agreed = std::get<Agreement>(outcome);
  return std::to_string(agreed.version) + " " + wire::name(wire::Registry::suite, agreed.suite) + " " +
         wire::name(wire::Registry::group, agreed.group) + " " +
         wire::name(wire::Registry::signature_scheme, agreed.signature_scheme) + " " + agreed.alpn +
         (agreed.hello_retry ? " retry" : "") + " leaf " + std::to_string(agreed.leaf.front());
}

Offer random_offer(std::mt19937& random) {
  Offer offer;
  offer.sni = "a.test";
  offer.versions = random() % 3 == 0 ? wire::Codes{0x0303, 0x0302} : wire::Codes{0x0304, 0x0303};
  offer.suites = some_of({0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc030, 0xcca8, 0xc013, 0x009c, 0x002f}, random);
  offer.groups = some_of({29, 23, 24, 25, 30}, random);
  offer.key_shares = {offer.groups.front()};
  offer.signature_schemes = some_of({0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0601}, random);
  if (random() % 2 == 0) offer.alpn = {"h2", "http/1.1"};
  return offer;
}

}  // namespace

TEST_CASE("What was surveyed foretells what the server does") {
  for (const bool server_preference : {false, true}) {
    auto policy = web_server();
    policy.server_preference = server_preference;
    const auto probed = probed_of(policy);
    std::mt19937 random(11);
    unsigned agreed = 0;
    for (unsigned at = 0; at < 500; ++at) {
      const auto offer = random_offer(random);
      const auto seen = negotiate(offer, policy);
      const auto foretold = foretell(offer, probed);
      REQUIRE(foretold.has_value());
      CAPTURE(at);
      CAPTURE(said(seen));
      CAPTURE(said(*foretold));
      CHECK(said(seen) == said(*foretold));
      agreed += std::holds_alternative<Agreement>(seen) ? 1 : 0;
    }
    CHECK(agreed > 100);
    CHECK(agreed < 450);
  }
}

TEST_CASE("What is not known is not foretold") {
  std::mt19937 random(1);
  const auto offer = random_offer(random);
  auto probed = probed_of(web_server());
  SUBCASE("a version") { probed.survey.versions.front().spoken = Known::unknown; }
  SUBCASE("a suite") { probed.survey.versions.front().unknown_suites = {0x1304}; }
  SUBCASE("a pool") { probed.survey.members.emplace_back(); }
  SUBCASE("no TLS") { probed.survey.foreign = "SSH-2.0"; }
  auto modern = offer;
  modern.versions = {0x0304, 0x0303};
  CHECK_FALSE(foretell(modern, probed).has_value());
}

TEST_CASE("A name that is refused is refused whatever is offered") {
  auto policy = web_server();
  policy.strict_sni = true;
  auto probed = probed_of(policy);
  std::mt19937 random(1);
  auto offer = random_offer(random);
  offer.sni = "elsewhere.test";
  const auto foretold = foretell(offer, probed);
  REQUIRE(foretold.has_value());
  CHECK(std::get<Refusal>(*foretold).alert == wire::unrecognized_name);
  offer.sni.reset();
  CHECK(std::get<Refusal>(*foretell(offer, probed)).reason == Reason::unknown_name);
}
