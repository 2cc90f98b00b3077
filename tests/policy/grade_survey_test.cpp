// Grading what a whole survey of a simulated server found.
#include <doctest/doctest.h>

#include "policy/grade.hpp"
#include "simulated.hpp"

namespace bothends::policy {

namespace {

GradePolicy of(const Policy& server) {
  GradePolicy policy{.id = "its own",
                     .versions = server.versions,
                     .suites = server.suites,
                     .groups = server.groups,
                     .schemes = server.signature_schemes};
  if (server.server_preference) policy.server_preference = true;
  return policy;
}

Grade graded(const Policy& server, const GradePolicy& policy) {
  const Surveyed surveyed = surveyed_by(server, {.sni = "a.test", .names = {}, .sweep = false});
  std::vector<ChainFacts> chains;
  for (const Presented& one : surveyed.presented) {
    ChainFacts facts;
    facts.certificates.emplace_back();
    for (const Leaf& leaf : server.leaves)
      if (leaf.der == one.chain.front()) {
        facts.certificates.back().key = leaf.key;
        facts.certificates.back().bits = leaf.bits;
      }
    chains.push_back(facts);
  }
  return grade(surveyed, chains, policy);
}

}  // namespace

TEST_CASE("a surveyed server is on its own policy, and on no other") {
  for (const bool by_server : {false, true}) {
    CAPTURE(by_server);
    Policy server = web_server();
    server.server_preference = by_server;
    const GradePolicy own = of(server);
    const Grade is = graded(server, own);
    CHECK(is.verdict == Grade::Verdict::meets);
    for (const Item& item : is.missing) MESSAGE(name(item.what) << " " << item.code);
    for (const Item& item : is.not_known) MESSAGE(name(item.what) << " " << item.version << " " << item.detail);

    GradePolicy other = own;
    std::erase(other.suites, 0xc013);
    Grade differs = graded(server, other);
    CHECK(differs.verdict == Grade::Verdict::differs);
    REQUIRE(differs.too_much.size() == 1);
    CHECK(differs.too_much.front() == Item{Item::What::suite, wire::tls1_2, 0xc013});

    other = own;
    other.groups.push_back(0x11ec);
    other.suites.push_back(0xc014);
    differs = graded(server, other);
    CHECK(differs.too_much.empty());
    CHECK(differs.missing.size() == 2);
  }
}

TEST_CASE("the order of a surveyed server that chooses itself") {
  Policy server = web_server();
  server.server_preference = true;
  GradePolicy policy = of(server);
  CHECK(graded(server, policy).otherwise.empty());
  std::swap(policy.suites[0], policy.suites[1]);
  CHECK(graded(server, policy).verdict == Grade::Verdict::differs);
  CHECK(graded(server, policy).otherwise.size() == 1);
}

TEST_CASE("with one leaf only, the other kind's suites and schemes are not missing") {
  Policy server = web_server();
  const GradePolicy policy = of(server);
  server.leaves.erase(server.leaves.begin());
  const Grade is = graded(server, policy);
  CHECK(is.verdict == Grade::Verdict::meets);
  CHECK(is.unserved.size() == 3);
}

}  // namespace bothends::policy
