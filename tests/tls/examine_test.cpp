#include "tls/examine.hpp"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/pki.hpp"

using namespace bothends;
using namespace bothends::test;
using policy::Defect;

namespace {

constexpr long day = 86400;

struct World {
  Certificate root = make_root();
  Certificate intermediate = make_intermediate(root);
  tls::ExamineSettings settings = {.trust = {root.der}, .known = {root.der, intermediate.der}, .name = "shop.test"};

  policy::ChainVerdict look(const std::vector<Certificate>& chain) const {
    std::vector<Bytes> ders;
    for (const auto& certificate : chain) ders.push_back(certificate.der);
    return tls::examine(ders, settings);
  }
  Certificate leaf(Spec spec = {}) const {
    if (spec.names.empty()) spec.names = {"shop.test"};
    return make(spec, &intermediate);
  }
};

const World& world() {
  static const World made;
  return made;
}

std::vector<Defect> defects(const policy::ChainVerdict& verdict) {
  std::vector<Defect> found;
  for (const auto& problem : verdict.problems) found.push_back(problem.defect);
  return found;
}

using Defects = std::vector<Defect>;

}  // namespace

TEST_CASE("a good chain has no problem, and its leaf is described") {
  const auto verdict =
      world().look({world().leaf({.names = {"shop.test", "192.0.2.1", "*.shop.test"}}), world().intermediate});
  CHECK(verdict.ok());
  CHECK(verdict.sent == 2);
  CHECK(verdict.subject == "CN=shop.test");
  CHECK(verdict.issuer == "CN=Test Intermediate");
  CHECK(verdict.names == std::vector<std::string>{"shop.test", "192.0.2.1", "*.shop.test"});
  CHECK(verdict.not_after - verdict.not_before == 3600 + day);
}

TEST_CASE("order does not matter as long as there is a path, nor does a root that was sent") {
  const auto leaf = world().leaf();
  CHECK(world().look({leaf, world().root, world().intermediate}).ok());
  CHECK(world().look({leaf, world().intermediate, world().root}).ok());
}

TEST_CASE("dates: of the leaf and of what issued it") {
  const auto& [root, intermediate, settings] = world();
  const auto expired = world().look({world().leaf({.from = -9 * day, .until = -3 * day - 60}), intermediate});
  REQUIRE(defects(expired) == Defects{Defect::expired});
  CHECK(expired.problems[0].detail == "ended 3 days ago");
  CHECK(expired.problems[0].subject == "CN=shop.test");
  const auto early = world().look({world().leaf({.from = 2 * day + 60, .until = 9 * day}), intermediate});
  REQUIRE(defects(early) == Defects{Defect::not_yet_valid});
  CHECK(early.problems[0].detail == "begins in 2 days");
  const auto old = make({.subject = "Old Intermediate", .from = -9 * day, .until = -day, .ca = true}, &root);
  const auto through = world().look({make_leaf(old, "shop.test"), old});
  REQUIRE(defects(through) == Defects{Defect::issuer_expired});
  CHECK(through.problems[0].depth == 1);
  CHECK(through.problems[0].subject == "CN=Old Intermediate");
}

TEST_CASE("a self-signed leaf is only that, and nothing at all when it is trusted") {
  const auto self = make({.names = {"shop.test"}});
  CHECK(defects(world().look({self})) == Defects{Defect::self_signed});
  auto trusting = world();
  trusting.settings.trust = {self.der};
  CHECK(trusting.look({self}).ok());
}

TEST_CASE("an incomplete chain is told from an unknown issuer by what is known") {
  const auto leaf = world().leaf();
  const auto incomplete = world().look({leaf});
  REQUIRE(defects(incomplete) == Defects{Defect::incomplete});
  CHECK(incomplete.problems[0].detail == "its issuer CN=Test Intermediate was not sent");
  auto ignorant = world();
  ignorant.settings.known.clear();
  const auto unknown = ignorant.look({leaf});
  REQUIRE(defects(unknown) == Defects{Defect::unknown_issuer});
  CHECK(unknown.problems[0].detail == "its issuer CN=Test Intermediate is neither sent nor trusted");
}

TEST_CASE("a chain that breaks at an intermediate is incomplete at that depth") {
  const auto lower = make_intermediate(world().intermediate, "Lower Intermediate");
  const auto verdict = world().look({make_leaf(lower, "shop.test"), lower});
  REQUIRE(defects(verdict) == Defects{Defect::incomplete});
  CHECK(verdict.problems[0].depth == 1);
  CHECK(verdict.problems[0].subject == "CN=Lower Intermediate");
}

TEST_CASE("an unrelated intermediate makes the chain incomplete and is named") {
  const auto other = make_intermediate(world().root, "Other Intermediate");
  const auto verdict = world().look({world().leaf(), other});
  REQUIRE(defects(verdict) == Defects{Defect::incomplete});
  CHECK(verdict.problems[0].detail ==
        "its issuer CN=Test Intermediate was not sent; an unrelated certificate was (CN=Other Intermediate)");
}

TEST_CASE("an unknown authority, its root sent or only known") {
  const auto stranger = make_root("Stranger Root");
  const auto between = make_intermediate(stranger, "Stranger Intermediate");
  const auto leaf = make_leaf(between, "shop.test");
  const auto sent = world().look({leaf, between, stranger});
  REQUIRE(defects(sent) == Defects{Defect::unknown_issuer});
  CHECK(sent.problems[0].detail == "ends in CN=Stranger Root, which is not trusted");
  auto knowing = world();
  knowing.settings.known.push_back(stranger.der);
  CHECK(defects(knowing.look({leaf, between})) == Defects{Defect::unknown_issuer});
}

TEST_CASE("names: only the subjectAltName counts") {
  const auto other = world().look({world().leaf({.names = {"other.test", "*.other.test"}}), world().intermediate});
  REQUIRE(defects(other) == Defects{Defect::wrong_name});
  CHECK(other.problems[0].detail == "is for other.test, *.other.test, asked for shop.test");
  const auto common = world().look({make({.subject = "shop.test"}, &world().intermediate), world().intermediate});
  CHECK(defects(common) == Defects{Defect::no_subject_alt_name});
  auto asking = world();
  const auto matches = [&](const std::string& in_certificate, const std::string& asked) {
    asking.settings.name = asked;
    return asking.look({world().leaf({.names = {in_certificate}}), world().intermediate}).ok();
  };
  CHECK(matches("shop.test", "SHOP.test"));
  CHECK(matches("shop.test", "shop.test."));
  CHECK(matches("*.shop.test", "a.shop.test"));
  CHECK_FALSE(matches("*.shop.test", "shop.test"));
  CHECK_FALSE(matches("*.shop.test", "a.b.shop.test"));
  CHECK_FALSE(matches("*.test", "shop.test"));
  CHECK_FALSE(matches("s*.shop.test", "sa.shop.test"));
  CHECK(matches("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(matches("192.0.2.1", "192.0.2.2"));
  CHECK(matches("2001:db8::1", "2001:db8:0:0::1"));
  CHECK(matches("other.test", ""));
}

TEST_CASE("purposes") {
  const auto for_clients = world().leaf({.purpose = "clientAuth"});
  CHECK(defects(world().look({for_clients, world().intermediate})) == Defects{Defect::wrong_purpose});
  auto asking = world();
  asking.settings.server = false;
  CHECK(asking.look({for_clients, world().intermediate}).ok());
  CHECK(defects(asking.look({world().leaf({.purpose = "serverAuth"}), world().intermediate})) ==
        Defects{Defect::wrong_purpose});
  CHECK(world().look({world().leaf({.purpose = "serverAuth,clientAuth"}), world().intermediate}).ok());
}

TEST_CASE("weak keys and digests are defects unless weakness is allowed") {
  const auto weak = world().leaf({.key = policy::Key::rsa, .bits = 1024, .digest = "SHA1"});
  const auto verdict = world().look({weak, world().intermediate});
  REQUIRE(defects(verdict) == Defects{Defect::weak_key, Defect::weak_signature});
  CHECK(verdict.problems[0].detail == "RSA of 1024 bits");
  CHECK(verdict.problems[1].detail == "signed with SHA1");
  // ECDSA with MD5 has no name, so it takes an RSA authority.
  const auto rsa = make({.subject = "RSA Intermediate", .key = policy::Key::rsa, .ca = true}, &world().root);
  const auto md5 = make({.names = {"shop.test"}, .digest = "MD5"}, &rsa);
  CHECK(defects(world().look({md5, rsa})) == Defects{Defect::weak_signature});
  auto lenient = world();
  lenient.settings.weak = true;
  CHECK(lenient.look({weak, world().intermediate}).ok());
  CHECK(world().look({world().leaf({.key = policy::Key::ed25519}), world().intermediate}).ok());
}

TEST_CASE("a signature that does not fit") {
  auto leaf = world().leaf();
  leaf.der.back() ^= 1;
  const auto verdict = world().look({leaf, world().intermediate});
  REQUIRE(defects(verdict) == Defects{Defect::bad_signature});
  CHECK(verdict.problems[0].depth == 0);
  auto self = make({.names = {"shop.test"}});
  self.der.back() ^= 1;
  CHECK(defects(world().look({self})) == Defects{Defect::bad_signature});
}

TEST_CASE("an issuer that may not issue") {
  const auto leaf_that_issues = make({.subject = "No CA", .names = {"no-ca.test"}}, &world().intermediate);
  const auto below = make_leaf(leaf_that_issues, "shop.test");
  const auto verdict = world().look({below, leaf_that_issues, world().intermediate});
  REQUIRE(defects(verdict) == Defects{Defect::not_a_ca});
  CHECK(verdict.problems[0].depth == 1);
}

TEST_CASE("a path that is longer than an authority allows") {
  const auto root = make({.subject = "Short Root", .ca = true, .path_length = 0});
  const auto between = make_intermediate(root, "Between");
  auto asking = world();
  asking.settings.trust = {root.der};
  const auto verdict = asking.look({make_leaf(between, "shop.test"), between});
  REQUIRE(defects(verdict) == Defects{Defect::path_too_long});
  CHECK(verdict.problems[0].depth == 2);
}

TEST_CASE("everything that is wrong is listed, the cause first") {
  const auto bad = make({.subject = "bad",
                         .key = policy::Key::rsa,
                         .bits = 1024,
                         .names = {"other.test"},
                         .from = -9 * day,
                         .until = -day,
                         .purpose = "clientAuth",
                         .digest = "SHA1"},
                        &world().intermediate);
  CHECK(defects(world().look({bad})) == Defects{Defect::incomplete, Defect::expired, Defect::wrong_name,
                                                Defect::wrong_purpose, Defect::weak_key, Defect::weak_signature});
}

TEST_CASE("nothing sent, or no certificates") {
  CHECK(defects(world().look({})) == Defects{Defect::none_sent});
  CHECK(defects(tls::examine({{1, 2, 3}}, world().settings)) == Defects{Defect::other});
  auto longer = world().leaf().der;
  longer.push_back(0);
  CHECK(defects(tls::examine({longer}, world().settings)) == Defects{Defect::other});
  const auto mixed = tls::examine({world().leaf().der, {1, 2, 3}, world().intermediate.der}, world().settings);
  REQUIRE(defects(mixed) == Defects{Defect::other});
  CHECK(mixed.problems[0].depth == 1);
}

TEST_CASE("authorities that all vouch for each other end nowhere, and soon") {
  // One name and one key: each of them could have issued each other one.
  const Spec authority = {.subject = "Authority", .key = policy::Key::rsa, .ca = true};
  const auto first = make(authority);
  std::vector<Certificate> chain = {make_leaf(first, "shop.test")};
  for (int i = 0; i < 60; ++i) chain.push_back(make(authority));
  const auto verdict = world().look(chain);
  CHECK(verdict.has(Defect::unknown_issuer));
}

TEST_CASE("damaged certificates are judged without harm") {
  std::mt19937 random(3);
  const auto good = world().leaf().der;
  for (int i = 0; i < 3000; ++i) {
    auto bad = good;
    for (unsigned changes = 0; changes <= i % 3u; ++changes)
      bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
    const auto verdict = tls::examine({bad, world().intermediate.der}, world().settings);
    if (bad != good) CHECK_FALSE(verdict.ok());
  }
}
