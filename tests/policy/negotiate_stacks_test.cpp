// What servers do that are not ours, as measured with random hellos (tests/cli/random_hellos.py): one rule, one test.
#include <doctest/doctest.h>

#include "pair.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

using Change = std::function<void(Offer&, Policy&)>;

Agreement agreed(const std::string& server, const Change& change) {
  const auto outcome = Try{"", server, change}.outcome();
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) FAIL(server << " refused: " << name(refusal->reason));
  return std::get<Agreement>(outcome);
}

Refusal refused(const std::string& server, const Change& change) {
  const auto outcome = Try{"", server, change}.outcome();
  REQUIRE_MESSAGE(std::holds_alternative<Refusal>(outcome), server << " agreed");
  return std::get<Refusal>(outcome);
}

void two_leaves(Offer&, Policy& policy) { policy.leaves = {leaf_of("a.test"), leaf_of("a.test", Key::rsa, 2048)}; }

Leaf leaf_sent_by(const std::string& server, const Change& change) {
  Offer offer = plain_offer("");
  Policy policy = plain_policy(server);
  two_leaves(offer, policy);
  change(offer, policy);
  const Leaf* leaf = leaf_sent(offer, policy);
  REQUIRE(leaf);
  return *leaf;
}

}  // namespace

TEST_CASE("TLS 1.3 without signature_algorithms: OpenSSL and mbedTLS miss an extension, GnuTLS just fails") {
  const auto none = [](Offer& offer, Policy&) { offer.signature_schemes.clear(); };
  for (const auto* server : {"openssl", "openssl-3.0", "haproxy", "mbedtls"})
    CHECK(refused(server, none).alert == wire::missing_extension);
  CHECK(refused("gnutls", none).alert == wire::handshake_failure);
  SUBCASE("a suite is looked for before") {
    const auto neither = [](Offer& offer, Policy&) {
      offer.signature_schemes.clear();
      offer.suites = {0x1305};
    };
    CHECK(refused("openssl", neither).reason == Reason::no_shared_suite);
  }
  SUBCASE("and so is a protocol") {
    const auto neither = [](Offer& offer, Policy& policy) {
      offer.signature_schemes.clear();
      offer.alpn = {"h2"};
      policy.alpn = {"http/1.1"};
    };
    CHECK(refused("openssl-3.0", neither).alert == wire::no_application_protocol);
  }
}

TEST_CASE("TLS 1.3 groups of OpenSSL 3.0: the client's first share, or a retry with the server's first group") {
  const auto shares = [](Offer& offer, Policy&) {
    offer.groups = {24, 23, 29};
    offer.key_shares = {23, 29};
  };
  CHECK(agreed("openssl-3.0", shares).group == 23);
  CHECK_FALSE(agreed("openssl-3.0", shares).hello_retry);
  const auto no_share = [](Offer& offer, Policy&) {
    offer.groups = {24, 23, 29};
    offer.key_shares.clear();
  };
  CHECK(agreed("openssl-3.0", no_share).group == 29);
  CHECK(agreed("openssl-3.0", no_share).hello_retry);
  CHECK(agreed("openssl", no_share).group == 24);
}

TEST_CASE("TLS 1.3 groups of GnuTLS: the first shared one, and a retry though another's share is there") {
  const auto shares = [](Offer& offer, Policy&) {
    offer.groups = {24, 23};
    offer.key_shares = {23};
  };
  CHECK(agreed("gnutls", shares).group == 24);
  CHECK(agreed("gnutls", shares).hello_retry);
}

TEST_CASE("TLS 1.2 without supported_groups: GnuTLS and NSS take P-256, OpenSSL no curve") {
  const auto none = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    two_leaves(offer, policy);
    offer.groups.clear();
    offer.suites = {0xc02f, 0x009c};
  };
  for (const auto* server : {"gnutls", "nss"}) {
    CHECK(agreed(server, none).suite == 0xc02f);
    CHECK(agreed(server, none).group == 23);
  }
  CHECK(agreed("openssl-3.0", none).suite == 0x009c);
}

TEST_CASE("TLS 1.2: GnuTLS presents an ECDSA leaf whose curve was not offered") {
  const auto other_curve = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    offer.groups = {24};
    offer.suites = {0xc02b};
  };
  CHECK(agreed("gnutls", other_curve).group == 24);
  CHECK(refused("openssl-3.0", other_curve).alert == wire::handshake_failure);
  CHECK(refused("nss", other_curve).alert == wire::handshake_failure);
}

TEST_CASE("TLS 1.2: NSS takes a suite before it looks for a scheme, GnuTLS takes what it can sign for") {
  const auto only_rsa_schemes = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    two_leaves(offer, policy);
    offer.suites = {0xc02b, 0xc02f};
    offer.signature_schemes = {0x0401};
  };
  CHECK(refused("nss", only_rsa_schemes).alert == wire::handshake_failure);
  CHECK(agreed("gnutls", only_rsa_schemes).suite == 0xc02f);
}

TEST_CASE("TLS 1.2: what a server knows is more than what its keys can sign by") {
  const auto foreign = [](std::uint16_t scheme) {
    return [scheme](Offer& offer, Policy& policy) {
      tls12(offer, policy);
      policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
      policy.signature_schemes = {0x0401, 0x0804};
      offer.suites = {0x009c};
      offer.signature_schemes = {scheme};
    };
  };
  CHECK(agreed("nss", foreign(0x080a)).suite == 0x009c);
  CHECK(refused("nss", foreign(0x0808)).alert == wire::handshake_failure);
  CHECK(agreed("gnutls", foreign(0x0808)).suite == 0x009c);
  CHECK(refused("openssl-3.0", foreign(0x0809)).alert == wire::handshake_failure);  // RSA transport wants one, too
}

TEST_CASE("TLS 1.2 without signature_algorithms means SHA-1, and OpenSSL may have none") {
  const auto silent = [](wire::Codes schemes) {
    return [schemes](Offer& offer, Policy& policy) {
      tls12(offer, policy);
      policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
      policy.signature_schemes = schemes;
      offer.suites = {0xc02f};
      offer.signature_schemes.clear();
    };
  };
  CHECK(agreed("openssl-3.0", silent({0x0804, 0x0201})).signature_scheme == 0x0201);
  CHECK(refused("openssl-3.0", silent({0x0804})).alert == wire::handshake_failure);
}

TEST_CASE("HAProxy takes one leaf before OpenSSL looks at anything") {
  const auto with = [](wire::Codes suites, wire::Codes schemes) {
    return [=](Offer& offer, Policy&) {
      offer.suites = suites;
      offer.signature_schemes = schemes;
    };
  };
  CHECK(leaf_sent_by("haproxy", with({0x1301, 0xc02b}, {0x0804, 0x0403, 0x0401})).key == Key::ecdsa_p256);
  CHECK(leaf_sent_by("haproxy", with({0x1301, 0xc02f}, {0x0403, 0x0401, 0x0804})).key == Key::rsa);
  CHECK(leaf_sent_by("haproxy", with({0x1301, 0xc007}, {0x0403, 0x0401, 0x0804})).key == Key::rsa);  // RC4: none of its
  SUBCASE("PSS alone is no RSA to it, and then its ECDSA leaf has no scheme") {
    const auto pss = [](Offer& offer, Policy& policy) {
      two_leaves(offer, policy);
      offer.signature_schemes = {0x0804};
    };
    CHECK(refused("haproxy", pss).alert == wire::handshake_failure);
    CHECK(agreed("openssl-3.0", pss).signature_scheme == 0x0804);
  }
  SUBCASE("an unknown name has the default leaf only") {
    const auto unknown = [](Offer& offer, Policy& policy) {
      two_leaves(offer, policy);
      offer.sni = "other.test";
      offer.signature_schemes = {0x0804, 0x0401};
    };
    CHECK(refused("haproxy", unknown).alert == wire::handshake_failure);
  }
}

TEST_CASE("The server's order, but ChaCha20 for who puts it first") {
  const auto wants = [](std::uint16_t first) {
    return [first](Offer& offer, Policy& policy) {
      policy.server_preference = policy.chacha_by_client = true;
      policy.suites = {0x1302, 0x1303, 0x1301};
      offer.suites = {first, 0x1302, 0x1303};
    };
  };
  CHECK(agreed("openssl-3.0", wants(0x1303)).suite == 0x1303);
  CHECK(agreed("openssl-3.0", wants(0x1301)).suite == 0x1302);
}

TEST_CASE("An anonymous suite needs neither a leaf nor a scheme, on a curve a group") {
  const auto anonymous = [](std::uint16_t suite) {
    return [suite](Offer& offer, Policy& policy) {
      tls12(offer, policy);
      policy.suites = offer.suites = {suite};
      policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
    };
  };
  CHECK(agreed("openssl-3.0", anonymous(0x0034)).group == 0);
  CHECK(agreed("openssl-3.0", anonymous(0xc018)).group == 29);
  CHECK(agreed("openssl-3.0", anonymous(0xc018)).signature_scheme == 0);
  CHECK(agreed("openssl-3.0", anonymous(0xc018)).leaf.empty());
}

TEST_CASE("TLS 1.2: mbedTLS wants a curve it has heard of, for static ECDH too") {
  const auto names = [](wire::Codes groups, std::uint16_t suite) {
    return [=](Offer& offer, Policy& policy) {
      tls12(offer, policy);
      offer.groups = groups;
      policy.suites = offer.suites = {suite};
    };
  };
  CHECK(refused("mbedtls", names({11}, 0xc02b)).alert == wire::handshake_failure);
  CHECK(agreed("mbedtls", names({23}, 0xc02d)).suite == 0xc02d);
  CHECK(refused("mbedtls", names({}, 0xc02d)).alert == wire::handshake_failure);
}
