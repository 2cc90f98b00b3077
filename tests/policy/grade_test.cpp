// Grading a survey against a policy: sets, what cannot be missing, and what is not known.
#include "policy/grade.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace bothends::policy::test {

namespace {

using Verdict = Grade::Verdict;
using What = Item::What;

constexpr std::uint16_t aes128 = 0x1301, aes256 = 0x1302, chacha = 0x1303;
constexpr std::uint16_t ecdsa_gcm = 0xc02b, rsa_gcm = 0xc02f, rsa_cbc = 0xc013, rsa_kt = 0x002f, dhe_gcm = 0x009e;
constexpr std::uint16_t p256 = 0x0017, p384 = 0x0018, x25519 = 0x001d, hybrid = 0x11ec;
constexpr std::uint16_t pss256 = 0x0804, pkcs256 = 0x0401, ecdsa256 = 0x0403;

GradePolicy like_an_elb() {
  return {.id = "edge",
          .versions = {wire::tls1_3, wire::tls1_2},
          .suites = {aes128, aes256, ecdsa_gcm, rsa_gcm},
          .groups = {hybrid, p256, p384},
          .schemes = {pss256, pkcs256, ecdsa256}};
}

/// With an RSA leaf, and exactly on like_an_elb().
Surveyed exact() {
  Surveyed surveyed;
  surveyed.versions = {{.version = wire::tls1_3,
                        .spoken = Known::yes,
                        .suites = {aes128, aes256},
                        .suites_by = Preference::server,
                        .groups = {hybrid, p256, p384},
                        .schemes = {pss256}},
                       {.version = wire::tls1_2,
                        .spoken = Known::yes,
                        .suites = {rsa_gcm},
                        .suites_by = Preference::none,
                        .groups = {p256, p384},
                        .schemes = {pss256, pkcs256}},
                       {.version = wire::tls1_1, .spoken = Known::no},
                       {.version = wire::tls1_0, .spoken = Known::no},
                       {.version = wire::ssl3, .spoken = Known::no}};
  surveyed.presented = {{.chain = {Bytes{1}}, .versions = {wire::tls1_3, wire::tls1_2}}};
  return surveyed;
}

constexpr std::int64_t day = 86400;

ChainFacts chain(Key key, unsigned bits, unsigned days = 90) {
  ChainFacts facts;
  facts.certificates.push_back({.key = key,
                                .key_name = key == Key::rsa ? "RSA " + std::to_string(bits) : "ECDSA",
                                .bits = bits,
                                .not_before = 1000 * day,
                                .not_after = (1000 + days) * day});
  return facts;
}

const std::vector<ChainFacts> rsa_leaf{chain(Key::rsa, 2048)};

bool has(const std::vector<Item>& items, What what, std::uint16_t version, std::uint16_t code) {
  return std::ranges::any_of(
      items, [&](const Item& item) { return item.what == what && item.version == version && item.code == code; });
}

bool remarked(const Grade& grade, std::string_view part) {
  return std::ranges::any_of(grade.remarks, [&](const auto& one) { return one.find(part) != one.npos; });
}

}  // namespace

TEST_CASE("an endpoint that accepts what the policy lists and nothing else meets it") {
  const Grade is = grade(exact(), rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::meets);
  CHECK(is.too_much.empty());
  CHECK(is.missing.empty());
  CHECK(is.not_known.empty());
  CHECK(is.unserved == wire::Codes{ecdsa_gcm});  // there is only an RSA leaf
  CHECK(is.policy.id == "edge");
}

TEST_CASE("what is accepted beyond the policy is too much") {
  Surveyed more = exact();
  more.versions[1].suites.push_back(rsa_cbc);
  more.versions[0].groups.push_back(x25519);
  more.versions[1].schemes.push_back(0x0201);
  const Grade is = grade(more, rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::differs);
  CHECK(is.too_much.size() == 3);
  CHECK(has(is.too_much, What::suite, wire::tls1_2, rsa_cbc));
  CHECK(has(is.too_much, What::group, wire::tls1_3, x25519));
  CHECK(has(is.too_much, What::scheme, wire::tls1_2, 0x0201));
}

TEST_CASE("a version beyond the policy is one item, not one for each of its suites") {
  Surveyed more = exact();
  more.versions[2] = {.version = wire::tls1_1, .spoken = Known::yes, .suites = {rsa_cbc, rsa_kt}};
  const Grade is = grade(more, rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::differs);
  REQUIRE(is.too_much.size() == 1);
  CHECK(has(is.too_much, What::version, wire::tls1_1, wire::tls1_1));
}

TEST_CASE("what the policy lists and the endpoint refuses is missing, and a difference") {
  Surveyed less = exact();
  less.versions[0].suites = {aes128};
  less.versions[1].groups = {p256};
  less.versions[1].schemes = {pkcs256};
  const Grade is = grade(less, rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::differs);
  CHECK(is.missing.size() == 3);
  CHECK(has(is.missing, What::suite, wire::tls1_3, aes256));
  CHECK(has(is.missing, What::group, wire::tls1_2, p384));
  CHECK(has(is.missing, What::scheme, wire::tls1_2, pss256));
}

TEST_CASE("a version that is missing is one item") {
  Surveyed less = exact();
  less.versions[0] = {.version = wire::tls1_3, .spoken = Known::no};
  const Grade is = grade(less, rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::differs);
  REQUIRE(is.missing.size() == 1);
  CHECK(has(is.missing, What::version, wire::tls1_3, wire::tls1_3));
}

TEST_CASE("a policy that allows less is an upper bound") {
  Surveyed less = exact();
  less.versions[0].suites = {aes128};
  GradePolicy bound = like_an_elb();
  bound.allows_less = true;
  const Grade is = grade(less, rsa_leaf, bound);
  CHECK(is.verdict == Verdict::meets);
  CHECK(is.missing.size() == 1);
  CHECK(remarked(is, "allows less"));
  less.versions[1].suites.push_back(rsa_cbc);
  CHECK(grade(less, rsa_leaf, bound).verdict == Verdict::differs);
}

TEST_CASE("a suite or scheme of another kind of key is missing only where there is such a leaf") {
  const std::vector both{chain(Key::rsa, 2048), chain(Key::ecdsa_p256, 256)};
  const Grade is = grade(exact(), both, like_an_elb());
  CHECK(is.unserved.empty());
  CHECK(has(is.missing, What::suite, wire::tls1_2, ecdsa_gcm));
  CHECK(has(is.missing, What::scheme, wire::tls1_2, ecdsa256));
  CHECK(has(is.missing, What::scheme, wire::tls1_3, ecdsa256));
}

TEST_CASE("without any leaf it is not known which suites could be served") {
  Surveyed nothing = exact();
  const Grade is = grade(nothing, {}, like_an_elb());
  CHECK(is.verdict == Verdict::unknown);
  CHECK(has(is.not_known, What::suite, wire::tls1_2, ecdsa_gcm));
}

TEST_CASE("what got no answer is not known, and nothing is missing from an incomplete survey") {
  Surveyed partly = exact();
  partly.versions[0].suites = {aes128};
  partly.versions[0].unknown_suites = {aes256, chacha, 0x1304};
  partly.unknown = {"three suites of TLSv1.3: no answer"};
  const Grade is = grade(partly, rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::unknown);
  CHECK(is.missing.empty());
  CHECK(has(is.not_known, What::suite, wire::tls1_3, aes256));
  REQUIRE(has(is.not_known, What::suite, wire::tls1_3, 0));  // two more, in one item
  CHECK(is.not_known.back().detail == "2 more without an answer");

  Surveyed given_up = exact();
  given_up.versions[0].suites = {aes128};
  given_up.unknown = {"the target throttled"};
  CHECK(grade(given_up, rsa_leaf, like_an_elb()).missing.empty());
}

TEST_CASE("an incomplete survey never meets, but what it saw can differ") {
  Surveyed partly = exact();
  partly.unknown = {"resumption: no answer"};
  CHECK(grade(partly, rsa_leaf, like_an_elb()).verdict == Verdict::unknown);
  partly.versions[1].suites.push_back(rsa_cbc);
  CHECK(grade(partly, rsa_leaf, like_an_elb()).verdict == Verdict::differs);
}

TEST_CASE("a version that is not known, or was not asked") {
  Surveyed partly = exact();
  partly.versions[3].spoken = Known::unknown;
  CHECK(has(grade(partly, rsa_leaf, like_an_elb()).not_known, What::version, wire::tls1_0, wire::tls1_0));
  partly = exact();
  partly.versions.erase(partly.versions.begin());
  const Grade is = grade(partly, rsa_leaf, like_an_elb());
  CHECK(is.verdict == Verdict::unknown);
  CHECK(has(is.not_known, What::version, wire::tls1_3, wire::tls1_3));
}

TEST_CASE("of a policy that is not known to its end, what lies beyond is not judged") {
  GradePolicy partly = like_an_elb();
  partly.complete = false;
  CHECK(grade(exact(), rsa_leaf, partly).verdict == Verdict::meets);
  Surveyed more = exact();
  more.versions[1].suites.push_back(rsa_cbc);
  Grade is = grade(more, rsa_leaf, partly);
  CHECK(is.verdict == Verdict::unknown);
  CHECK(is.too_much.empty());
  CHECK(has(is.not_known, What::suite, wire::tls1_2, rsa_cbc));
  partly.suites = {};
  is = grade(exact(), rsa_leaf, partly);
  CHECK(is.verdict == Verdict::unknown);
  CHECK(has(is.not_known, What::suite, wire::tls1_3, 0));
  Surveyed less = exact();
  less.versions[0].groups = {p256, p384};
  CHECK(grade(less, rsa_leaf, partly).verdict == Verdict::differs);  // a group that it has for sure
}

TEST_CASE("what a complete policy is silent on is not judged") {
  GradePolicy brief{.id = "brief", .versions = {wire::tls1_3, wire::tls1_2}, .suites = {rsa_gcm}};
  CHECK(grade(exact(), rsa_leaf, brief).verdict == Verdict::meets);  // nothing said of the suites of TLS 1.3
  const GradePolicy no_versions{.id = "suites only", .suites = {aes128, aes256, rsa_gcm}};
  CHECK(grade(exact(), rsa_leaf, no_versions).verdict == Verdict::meets);
}

TEST_CASE("order counts where the policy's server chooses") {
  GradePolicy ordered = like_an_elb();
  ordered.server_preference = true;
  Surveyed surveyed = exact();
  CHECK(grade(surveyed, rsa_leaf, ordered).verdict == Verdict::meets);
  surveyed.versions[0].suites = {aes256, aes128};
  Grade is = grade(surveyed, rsa_leaf, ordered);
  CHECK(is.verdict == Verdict::differs);
  REQUIRE(has(is.otherwise, What::order, wire::tls1_3, aes256));
  CHECK(is.otherwise.front().detail == "comes before TLS_AES_128_GCM_SHA256");
  CHECK(grade(surveyed, rsa_leaf, like_an_elb()).verdict == Verdict::meets);
  surveyed = exact();
  surveyed.versions[0].suites_by = Preference::client;
  CHECK(grade(surveyed, rsa_leaf, ordered).verdict == Verdict::differs);
  for (const auto by : {Preference::unknown, Preference::adaptive}) {
    surveyed.versions[0].suites_by = by;
    is = grade(surveyed, rsa_leaf, ordered);
    CHECK(is.verdict == Verdict::unknown);
    CHECK(has(is.not_known, What::order, wire::tls1_3, 0));
  }
}

TEST_CASE("a policy that leaves the choice to the client: said, not judged") {
  GradePolicy free = like_an_elb();
  free.server_preference = false;
  const Grade is = grade(exact(), rsa_leaf, free);
  CHECK(is.verdict == Verdict::meets);
  CHECK(remarked(is, "chooses itself"));
}

TEST_CASE("the leaf's key, its size and its validity") {
  GradePolicy strict = like_an_elb();
  strict.keys = {Key::rsa, Key::ecdsa_p256};
  strict.rsa_bits = 2048;
  strict.days = 90;
  CHECK(grade(exact(), rsa_leaf, strict).verdict == Verdict::meets);
  CHECK(has(grade(exact(), std::vector{chain(Key::rsa, 1024)}, strict).otherwise, What::key_size, 0, 0));
  CHECK(has(grade(exact(), std::vector{chain(Key::ecdsa_p521, 521)}, strict).otherwise, What::key, 0, 0));
  const Grade is = grade(exact(), std::vector{chain(Key::rsa, 2048, 91)}, strict);
  REQUIRE(has(is.otherwise, What::lifetime, 0, 0));
  CHECK(is.otherwise.front().detail == "the leaf is valid for 91 days, the policy allows 90");
  CHECK(is.verdict == Verdict::differs);
  CHECK(has(grade(exact(), {}, strict).not_known, What::key, 0, 0));
}

TEST_CASE("the size of DHE parameters") {
  GradePolicy with_dhe = like_an_elb();
  with_dhe.suites.push_back(dhe_gcm);
  with_dhe.dh_bits = 2048;
  Surveyed surveyed = exact();
  surveyed.versions[1].suites.push_back(dhe_gcm);
  surveyed.versions[1].dh_bits = {{dhe_gcm, 2048}};
  CHECK(grade(surveyed, rsa_leaf, with_dhe).verdict == Verdict::meets);
  surveyed.versions[1].dh_bits = {{dhe_gcm, 1024}};
  CHECK(has(grade(surveyed, rsa_leaf, with_dhe).otherwise, What::dh_size, wire::tls1_2, dhe_gcm));
}

TEST_CASE("groups that a version cannot use, or nothing in it uses, are not missing") {
  Surveyed surveyed = exact();  // hybrid is not among the groups of TLS 1.2
  CHECK(grade(surveyed, rsa_leaf, like_an_elb()).verdict == Verdict::meets);
  GradePolicy transport = like_an_elb();
  transport.suites = {aes128, aes256, rsa_kt};
  surveyed.versions[1].suites = {rsa_kt};
  surveyed.versions[1].groups = {};
  surveyed.versions[1].schemes = {};
  CHECK(grade(surveyed, rsa_leaf, transport).verdict == Verdict::meets);
  surveyed = exact();
  surveyed.versions[1].groups = {};  // an ECDHE suite, and no group: it was not asked
  CHECK(has(grade(surveyed, rsa_leaf, like_an_elb()).not_known, What::group, wire::tls1_2, 0));
}

TEST_CASE("unequal servers are graded each by itself, with its own leaf") {
  Surveyed pool = exact();
  pool.presented.push_back({.chain = {Bytes{2}}, .versions = {wire::tls1_2}});
  const std::vector chains{chain(Key::rsa, 2048), chain(Key::ecdsa_p256, 256)};
  Member first{.leaf = {1}, .versions = pool.versions}, second{.leaf = {2}, .versions = pool.versions};
  second.versions[1].suites = {ecdsa_gcm};
  second.versions[1].schemes = {ecdsa256};
  second.versions[0].schemes = {ecdsa256};
  pool.members = {first, second};
  Grade is = grade(pool, chains, like_an_elb());
  CHECK(is.verdict == Verdict::meets);
  pool.members[1].versions[1].suites.push_back(0xc009);
  is = grade(pool, chains, like_an_elb());
  REQUIRE(is.too_much.size() == 1);
  CHECK(is.too_much.front().member == 2);
  CHECK(remarked(is, "Unequal servers"));
}

TEST_CASE("policies of a proxy's origin leg, and endpoints without TLS") {
  GradePolicy of_origins = like_an_elb();
  of_origins.leg = GradePolicy::Leg::origin;
  CHECK(grade(exact(), rsa_leaf, of_origins).verdict == Verdict::unknown);
  Surveyed foreign;
  foreign.foreign = "HTTP/1.1 400";
  CHECK(grade(foreign, {}, like_an_elb()).verdict == Verdict::differs);
}

TEST_CASE("what is uncertain is said") {
  GradePolicy guessed = like_an_elb();
  guessed.status = GradePolicy::Status::uncertain;
  guessed.alias = "TLSv1.2_2021";
  const Grade is = grade(exact(), rsa_leaf, guessed);
  CHECK(is.verdict == Verdict::meets);
  CHECK(remarked(is, "TLSv1.2_2021 is taken for edge"));
  CHECK(remarked(is, "uncertain"));
}

}  // namespace bothends::policy::test
