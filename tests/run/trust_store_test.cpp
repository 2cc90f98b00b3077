#include "run/trust_store.hpp"

#include <chrono>

#include "tests/run/run_support.hpp"
#include "tls/chain_facts.hpp"
#include "tls/examine.hpp"

namespace bothends::run::test {

namespace {

std::string pem(const Bytes& der) { return tls::certificate_pem(der); }

std::string problem_of(const Folder& folder, const std::string& content) {
  const auto file = folder.write("ca.pem", content);
  const auto store = TrustStore::of_file(file.string());
  if (store) return "none";
  auto message = store.error().message();
  return message.substr(message.find("ca.pem"));
}

policy::ChainFacts judged(const TrustStore& store, const std::vector<Bytes>& chain, const std::string& name) {
  return tls::chain_facts(chain, {},
                          {.anchors = store.anchors_for(chain), .anchors_known = store.known(), .name = name});
}

}  // namespace

TEST_CASE("a file's authorities are handed out for the chains that they issued, and for no other") {
  const Folder folder;
  auto other = certs::Mint::create(std::chrono::system_clock::now());
  REQUIRE(other);
  const auto file =
      folder.write("ca.pem", "# two of them\n" + pem(mint().unknown_root()) + "between\n" + pem(mint().root()));
  const auto store = TrustStore::of_file(file.string());
  REQUIRE(store);
  CHECK(store->known());
  CHECK(store->size() == 2);
  CHECK(store->name() == file.string());
  const auto good = certificate({"shop.test"});
  CHECK(store->anchors_for(good.chain) == std::vector<Bytes>{mint().root()});
  CHECK(store->anchors_for({mint().unknown_root()}) == std::vector<Bytes>{mint().unknown_root()});
  CHECK(store->anchors_for({{}, {1, 2, 3}}).empty());
  const auto facts = judged(*store, good.chain, "shop.test");
  CHECK(facts.trust.ok());
  CHECK(facts.named == true);
}

TEST_CASE("the cast, as a probe sees it") {
  using policy::Defect;
  const Folder folder;
  const auto store = TrustStore::of_file(folder.write("ca.pem", pem(mint().root())).string());
  REQUIRE(store);
  const auto facts_of = [&](certs::Kind kind) {
    const auto made = mint().make({.name = "shop", .kind = kind, .names = {"shop.test"}});
    REQUIRE(made);
    return judged(*store, made->chain, "shop.test");
  };
  CHECK(facts_of(certs::Kind::expired).trust.has(Defect::expired));
  CHECK(facts_of(certs::Kind::expired_intermediate).trust.has(Defect::issuer_expired));
  CHECK(facts_of(certs::Kind::wrong_name).named == false);
  CHECK(facts_of(certs::Kind::wrong_name).trust.ok());
  CHECK(facts_of(certs::Kind::cn_only).named == false);
  CHECK(facts_of(certs::Kind::no_intermediate).incomplete);
  CHECK_FALSE(facts_of(certs::Kind::wrong_order).in_order);
  CHECK(facts_of(certs::Kind::wrong_order).trust.ok());
  CHECK(facts_of(certs::Kind::self_signed).trust.has(Defect::self_signed));
  CHECK(facts_of(certs::Kind::unknown_ca).trust.has(Defect::unknown_issuer));
  CHECK_FALSE(facts_of(certs::Kind::unknown_ca).incomplete);
  CHECK(facts_of(certs::Kind::rsa_1024).certificates[0].key_name == "RSA 1024");
  CHECK(facts_of(certs::Kind::rsa_1024).trust.has(Defect::weak_key));
  CHECK(facts_of(certs::Kind::sha1).trust.has(Defect::weak_signature));
  CHECK_FALSE(facts_of(certs::Kind::broken_chain).trust.ok());
  const auto oversize = facts_of(certs::Kind::oversize_chain);
  CHECK(oversize.trust.ok());
  CHECK(oversize.superfluous.size() > 10);
}

TEST_CASE("a file of DER, of other line ends, of other blocks too") {
  const Folder folder;
  const auto der = mint().root();
  CHECK(TrustStore::of_file(folder.write("ca.der", std::string(text_of(der))).string())->size() == 1);
  std::string text = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + pem(der);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.replace(at, 1, "\r\n");
  CHECK(TrustStore::of_file(folder.write("ca.pem", text).string())->size() == 1);
}

TEST_CASE("what is wrong with a file is said with its place") {
  const Folder folder;
  CHECK(problem_of(folder, "") ==
        "ca.pem: there is no certificate in it: it must hold PEM blocks of BEGIN CERTIFICATE");
  const auto good = pem(mint().root());
  const auto lines = std::count(good.begin(), good.end(), '\n');
  const auto none = " is none: take it out, or mend the file";
  CHECK(problem_of(folder, good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") ==
        "ca.pem:" + std::to_string(lines + 1) + ":1: certificate 2" + none);
  CHECK(problem_of(folder, good.substr(0, 400)).ends_with(std::string("certificate 1") + none));
  auto damaged = good;
  damaged[100] = '*';
  CHECK(problem_of(folder, damaged).ends_with(std::string("certificate 1") + none));
  CHECK(problem_of(folder, "-----BEGIN ").ends_with("BEGIN CERTIFICATE"));
  CHECK(problem_of(folder, "0\x82").ends_with(std::string("certificate 1") + none));
  CHECK(problem_of(folder, std::string(17 * 1024 * 1024, 'x')).find("larger than 16 MiB") != std::string::npos);
  const auto missing = TrustStore::of_file((folder.path() / "no.pem").string());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::file);
  CHECK(missing.error().what.find("no.pem: No such file") != std::string::npos);
  CHECK_FALSE(TrustStore::of_file(folder.path().string()));
}

TEST_CASE("the system's: told, or the first usual place, or not known") {
  const Folder folder;
  const auto file = folder.write("ca.pem", pem(mint().root())).string();
  const auto missing = (folder.path() / "no.pem").string();
  const auto usual = TrustStore::of_system({"", {missing, folder.path().string(), file}});
  REQUIRE(usual);
  CHECK(usual->name() == "the system's 1");
  CHECK(TrustStore::of_system({file, {}})->name() == file);
  CHECK_FALSE(TrustStore::of_system({missing, {file}}));
  const auto none = TrustStore::of_system({"", {missing}});
  REQUIRE(none);
  CHECK_FALSE(none->known());
  CHECK_FALSE(judged(*none, certificate({"shop.test"}).chain, "shop.test").trust_known);
}

}  // namespace bothends::run::test
