// Grades and clients as text and as JSON.
#include "report/grade.hpp"

#include <doctest/doctest.h>

#include "report/clients.hpp"
#include "report/json_grade.hpp"
#include "tests/report/samples.hpp"

using namespace bothends;
using samples::has;

namespace {

using policy::Grade;
using policy::Item;
using What = Item::What;

Grade differing() {
  Grade grade;
  grade.verdict = Grade::Verdict::differs;
  grade.policy = {.id = "mozilla-modern-6.0", .vendor = "Mozilla", .status = policy::GradePolicy::Status::documented};
  grade.policy.sources = {{"Mozilla Server Side TLS 6.0", "6.0", "https://example.test/6.0.json"}};
  grade.too_much = {{What::version, wire::tls1_2, wire::tls1_2},
                    {What::version, wire::tls1_1, wire::tls1_1},
                    {What::suite, wire::tls1_3, 0x1304},
                    {What::suite, wire::tls1_3, 0x1305}};
  grade.missing = {{What::group, wire::tls1_3, 0x11ec}};
  grade.otherwise = {{What::order, wire::tls1_3, 0x1302, "comes before TLS_AES_128_GCM_SHA256"},
                     {What::key, 0, 0, "the leaf's key is RSA 2048"}};
  grade.not_known = {{What::suite, wire::tls1_3, 0, "3 more without an answer"}};
  grade.unserved = {0xc02b};
  grade.remarks = {"What this policy holds is uncertain."};
  return grade;
}

std::vector<policy::ClientAnswer> answers() {
  const policy::Agreement modern{.version = wire::tls1_3, .suite = 0x1301, .group = 0x11ec, .alpn = "h2"};
  const policy::Refusal refused{.reason = policy::Reason::no_shared_suite, .alert = wire::handshake_failure};
  return {{"chrome-150", "Chrome 150", modern, std::nullopt},
          {"chrome-142", "Chrome 142", modern, std::nullopt},
          {"java-7", "Java 7", refused, std::nullopt},
          {"odd", "Odd", std::nullopt, std::nullopt}};
}

}  // namespace

TEST_CASE("a grade says the verdict first, then each list by version") {
  const auto text = report::console(differing(), {});
  CHECK(text ==
        "✗ differs from mozilla-modern-6.0 (Mozilla, documented)\n"
        "  too much   versions: TLSv1.2, TLSv1.1\n"
        "             TLSv1.3 suites: TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256\n"
        "  missing    TLSv1.3 groups: X25519MLKEM768\n"
        "  otherwise  TLSv1.3 order: TLS_AES_256_GCM_SHA384 (comes before TLS_AES_128_GCM_SHA256)\n"
        "             certificate: the leaf's key is RSA 2048\n"
        "  not known  TLSv1.3 suites: 3 more without an answer\n"
        "  unserved   1 suite of the policy: no certificate of that kind was presented\n"
        "  note       What this policy holds is uncertain.\n");
}

TEST_CASE("the verdict alone, and everything") {
  CHECK(report::console(differing(), {.quiet = true}) == "✗ differs from mozilla-modern-6.0 (Mozilla, documented)\n");
  const auto all = report::console(differing(), {.verbose = true});
  CHECK(has(all, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
  CHECK(has(all, "https://example.test/6.0.json"));
  Grade good{.verdict = Grade::Verdict::meets, .policy = {.id = "edge"}};
  CHECK(report::console(good, {}) == "✓ meets edge (own)\n");
  good.verdict = Grade::Verdict::unknown;
  CHECK(report::console(good, {.unicode = false}) == "- cannot be said: edge (own)\n");
}

TEST_CASE("of unequal servers each line says which") {
  Grade grade{.verdict = Grade::Verdict::differs, .policy = {.id = "edge"}};
  grade.too_much = {{What::suite, wire::tls1_2, 0xc013, "", 1}, {What::suite, wire::tls1_2, 0xc013, "", 2}};
  const auto text = report::console(grade, {});
  CHECK(has(text, "server 1: TLSv1.2 suites: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\n"));
  CHECK(has(text, "server 2: TLSv1.2 suites: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\n"));
}

TEST_CASE("what a file says of itself cannot act on the terminal") {
  Grade grade{.policy = {.id = samples::hostile(), .vendor = samples::hostile(), .note = samples::hostile()}};
  grade.remarks = {samples::hostile()};
  grade.otherwise = {{What::key, 0, 0, samples::hostile()}};
  CHECK_FALSE(has(report::console(grade, {.verbose = true}), "\x1b"));
  CHECK_FALSE(has(report::dumped(report::grade(grade)), "\x1b"));
}

TEST_CASE("a grade as JSON") {
  const auto json = report::grade(differing());
  CHECK(json["verdict"] == "differs");
  CHECK(json["policy"]["id"] == "mozilla-modern-6.0");
  CHECK(json["policy"]["alias"].is_null());
  CHECK(json["policy"]["leg"] == "server");
  CHECK(json["policy"]["sources"][0]["version"] == "6.0");
  CHECK(json["too_much"].size() == 4);
  CHECK(json["too_much"][0]["what"] == "version");
  CHECK(json["too_much"][0]["code"]["name"] == "TLSv1.2");
  CHECK(json["missing"][0]["code"]["name"] == "X25519MLKEM768");
  CHECK(json["otherwise"][1]["version"].is_null());
  CHECK(json["not_known"][0]["code"].is_null());
  CHECK(json["not_known"][0]["server"].is_null());
  CHECK(json["unserved"][0]["code"] == 0xc02b);
  CHECK(json["remarks"].size() == 1);
}

TEST_CASE("clients that come to the same are one line") {
  CHECK(report::console(answers(), {}) ==
        "  ✓ Chrome 150, 142: TLSv1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768\n"
        "  ✗ Java 7: refused handshake_failure (40): no shared suite\n"
        "  – Odd: not known\n");
  CHECK(report::console(answers(), {.quiet = true}) ==
        "  ✗ Java 7: refused handshake_failure (40): no shared suite\n"
        "  – Odd: not known\n");
  CHECK(has(report::console(answers(), {.verbose = true}),
            "  ✓ Chrome 142: TLSv1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768\n"));
  CHECK(report::console(std::vector<policy::ClientAnswer>{}, {}).empty());
}

TEST_CASE("outcomes in words") {
  CHECK(report::words_of(policy::Agreement{.version = wire::tls1_2, .suite = 0x002f}) ==
        "TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA");
  CHECK(has(report::words_of(policy::Agreement{.version = wire::tls1_3, .suite = 0x1301, .hello_retry = true}),
            ", after a HelloRetryRequest"));
  CHECK(report::words_of(policy::Refusal{}) == "refused without an alert");
  CHECK(
      report::words_of(policy::Refusal{
          .by = policy::Party::client, .reason = policy::Reason::no_shared_version, .alert = wire::protocol_version}) ==
      "the client refuses protocol_version (70): no shared version");
}

TEST_CASE("what real hellos got is counted, and a difference is named") {
  auto all = answers();
  all[0].seen =
      policy::Answer{.kind = policy::Answer::Kind::accepted, .version = wire::tls1_3, .suite = 0x1301, .group = 0x11ec};
  all[1].seen = policy::Answer{.kind = policy::Answer::Kind::refused, .alert = wire::handshake_failure};
  all[2].seen = policy::Answer{.how = policy::Ending::How::timed_out};
  const auto text = report::console(all, {.width = 200});
  CHECK(has(
      text,
      "  ! Chrome 142: foretold TLSv1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768; got refused handshake_failure (40)\n"));
  CHECK(has(text, "  3 hellos sent: 1 answered as foretold, 1 otherwise, 1 cannot be compared\n"));
}

TEST_CASE("clients as JSON") {
  auto all = answers();
  all[0].seen =
      policy::Answer{.kind = policy::Answer::Kind::accepted, .version = wire::tls1_3, .suite = 0x1302, .group = 0x11ec};
  const auto json = report::clients(all);
  REQUIRE(json.size() == 4);
  CHECK(json[0]["id"] == "chrome-150");
  CHECK(json[0]["foretold"]["agreement"]["suite"]["name"] == "TLS_AES_128_GCM_SHA256");
  CHECK(json[0]["foretold"]["agreement"]["alpn"] == "h2");
  CHECK(json[0]["seen"]["outcome"]["agreement"]["suite"]["code"] == 0x1302);
  CHECK(json[0]["seen"]["as_foretold"] == "differs");
  CHECK(json[1]["seen"].is_null());
  CHECK(json[2]["foretold"]["refusal"]["reason"] == "no-shared-suite");
  CHECK(json[2]["foretold"]["refusal"]["alert"]["name"] == "handshake_failure");
  CHECK(json[3]["foretold"].is_null());
}
