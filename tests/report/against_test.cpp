#include "report/against.hpp"

#include <doctest/doctest.h>

#include "tests/report/probed_samples.hpp"
#include "tests/report/samples.hpp"

using namespace bothends;
using policy::Against;
using policy::Apart;
using samples::has;

TEST_CASE("a hello that agrees") {
  Against against;
  against.outcome = policy::Agreement{
      .version = wire::tls1_3, .suite = 0x1301, .group = 29, .signature_scheme = 0x0403, .alpn = "h2"};
  CHECK(report::console(against, {.width = 200}) ==
        "  ✓ agrees: TLSv1.3 TLS_AES_128_GCM_SHA256 x25519, signed by ecdsa_secp256r1_sha256, ALPN h2\n");
  CHECK(has(report::console(against, {.unicode = false}), "agrees"));
}

TEST_CASE("a hello that is refused says both lists and what to change") {
  Against against;
  against.outcome = policy::Refusal{.reason = policy::Reason::no_shared_suite, .alert = wire::handshake_failure};
  against.apart = Apart{Apart::What::suites, wire::tls1_2, {0xc02b, 0x002f}, {0xc02f}, {}, {}, {}};
  CHECK(report::console(against, {.width = 200}) ==
        "  ✗ refused handshake_failure (40): no shared suite\n"
        "    offered      TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA\n"
        "    accepted     TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n"
        "    change       Nothing is in both lists: enable one of the accepted suites on the client, or one of the "
        "offered on the server.\n");
  against.apart->shared = {0xc02f};
  CHECK(
      has(report::console(against, {.width = 400}), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 of TLSv1.2, but it cannot"));
  against.apart->shared.clear();
  against.apart->offered.clear();
  CHECK(has(report::console(against, {.width = 200}), "The hello offers no suite of TLSv1.2"));
}

TEST_CASE("protocols are raw, a name has no lists") {
  Against against;
  against.outcome = policy::Refusal{.reason = policy::Reason::no_shared_alpn, .alert = std::uint8_t{120}};
  against.apart = Apart{Apart::What::alpn, 0, {}, {}, {}, {"\x1b[2J"}, {"h2"}};
  const auto text = report::console(against, {});
  CHECK_FALSE(has(text, "\x1b"));
  CHECK(has(text, "ALPN protocols on the client"));
  against.outcome = policy::Refusal{.reason = policy::Reason::unknown_name, .alert = std::uint8_t{112}};
  against.apart.reset();
  CHECK(has(report::console(against, {.width = 200}), "change       The server refuses this name"));
}

TEST_CASE("what is not known, and what it was held against") {
  CHECK(report::console(Against{{}, {}, "nothing was surveyed"}, {}) == "  – not known: nothing was surveyed\n");
  CHECK(report::against_headline(samples::healthy_endpoint(), {.width = 200})
            .find("surveyed with shop.test on 2026-11-24\n") != std::string::npos);
  for (const auto& probed : {samples::hostile_endpoint(), samples::silent_endpoint(), policy::Probed{}})
    CHECK_FALSE(has(report::against_headline(probed, {}), "\x1b"));
}
