#include <doctest/doctest.h>

#include "pair.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

Agreement agreed(const Try& what) {
  const auto outcome = what.outcome();
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) FAIL("refused: " << name(refusal->reason));
  return std::get<Agreement>(outcome);
}

}  // namespace

TEST_CASE("A plain pair agrees on TLS 1.3 in the client's order") {
  const Agreement agreement = agreed({});
  CHECK(agreement.version == 0x0304);
  CHECK(agreement.suite == 0x1302);
  CHECK(agreement.group == 29);
  CHECK(agreement.signature_scheme == 0x0403);
  CHECK_FALSE(agreement.hello_retry);
  CHECK(agreement.leaf == leaf_of("a.test").der);
}

TEST_CASE("Whose order of suites counts depends on the server") {
  const auto prefer = [](Offer&, Policy& policy) { policy.server_preference = true; };
  CHECK(agreed({"openssl", "openssl", prefer}).suite == 0x1301);
  CHECK(agreed({"openssl", "mbedtls", prefer}).suite == 0x1302);  // TLS 1.3: the client's, always
  const auto prefer12 = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    policy.server_preference = true;
  };
  CHECK(agreed({"openssl", "openssl", prefer12}).suite == 0xc02b);
  CHECK(agreed({"openssl", "mbedtls", prefer12}).suite == 0xc02b);
}

TEST_CASE("TLS 1.3 groups: a key share in the class, or a retry") {
  SUBCASE("no share of a shared group") {
    const Agreement agreement = agreed({"openssl", "openssl", [](Offer&, Policy& policy) { policy.groups = {24}; }});
    CHECK(agreement.group == 24);
    CHECK(agreement.hello_retry);
  }
  SUBCASE("a set list is one class: the share wins over the better group") {
    const Agreement agreement = agreed({"openssl", "openssl", [](Offer&, Policy& policy) {
                                          policy.groups = {23, 29};
                                          policy.server_preference = true;
                                        }});
    CHECK(agreement.group == 29);
    CHECK_FALSE(agreement.hello_retry);
  }
  SUBCASE("OpenSSL's default list has classes: ML-KEM is worth a retry") {
    const auto change = [](Offer& offer, Policy& policy) {
      offer.groups = {29, 0x11ec};
      policy.groups = {0x11ec, 29, 23, 30, 24, 25, 256, 257};
    };
    CHECK(agreed({"openssl", "openssl", change}).group == 0x11ec);
    CHECK(agreed({"openssl", "openssl", change}).hello_retry);
    CHECK(agreed({"openssl", "mbedtls", change}).group == 29);
    CHECK_FALSE(agreed({"openssl", "mbedtls", change}).hello_retry);
  }
}

TEST_CASE("TLS 1.2 groups: OpenSSL takes the client's order, mbedTLS its own") {
  const auto change = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    policy.groups = {24, 23, 29};
  };
  CHECK(agreed({"openssl", "openssl", change}).group == 29);
  CHECK(agreed({"openssl", "mbedtls", change}).group == 24);
}

TEST_CASE("TLS 1.2: the leaf's key decides which suites can be used") {
  const auto rsa = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
  };
  const Agreement agreement = agreed({"openssl", "openssl", rsa});
  CHECK(agreement.suite == 0xc02f);
  CHECK(agreement.signature_scheme == 0x0804);
  CHECK(agreed({"openssl", "mbedtls", rsa}).signature_scheme == 0x0401);  // no PSS below TLS 1.3
}

TEST_CASE("TLS 1.2: RSA key transport signs nothing and has no group") {
  const Agreement agreement = agreed({"openssl", "openssl", [](Offer& offer, Policy& policy) {
                                        tls12(offer, policy);
                                        offer.suites = {0x009c};
                                        policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
                                      }});
  CHECK(agreement.suite == 0x009c);
  CHECK(agreement.group == 0);
  CHECK(agreement.signature_scheme == 0);
}

TEST_CASE("Below TLS 1.2 nothing with an AEAD or SHA-2 is left, and no scheme is negotiated") {
  const Agreement agreement = agreed({"openssl", "openssl", [](Offer& offer, Policy& policy) {
                                        offer.versions = {0x0302};
                                        offer.min_version = 0x0301;
                                        policy.versions = {0x0302, 0x0301};
                                        policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
                                      }});
  CHECK(agreement.version == 0x0302);
  CHECK(agreement.suite == 0xc013);
  CHECK(agreement.signature_scheme == 0);
}

TEST_CASE("Leaves are chosen by name, and by key among those of one name") {
  const auto several = [](std::optional<std::string> sni) {
    return Try{"openssl", "openssl", [sni](Offer& offer, Policy& policy) {
                 offer.sni = sni;
                 policy.leaves = {leaf_of("default.test"), leaf_of("b.test"), leaf_of("*.c.test"),
                                  leaf_of("d.c.test", Key::rsa, 2048)};
               }};
  };
  CHECK(agreed(several("b.test")).leaf == leaf_of("b.test").der);
  CHECK(agreed(several("B.TEST")).leaf == leaf_of("b.test").der);
  CHECK(agreed(several("x.c.test")).leaf == leaf_of("*.c.test").der);
  CHECK(agreed(several("d.c.test")).leaf == leaf_of("*.c.test").der);  // the scheme decides: ECDSA first
  CHECK(agreed(several("other.test")).leaf == leaf_of("default.test").der);
  CHECK(agreed(several(std::nullopt)).leaf == leaf_of("default.test").der);

  const auto both = [](wire::Codes schemes) {
    return Try{"openssl", "openssl", [schemes](Offer& offer, Policy& policy) {
                 offer.signature_schemes = schemes;
                 policy.leaves = {leaf_of("a.test"), leaf_of("a.test", Key::rsa, 2048)};
               }};
  };
  CHECK(agreed(both({0x0804, 0x0403})).leaf == leaf_of("a.test", Key::rsa).der);
  CHECK(agreed(both({0x0403, 0x0804})).leaf == leaf_of("a.test").der);
}

TEST_CASE("TLS 1.2: of two ECDSA leaves the one on a curve of the client's") {
  const auto change = [](Offer& offer, Policy& policy) {
    tls12(offer, policy);
    offer.groups = {29, 23};
    policy.leaves = {leaf_of("a.test", Key::ecdsa_p384, 384), leaf_of("a.test", Key::ecdsa_p256)};
  };
  CHECK(agreed({"openssl", "mbedtls", change}).leaf == leaf_of("a.test", Key::ecdsa_p256).der);
  CHECK(std::holds_alternative<Refusal>(Try{"openssl", "openssl", change}.outcome()));  // it keeps the first only
}

TEST_CASE("A policy whose schemes are not known signs with what its leaf can") {
  const auto change = [](Offer&, Policy& policy) {
    policy.signature_schemes.clear();
    policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
  };
  CHECK(agreed({"openssl", "", change}).signature_scheme == 0x0804);
}

TEST_CASE("A small RSA key cannot make the larger PSS signatures") {
  const auto change = [](Offer& offer, Policy& policy) {
    offer.signature_schemes = {0x0806, 0x0805};
    policy.leaves = {leaf_of("a.test", Key::rsa, 1024)};
  };
  CHECK(agreed({"openssl", "openssl", change}).signature_scheme == 0x0805);
}

TEST_CASE("ALPN: the server's order; silence when one of the two has none") {
  const auto with = [](std::vector<std::string> client, std::vector<std::string> server) {
    return Try{"openssl", "openssl", [=](Offer& offer, Policy& policy) {
                 offer.alpn = client;
                 policy.alpn = server;
               }};
  };
  CHECK(agreed(with({"http/1.1", "h2"}, {"h2", "http/1.1"})).alpn == "h2");
  CHECK(agreed(with({}, {"h2"})).alpn.empty());
  CHECK(agreed(with({"h2"}, {})).alpn.empty());
}

TEST_CASE("Client certificates: asked, sent, and still an agreement") {
  const auto with = [](ClientCertificate asked, bool has) {
    return Try{"openssl", "openssl", [=](Offer& offer, Policy& policy) {
                 offer.has_certificate = has;
                 policy.client_certificate = asked;
               }};
  };
  CHECK_FALSE(agreed(with(ClientCertificate::none, true)).client_certificate_asked);
  CHECK(agreed(with(ClientCertificate::optional, false)).client_certificate_asked);
  CHECK_FALSE(agreed(with(ClientCertificate::optional, false)).client_certificate_sent);
  CHECK(agreed(with(ClientCertificate::required, true)).client_certificate_sent);
}

TEST_CASE("A client that does not verify takes anything; one that verifies the chain takes any name") {
  const auto with = [](Verify verify, Defect defect) {
    return Try{"openssl", "openssl", [=](Offer& offer, Policy&) {
                 offer.verify = verify;
                 offer.finds = {defect};
               }};
  };
  CHECK(agreed(with(Verify::none, Defect::expired)).version == 0x0304);
  CHECK(agreed(with(Verify::chain, Defect::wrong_name)).version == 0x0304);
}

TEST_CASE("A bad client certificate that was optional: OpenSSL refuses it, mbedTLS does not") {
  const auto change = [](Offer& offer, Policy& policy) {
    offer.has_certificate = true;
    offer.server_finds = {Defect::unknown_issuer};
    policy.client_certificate = ClientCertificate::optional;
  };
  CHECK(std::holds_alternative<Refusal>(Try{"openssl", "openssl", change}.outcome()));
  CHECK(std::holds_alternative<Agreement>(Try{"openssl", "mbedtls", change}.outcome()));
}

TEST_CASE("The leaf that is sent is known before anybody judges it") {
  Offer offer = plain_offer();
  const Policy policy = plain_policy();
  CHECK(leaf_sent(offer, policy) == &policy.leaves.front());
  offer.verify = Verify::full;
  offer.finds = {Defect::expired};
  CHECK(leaf_sent(offer, policy) == &policy.leaves.front());
  offer.suites = {0x1303};
  CHECK(leaf_sent(offer, policy) == nullptr);
}

TEST_CASE("Empty offers and policies are refused, not dereferenced") {
  for (const char* stack : {"openssl", "mbedtls", ""}) {
    Policy nothing;
    nothing.stack = stack;
    CHECK(std::holds_alternative<Refusal>(negotiate(plain_offer(), nothing)));
    CHECK(std::holds_alternative<Refusal>(negotiate(Offer{}, plain_policy(stack))));
    Policy bare = plain_policy(stack);
    bare.leaves.clear();
    CHECK(leaf_sent(plain_offer(), bare) == nullptr);
    const auto outcome = negotiate(plain_offer(), bare);
    REQUIRE(std::holds_alternative<Refusal>(outcome));
    CHECK(std::get<Refusal>(outcome).reason == Reason::no_certificate);
  }
}
