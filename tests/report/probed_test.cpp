#include "report/probed.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/probed_verdicts.hpp"
#include "tests/report/probed_samples.hpp"
#include "wire/distinguished_name.hpp"

using namespace bothends;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string verdict(const policy::Probed& probed, std::string_view part) {
  for (const auto& one : report::verdicts_of(probed))
    if (has(one.text, part)) return (one.is == report::ProbeVerdict::Is::wrong ? "wrong: " : "") + one.text;
  return "nothing of " + std::string(part);
}

}  // namespace

TEST_CASE("a healthy endpoint: nothing is wrong, everything is told") {
  auto text = report::console(samples::healthy_endpoint(), {});
  CHECK(report::verdicts_of(samples::healthy_endpoint()).empty());
  for (auto part : {"shop.test:443 · 192.0.2.1:443 · sni=shop.test · 2026-11-24",
                    "✓ nothing wrong was found",
                    "2, the server's order counts",
                    "TLS_AES_256_GCM_SHA384",
                    "X25519MLKEM768, x25519",
                    "the client's order counts",
                    "ECDHE, ECDSA leaf",
                    "DHE 2048 bits, RSA leaf",
                    "not spoken: alert protocol_version (70)",
                    "ecdsa_secp256r1_sha256",
                    "60 days left",
                    "complete, in order",
                    "by the system's 140",
                    "fits shop.test",
                    "good, from 2026-11-23 to 2026-11-30",
                    "refused: alert unrecognized_name (112)",
                    "chain 2 (shop.test, ECDSA P-256)",
                    "h2, http/1.1",
                    "refused: alert no_application_protocol (120)",
                    "by ticket yes, by id no, by PSK (TLSv1.3) yes",
                    "shop.test for www.shop.test: not resumed",
                    "OpenSSL 3.0: explains 84 of 84 answers",
                    "as foretold: TLS_AES_256_GCM_SHA384",
                    "412 questions, 120 connections, 34 ms, shortest answer 0.2 ms"})
    CHECK_MESSAGE(has(text, part), part);
}

TEST_CASE("a sick endpoint: what is wrong comes first") {
  auto probed = samples::sick_endpoint();
  CHECK(verdict(probed, "incomplete") ==
        "wrong: chain 1 (shop.test, ECDSA P-256): chain incomplete, the intermediate \"CN=Intermediate\" was not sent");
  auto wide = report::console(probed, {.width = 200});
  CHECK(has(wide, "answered with http/1.1"));
  CHECK(has(wide, "no stack known here: the nearest explains 80 of 84 answers, so what is foretold is uncertain"));
  CHECK(has(verdict(probed, "expired"), "the leaf expired 3 days ago, on 2026-11-21"));
  CHECK(has(verdict(probed, "expires in"), "chain 2 (shop.test, ECDSA P-256): the leaf expires in 5 days"));
  CHECK(has(verdict(probed, "mismatch"), "wrong: chain 1 (shop.test, ECDSA P-256): name mismatch, not for shop.test"));
  CHECK(has(verdict(probed, "not trusted"), "weak-signature (SHA-1)"));
  CHECK_FALSE(has(verdict(probed, "unknown-issuer"), "not trusted"));  // the missing intermediate says it
  probed.survey.names[1] = probed.survey.names[0];
  probed.survey.names[1].which = policy::NameAnswer::Case::unknown;
  CHECK(has(verdict(probed, "default certificate"), "for no SNI and an unknown name: chain 2"));
  probed = samples::sick_endpoint();
  CHECK(verdict(probed, "weak versions") == "wrong: weak versions are spoken: TLSv1.0");
  CHECK(has(verdict(probed, "weak cipher"), "TLS_RSA_WITH_RC4_128_SHA"));
  CHECK(has(verdict(probed, "prime"), "1024 bits"));
  CHECK(has(verdict(probed, "default certificate"), "the default certificate, for no SNI: chain 2 (shop.test"));
  for (auto part : {"not in order", "revoked", "CRIME", "secure renegotiation", "two packets", "GREASE",
                    "2 unequal servers", "a client certificate is required", "superfluous", "root", "is resumed for",
                    "slow down 2 times", "the server's difference (it changes its mind)"})
    CHECK_MESSAGE(has(verdict(probed, part), part), part);
  auto all = report::verdicts_of(probed);
  CHECK(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.is < b.is; }));
  auto text = report::console(probed, {});
  CHECK(text.find("✗ chain 1") < text.find("INCOMPLETE: TLSv1.2 cipher suites"));
  CHECK(text.find("INCOMPLETE") < text.find("a client certificate is required"));
  CHECK(has(text, "unknown suites          TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, 0x1234"));
  CHECK(has(text, "no answer: timed-out (silence)"));
  CHECK(has(text, "CN=Client C"));
  CHECK(has(text, "Server 1 of the pool"));
  CHECK(has(text, "a leaf that no chain has"));
}

TEST_CASE("unsaid, silent and foreign endpoints") {
  auto text = report::console(samples::silent_endpoint(), {});
  CHECK(has(text, "! INCOMPLETE: versions: timed out 4 times"));
  CHECK_FALSE(has(text, "nothing wrong"));
  CHECK_FALSE(has(text, "no version of TLS"));
  CHECK(has(text, "TLSv1.3                 not known"));
  policy::Probed unreached{.target = "nowhere.test", .error = "nobody knows nowhere.test"};
  CHECK(report::console(unreached, {}) ==
        "nowhere.test\n  ! INCOMPLETE: it could not be asked: nobody knows nowhere.test\n\n");
  policy::Probed foreign{.target = "a"};
  foreign.survey.foreign = "HTTP/1.1 400 Bad\x1b";
  foreign.survey.unknown = {"everything"};
  CHECK(has(report::console(foreign, {}), "✗ not TLS: it says \"HTTP/1.1 400 Bad\\x1b\""));
  CHECK_FALSE(report::console(policy::Probed{}, {}).empty());
}

TEST_CASE("what a peer said cannot act on the terminal, and lines keep their width") {
  for (bool verbose : {false, true})
    for (unsigned width : {40U, 100U}) {
      auto text = report::console(samples::hostile_endpoint(), {.width = width, .verbose = verbose});
      CHECK(text.find_first_of("\x1b\r\x07") == std::string::npos);
      CHECK_FALSE(has(text, "\xc2\x9b"));
      CHECK_FALSE(has(text, "\xe2\x80\xae"));
      CHECK(is_utf8(text));
    }
  for (const auto& line : split(report::console(samples::healthy_endpoint(), {.width = 80}), '\n'))
    CHECK_MESSAGE(display_width(line) <= 80, line);
  auto ascii = report::console(samples::hostile_endpoint(), {.unicode = false});
  CHECK(std::all_of(ascii.begin(), ascii.end(), [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  CHECK(has(report::console(samples::sick_endpoint(), {.color = true}), "\x1b[1;31m"));
}

TEST_CASE("quiet: the headline and what is wrong or unknown") {
  auto text = report::console(samples::sick_endpoint(), {.quiet = true});
  CHECK(has(text, "chain incomplete"));
  CHECK(has(text, "INCOMPLETE"));
  CHECK_FALSE(has(text, "client certificate is required"));
  CHECK_FALSE(has(text, "Features"));
}

TEST_CASE("days and dates far away") {
  CHECK(report::days_between(0, -1) == -1);
  CHECK(report::days_between(0, 86399) == 0);
  CHECK(report::days_between(0, 86400) == 1);
  CHECK(report::date_of(0) == "1970-01-01");
  CHECK(report::date_of(INT64_MAX) == "second 9223372036854775807 of 1970");
}

TEST_CASE("distinguished names") {
  auto name = [](std::string_view hex) { return wire::distinguished_name(from_hex(hex).value()); };
  CHECK(name("301b 310a 3008 0603550403 0c01 41 310d 300b 060355040a 1e04 00410042") == "CN=A, O=AB");
  CHECK(name("300b 3109 3007 06022a03 0c01 1b") == "2a03=\\x1b");
  CHECK(name("3000") == "an empty name");
  CHECK(name("30ff00") == "30ff00");
  CHECK(name("") == "");
}
