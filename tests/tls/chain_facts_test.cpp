#include "tls/chain_facts.hpp"

#include <doctest/doctest.h>
#include <openssl/ocsp.h>

#include <algorithm>
#include <random>

#include "tests/support/pki.hpp"
#include "tls/openssl/handles.hpp"

using namespace bothends;
using namespace bothends::test;
using policy::ChainFacts;
using policy::Defect;
using policy::Key;
using policy::StapleFacts;
using Indices = std::vector<std::size_t>;

namespace {

constexpr long day = 86400;

struct World {
  Certificate root = make_root();
  Certificate intermediate = make_intermediate(root);
  Certificate leaf = make_leaf(intermediate, "shop.test");
};

const World& world() {
  static const World made;
  return made;
}

std::vector<Bytes> ders(const std::vector<Certificate>& chain) {
  std::vector<Bytes> all;
  for (const auto& certificate : chain) all.push_back(certificate.der);
  return all;
}

ChainFacts look(const std::vector<Certificate>& chain, const std::string& name = "shop.test", View staple = {}) {
  return tls::chain_facts(ders(chain), staple, {.anchors = {world().root.der}, .name = name});
}

std::vector<Defect> defects(const ChainFacts& facts) {
  std::vector<Defect> found;
  for (const auto& problem : facts.trust.problems) found.push_back(problem.defect);
  return found;
}

struct Told {
  const Certificate* about = nullptr;
  const Certificate* issuer = nullptr;
  const Certificate* signer = nullptr;
  int status = V_OCSP_CERTSTATUS_GOOD;
  bool with_signer = true;
  long until = day;
};

Bytes ocsp(const Told& told) {
  using namespace tls::ossl;
  const auto about = parse_certificate(told.about->der), issuer = parse_certificate(told.issuer->der);
  const auto signer = parse_certificate(told.signer->der);
  const auto* at = told.signer->key.data();
  const PkeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(told.signer->key.size())));
  auto* basic = OCSP_BASICRESP_new();
  auto* id = OCSP_cert_to_id(nullptr, about.get(), issuer.get());
  auto* from = X509_gmtime_adj(nullptr, -60);
  auto* until = X509_gmtime_adj(nullptr, told.until);
  auto* when = told.status == V_OCSP_CERTSTATUS_REVOKED ? from : nullptr;
  OCSP_basic_add1_status(basic, id, told.status, OCSP_REVOKED_STATUS_UNSPECIFIED, when, from, until);
  OCSP_basic_sign(basic, signer.get(), key.get(), EVP_sha256(), nullptr, told.with_signer ? 0 : OCSP_NOCERTS);
  auto* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  Bytes der(static_cast<std::size_t>(i2d_OCSP_RESPONSE(response, nullptr)));
  auto* to = der.data();
  i2d_OCSP_RESPONSE(response, &to);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  return der;
}

StapleFacts stapled(const Bytes& staple) {
  return look({world().leaf, world().intermediate}, "shop.test", staple).staple;
}

}  // namespace

TEST_CASE("a good chain: every certificate in words, in order, trusted, of the name") {
  const auto facts = look({world().leaf, world().intermediate});
  REQUIRE(facts.certificates.size() == 2);
  const auto& leaf = facts.certificates[0];
  CHECK(leaf.subject == "CN=shop.test");
  CHECK(leaf.issuer == "CN=Test Intermediate");
  CHECK(leaf.names == std::vector<std::string>{"shop.test"});
  CHECK(leaf.more_names == 0);
  CHECK(leaf.key == Key::ecdsa_p256);
  CHECK(leaf.key_name == "ECDSA P-256");
  CHECK(leaf.bits == 256);
  CHECK(leaf.signature == "ecdsa-with-SHA256");
  CHECK(leaf.not_after - leaf.not_before == 3600 + day);
  CHECK_FALSE(leaf.is_ca);
  CHECK(leaf.sha256.size() == 64);
  CHECK(facts.certificates[1].is_ca);
  CHECK(facts.trust.ok());
  CHECK(facts.trust_known);
  CHECK(facts.named == true);
  CHECK(facts.in_order);
  CHECK_FALSE(facts.root_included);
  CHECK_FALSE(facts.incomplete);
  CHECK(facts.superfluous.empty());
  CHECK(facts.staple.status == StapleFacts::Status::none);
}

TEST_CASE("keys are named as people call them") {
  const auto named = [](Key key, unsigned bits = 2048) {
    const auto facts = look({make({.key = key, .bits = bits, .names = {"shop.test"}}, &world().root)});
    return std::pair(facts.certificates[0].key, facts.certificates[0].key_name);
  };
  CHECK(named(Key::rsa) == std::pair(Key::rsa, std::string("RSA 2048")));
  CHECK(named(Key::rsa_pss) == std::pair(Key::rsa_pss, std::string("RSA-PSS 2048")));
  CHECK(named(Key::ecdsa_p384) == std::pair(Key::ecdsa_p384, std::string("ECDSA P-384")));
  CHECK(named(Key::ecdsa_p521) == std::pair(Key::ecdsa_p521, std::string("ECDSA P-521")));
  CHECK(named(Key::ed25519) == std::pair(Key::ed25519, std::string("Ed25519")));
  CHECK(named(Key::ed448) == std::pair(Key::ed448, std::string("Ed448")));
}

TEST_CASE("the name is judged apart from trust") {
  const auto wrong = look({world().leaf, world().intermediate}, "other.test");
  CHECK(wrong.named == false);
  CHECK(wrong.trust.ok());
  CHECK_FALSE(look({world().leaf, world().intermediate}, "").named.has_value());
}

TEST_CASE("order, root, superfluous") {
  const auto& [root, intermediate, leaf] = world();
  const auto stranger = make_root("Stranger");
  const auto with_root = look({leaf, intermediate, root});
  CHECK(with_root.root_included);
  CHECK(with_root.in_order);
  CHECK(with_root.superfluous.empty());
  const auto swapped = look({leaf, root, intermediate});
  CHECK_FALSE(swapped.in_order);
  CHECK(swapped.superfluous.empty());
  CHECK(swapped.trust.ok());
  const auto more = look({leaf, stranger, intermediate, leaf, intermediate});
  CHECK(more.superfluous == Indices{1, 3, 4});
  CHECK(more.in_order);
  CHECK_FALSE(more.root_included);
}

TEST_CASE("a missing intermediate is told from a private authority and from a self-signed leaf") {
  const auto& [root, intermediate, leaf] = world();
  const auto bare = look({leaf});
  CHECK(bare.incomplete);
  CHECK(defects(bare) == std::vector<Defect>{Defect::unknown_issuer});
  CHECK_FALSE(look({make_leaf(root, "shop.test")}).incomplete);
  const auto self = look({make({.names = {"shop.test"}})});
  CHECK_FALSE(self.incomplete);
  CHECK(defects(self) == std::vector<Defect>{Defect::self_signed});
  CHECK_FALSE(self.root_included);
  const auto private_root = make_root("Private");
  const auto private_chain = look({make_leaf(private_root, "shop.test"), private_root});
  CHECK_FALSE(private_chain.incomplete);
  CHECK_FALSE(private_chain.trust.ok());
}

TEST_CASE("without any anchors trust is not known, what else is wrong is said") {
  const auto& [root, intermediate, leaf] = world();
  const auto expired = make({.names = {"shop.test"}, .from = -3 * day, .until = -day}, &intermediate);
  const auto facts = tls::chain_facts(ders({expired, intermediate}), {}, {.anchors_known = false});
  CHECK_FALSE(facts.trust_known);
  CHECK(defects(facts) == std::vector<Defect>{Defect::expired});
  const auto bare = tls::chain_facts(ders({leaf}), {}, {.anchors_known = false});
  CHECK_FALSE(bare.incomplete);
  CHECK(bare.trust.ok());
}

TEST_CASE("a leaf that is an anchor itself lacks nothing") {
  const auto facts = tls::chain_facts({world().leaf.der}, {}, {.anchors = {world().leaf.der}});
  CHECK_FALSE(facts.incomplete);
  CHECK(facts.trust.ok());
}

TEST_CASE("no certificate, and octets that are none") {
  const auto none = tls::chain_facts({}, {}, {});
  CHECK(none.certificates.empty());
  CHECK(defects(none) == std::vector<Defect>{Defect::none_sent});
  const auto garbage = tls::chain_facts({{1, 2, 3}, world().intermediate.der}, Bytes{9}, {.name = "shop.test"});
  REQUIRE(garbage.certificates.size() == 2);
  CHECK(garbage.certificates[0].subject.empty());
  CHECK_FALSE(garbage.named.has_value());
  CHECK(garbage.trust.has(Defect::other));
  CHECK(garbage.staple.status == StapleFacts::Status::malformed);
  const auto behind = tls::chain_facts({world().leaf.der, {}, world().intermediate.der}, {}, {});
  CHECK(behind.superfluous == Indices{1});
  CHECK(behind.in_order);
}

TEST_CASE("many certificates and many names are cut, and it is said") {
  std::vector<Bytes> chain = {world().leaf.der};
  for (int i = 0; i < 300; ++i) chain.push_back(world().intermediate.der);
  const auto facts = tls::chain_facts(chain, {}, {.anchors = {world().root.der}});
  CHECK(facts.certificates.size() == 100);
  CHECK(facts.more_certificates == 201);
  CHECK(facts.superfluous.size() == 98);
  CHECK(facts.trust.ok());
  Spec spec{.names = {}};
  for (int i = 0; i < 10000; ++i) spec.names.push_back("n" + std::to_string(i) + ".test");
  const auto many = look({make(spec, &world().intermediate), world().intermediate}, "n9999.test");
  CHECK(many.certificates[0].names.size() == 1000);
  CHECK(many.certificates[0].more_names == 9000);
  CHECK(many.named == true);
}

TEST_CASE("a chain in which each could have issued every other is done soon") {
  std::vector<Certificate> chain = {make_leaf(world().intermediate, "shop.test")};
  for (int i = 0; i < 120; ++i) chain.push_back(make_intermediate(world().root));
  chain.push_back(world().intermediate);
  const auto facts = look(chain);
  CHECK(facts.more_certificates == 22);
  CHECK_FALSE(facts.certificates.empty());
}

TEST_CASE("a staple by the issuer, and by whom the issuer delegated to") {
  const auto& [root, intermediate, leaf] = world();
  const auto good = stapled(ocsp({&leaf, &intermediate, &intermediate}));
  CHECK(good.status == StapleFacts::Status::good);
  CHECK(good.fits);
  CHECK(good.next_update - good.this_update == day + 60);
  CHECK(stapled(ocsp({.about = &leaf, .issuer = &intermediate, .signer = &intermediate, .with_signer = false})).fits);
  const auto responder = make({.subject = "Responder", .purpose = "OCSPSigning"}, &intermediate);
  CHECK(stapled(ocsp({&leaf, &intermediate, &responder})).fits);
  const auto late = make({.subject = "Late", .from = -3 * day, .until = -day, .purpose = "OCSPSigning"}, &intermediate);
  CHECK_FALSE(stapled(ocsp({&leaf, &intermediate, &late})).fits);
}

TEST_CASE("a staple that says no, or that is not about the leaf, or by a stranger") {
  const auto& [root, intermediate, leaf] = world();
  const auto revoked = stapled(ocsp({&leaf, &intermediate, &intermediate, V_OCSP_CERTSTATUS_REVOKED}));
  CHECK(revoked.status == StapleFacts::Status::revoked);
  CHECK(revoked.fits);
  const auto unknown = stapled(ocsp({&leaf, &intermediate, &intermediate, V_OCSP_CERTSTATUS_UNKNOWN}));
  CHECK(unknown.status == StapleFacts::Status::unknown);
  const auto other = make_leaf(intermediate, "other.test");
  const auto about_other = stapled(ocsp({&other, &intermediate, &intermediate}));
  CHECK(about_other.status == StapleFacts::Status::good);
  CHECK_FALSE(about_other.fits);
  const auto stranger = make_root("Stranger");
  CHECK_FALSE(stapled(ocsp({&leaf, &intermediate, &stranger})).fits);
  const auto not_delegated = make({.subject = "Sibling"}, &intermediate);
  CHECK_FALSE(stapled(ocsp({&leaf, &intermediate, &not_delegated})).fits);
  CHECK_FALSE(look({leaf}, "", ocsp({&leaf, &intermediate, &intermediate})).staple.fits);
}

TEST_CASE("a staple of the responder's own trouble, or with something behind it, says nothing") {
  CHECK(stapled(*from_hex("30030a0103")).status == StapleFacts::Status::malformed);  // tryLater
  auto longer = ocsp({&world().leaf, &world().intermediate, &world().intermediate});
  longer.push_back(0);
  CHECK(stapled(longer).status == StapleFacts::Status::malformed);
}

TEST_CASE("a staple with any octet changed does not fit") {
  const auto& [root, intermediate, leaf] = world();
  const auto staple = ocsp({.about = &leaf, .issuer = &intermediate, .signer = &intermediate, .with_signer = false});
  CHECK(stapled(staple).fits);
  for (std::size_t at = 0; at < staple.size(); ++at) {
    auto changed = staple;
    changed[at] ^= 1;
    CHECK_FALSE(stapled(changed).fits);
  }
}

TEST_CASE("damaged certificates and staples never do harm") {
  const auto& [root, intermediate, leaf] = world();
  std::mt19937 random(4);
  const auto damage = [&](Bytes octets) {
    for (unsigned n = 1 + random() % 3; n-- > 0;)
      octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
    if (random() % 4 == 0) octets.resize(random() % octets.size());
    return octets;
  };
  const auto staple = ocsp({&leaf, &intermediate, &intermediate});
  for (int i = 0; i < 3000; ++i) {
    const auto facts = tls::chain_facts({damage(leaf.der), damage(intermediate.der), damage(root.der)}, damage(staple),
                                        {.anchors = {root.der, damage(root.der)}, .name = "shop.test"});
    CHECK(facts.certificates.size() == 3);
    for (const auto& problem : facts.trust.problems)
      CHECK(std::none_of(problem.detail.begin(), problem.detail.end(), [](char c) { return c >= 0 && c < 32; }));
  }
}
