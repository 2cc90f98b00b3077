// Each of the cast has exactly the defect that its name says, and no other.
#include <doctest/doctest.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/text.hpp"
#include "cache.hpp"
#include "certs/issue.hpp"
#include "certs/mint.hpp"

using namespace bothends;
using namespace bothends::certs;

namespace {

const auto now = std::chrono::system_clock::now();

CertificatePtr parse(const Bytes& der) {
  const unsigned char* at = der.data();
  return CertificatePtr(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

struct Check {
  std::string name = "shop.test";
  int purpose = X509_PURPOSE_SSL_SERVER;
  int level = 2;
  std::chrono::hours later{0};
  bool trust_unknown = false;
  bool know_all = false;
};

/// What X509_verify_cert says: 0 or one of X509_V_ERR_….
int verify(const Mint& mint, const tls::Credential& credential, const Check& check = {}) {
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), parse(check.trust_unknown ? mint.unknown_root() : mint.root()).get());
  STACK_OF(X509)* untrusted = sk_X509_new_null();
  for (std::size_t i = 1; i < credential.chain.size(); ++i)
    sk_X509_push(untrusted, parse(credential.chain[i]).release());
  if (check.know_all) {
    for (const auto& authority : mint.authorities()) sk_X509_push(untrusted, parse(authority).release());
  }
  auto leaf = parse(credential.chain.at(0));
  std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), untrusted);
  X509_VERIFY_PARAM* how = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_purpose(how, check.purpose);
  X509_VERIFY_PARAM_set_auth_level(how, check.level);
  X509_VERIFY_PARAM_set_time(how, std::chrono::system_clock::to_time_t(now + check.later));
  X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_hostflags(how, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (!check.name.empty() && X509_VERIFY_PARAM_set1_ip_asc(how, check.name.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(how, check.name.c_str(), 0);
  }
  X509_verify_cert(context.get());
  int error = X509_STORE_CTX_get_error(context.get());
  sk_X509_pop_free(untrusted, X509_free);
  return error;
}

struct Stage {
  FreshCache cache;
  std::unique_ptr<Mint> mint = std::move(*Mint::create(now));

  tls::Credential cast(Kind kind, std::vector<std::string> names = {"shop.test"}) {
    Recipe recipe;
    recipe.name = name(kind);
    recipe.kind = kind;
    recipe.names = std::move(names);
    auto made = mint->make(recipe);
    REQUIRE_MESSAGE(made.has_value(), made.error().message());
    return *made;
  }
};

int signature_digest(const Bytes& der) {
  int digest = 0;
  X509_get_signature_info(parse(der).get(), &digest, nullptr, nullptr, nullptr);
  return digest;
}

}  // namespace

TEST_CASE_FIXTURE(Stage, "a good chain is leaf, intermediate and passes the strictest check") {
  auto good = cast(Kind::good, {"shop.test", "*.shop.test", "127.0.0.1", "::1"});
  REQUIRE(good.chain.size() == 2);
  CHECK(good.chain[1] == mint->intermediate());
  for (auto name : {"shop.test", "www.shop.test", "127.0.0.1", "::1"})
    CHECK(verify(*mint, good, {.name = name}) == X509_V_OK);
  CHECK(verify(*mint, good, {.name = "other.test"}) == X509_V_ERR_HOSTNAME_MISMATCH);
  CHECK(verify(*mint, good, {.name = "127.0.0.2"}) == X509_V_ERR_IP_ADDRESS_MISMATCH);
  CHECK(verify(*mint, good, {.purpose = X509_PURPOSE_SSL_CLIENT}) == X509_V_ERR_INVALID_PURPOSE);
  CHECK(verify(*mint, good, {.later = std::chrono::hours(24 * 91)}) == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(verify(*mint, good, {.later = std::chrono::hours(-25)}) == X509_V_ERR_CERT_NOT_YET_VALID);
  CHECK(verify(*mint, good, {.trust_unknown = true}) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK(good.names == std::vector<std::string>{"shop.test", "*.shop.test", "127.0.0.1", "::1"});
}

TEST_CASE_FIXTURE(Stage, "time") {
  auto expired = cast(Kind::expired);
  CHECK(verify(*mint, expired) == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(verify(*mint, expired, {.later = std::chrono::hours(-24 * 4)}) == X509_V_OK);
  auto early = cast(Kind::not_yet_valid);
  CHECK(verify(*mint, early) == X509_V_ERR_CERT_NOT_YET_VALID);
  CHECK(verify(*mint, early, {.later = std::chrono::hours(24 * 4)}) == X509_V_OK);
}

TEST_CASE_FIXTURE(Stage, "an expired intermediate, with no way around it") {
  auto made = cast(Kind::expired_intermediate);
  CHECK(made.chain.size() == 2);
  CHECK(verify(*mint, made) == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(verify(*mint, made, {.know_all = true}) == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(verify(*mint, made, {.later = std::chrono::hours(-24 * 3)}) == X509_V_OK);
  CHECK(X509_cmp_current_time(X509_get0_notAfter(parse(made.chain[0]).get())) > 0);
}

TEST_CASE_FIXTURE(Stage, "a wrong name is the only thing wrong") {
  auto made = cast(Kind::wrong_name);
  CHECK(verify(*mint, made) == X509_V_ERR_HOSTNAME_MISMATCH);
  CHECK(made.names == std::vector<std::string>{"wrong.example"});
  CHECK(verify(*mint, made, {.name = "wrong.example"}) == X509_V_OK);
  auto beside = cast(Kind::wrong_name, {"*.example", "Wrong.Other-1.test"});
  REQUIRE(beside.names.size() == 1);
  CHECK_FALSE(name_matches("*.example", beside.names[0]));
  CHECK_FALSE(beside.names[0].ends_with(".example"));
  CHECK(lower(beside.names[0]) != "wrong.other-1.test");
}

TEST_CASE_FIXTURE(Stage, "what is sent beside the leaf") {
  auto alone = cast(Kind::no_intermediate);
  CHECK(alone.chain.size() == 1);
  CHECK(verify(*mint, alone) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK(verify(*mint, alone, {.know_all = true}) == X509_V_OK);

  auto broken = cast(Kind::broken_chain);
  REQUIRE(broken.chain.size() == 2);
  CHECK(broken.chain[1] != mint->intermediate());
  CHECK(verify(*mint, broken) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK(verify(*mint, broken, {.know_all = true}) == X509_V_OK);

  auto disorderly = cast(Kind::wrong_order);
  REQUIRE(disorderly.chain.size() == 3);
  CHECK(disorderly.chain[1] == mint->root());
  CHECK(disorderly.chain[2] == mint->intermediate());
  CHECK(verify(*mint, disorderly) == X509_V_OK);
}

TEST_CASE_FIXTURE(Stage, "nobody vouches for it") {
  auto self = cast(Kind::self_signed);
  CHECK(self.chain.size() == 1);
  CHECK(verify(*mint, self) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  auto unknown = cast(Kind::unknown_ca);
  CHECK(unknown.chain.size() == 2);
  CHECK(verify(*mint, unknown) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK(verify(*mint, unknown, {.know_all = true}) == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
  CHECK(verify(*mint, unknown, {.trust_unknown = true}) == X509_V_OK);
}

TEST_CASE_FIXTURE(Stage, "a common name only") {
  auto made = cast(Kind::cn_only);
  CHECK(verify(*mint, made) == X509_V_ERR_HOSTNAME_MISMATCH);
  CHECK(verify(*mint, made, {.name = ""}) == X509_V_OK);
  CHECK(X509_check_host(parse(made.chain[0]).get(), "shop.test", 0, 0, nullptr) == 1);
  CHECK(X509_get_ext_by_NID(parse(made.chain[0]).get(), NID_subject_alt_name, -1) < 0);
}

TEST_CASE_FIXTURE(Stage, "purposes") {
  auto made = cast(Kind::client_auth_only);
  CHECK(verify(*mint, made) == X509_V_ERR_INVALID_PURPOSE);
  CHECK(verify(*mint, made, {.purpose = X509_PURPOSE_SSL_CLIENT}) == X509_V_OK);
  auto client = cast(Kind::client, {"Ada Lovelace"});
  CHECK(verify(*mint, client, {.name = "", .purpose = X509_PURPOSE_SSL_CLIENT}) == X509_V_OK);
  CHECK(verify(*mint, client, {.name = ""}) == X509_V_ERR_INVALID_PURPOSE);
}

TEST_CASE_FIXTURE(Stage, "weak ones") {
  auto small = cast(Kind::rsa_1024);
  CHECK(small.kind == policy::Key::rsa);
  CHECK(small.bits == 1024);
  CHECK(verify(*mint, small) == X509_V_ERR_EE_KEY_TOO_SMALL);
  CHECK(verify(*mint, small, {.level = 1}) == X509_V_OK);
  auto old = cast(Kind::sha1);
  CHECK(verify(*mint, old) == X509_V_ERR_CA_MD_TOO_WEAK);
  CHECK(verify(*mint, old, {.level = 0}) == X509_V_OK);
  CHECK(signature_digest(old.chain[0]) == NID_sha1);
  CHECK(signature_digest(old.chain[1]) == NID_sha256);
}

TEST_CASE_FIXTURE(Stage, "every kind has a key that fits the leaf and a leaf that comes first") {
  for (const auto& word : kind_names()) {
    CAPTURE(word);
    REQUIRE(kind_of(word).has_value());
    CHECK(name(*kind_of(word)) == word);
    auto made = cast(*kind_of(word));
    const unsigned char* at = made.key.data();
    KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(made.key.size())));
    REQUIRE(key != nullptr);
    CHECK(X509_check_private_key(parse(made.chain[0]).get(), key.get()) == 1);
  }
  CHECK(kind_names().size() == static_cast<std::size_t>(Kind::client) + 1);
  CHECK_FALSE(kind_of("Good").has_value());
}

TEST_CASE_FIXTURE(Stage, "every kind of key can be had, and RSA keys may encipher") {
  using policy::Key;
  for (Key key :
       {Key::rsa, Key::rsa_pss, Key::ecdsa_p256, Key::ecdsa_p384, Key::ecdsa_p521, Key::ed25519, Key::ed448}) {
    CAPTURE(policy::name(key));
    Recipe recipe{.name = "k", .key = key, .names = {"shop.test"}};
    auto made = mint->make(recipe);
    REQUIRE(made.has_value());
    CHECK(made->kind == key);
    CHECK(verify(*mint, *made) == X509_V_OK);
    auto usage = X509_get_key_usage(parse(made->chain[0]).get());
    CHECK(usage == (key == Key::rsa ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT : KU_DIGITAL_SIGNATURE));
    recipe.kind = Kind::self_signed;
    auto self = mint->make(recipe);
    REQUIRE(self.has_value());
    CHECK(verify(*mint, *self) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  }
  Recipe large{.name = "l", .key = Key::rsa, .bits = 3072, .names = {"shop.test"}};
  CHECK(mint->make(large)->bits == 3072);
}

TEST_CASE_FIXTURE(Stage, "a name too long for a common name still fits the subjectAltName") {
  std::string label(63, 'a');
  std::string longest = label + "." + label + "." + label + "." + std::string(57, 'b') + ".test";
  CHECK(longest.size() == 254);
  longest.erase(0, 1);
  CHECK(verify(*mint, cast(Kind::good, {longest}), {.name = longest}) == X509_V_OK);
}
