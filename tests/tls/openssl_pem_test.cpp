#include "tests/tls/openssl_case.hpp"
#include "tls/digest.hpp"
#include "tls/examine.hpp"

using namespace bothends;
using namespace bothends::test;

TEST_CASE("digests are those of their standards") {
  CHECK(to_hex(tls::md5(view_of("abc"))) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(to_hex(tls::sha256(view_of("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(tls::md5({})) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(tls::fingerprint(view_of("abc")).starts_with("ba7816bf"));
}

TEST_CASE("certificates go to PEM and back, several in one text, keys between them ignored") {
  const auto& root = OpensslCase::root();
  const auto& intermediate = OpensslCase::intermediate();
  const auto text = "some words\n" + tls::certificate_pem(root.der) + tls::key_pem(root.key) + "more words\n" +
                    tls::certificate_pem(intermediate.der);
  CHECK(tls::certificates_of_pem(text).value() == std::vector<Bytes>{root.der, intermediate.der});
}

TEST_CASE("keys go to PEM and back, also from files that begin with certificates") {
  for (const auto key : {policy::Key::rsa, policy::Key::ecdsa_p384, policy::Key::ed25519}) {
    const auto made = make({.key = key});
    CHECK(tls::key_of_pem(tls::key_pem(made.key)).value() == made.key);
    CHECK(tls::key_of_pem(tls::certificate_pem(made.der) + tls::key_pem(made.key)).value() == made.key);
  }
}

TEST_CASE("PEM that holds nothing, or damage, is an error") {
  CHECK_FALSE(tls::certificates_of_pem(""));
  CHECK_FALSE(tls::certificates_of_pem("no PEM at all"));
  CHECK_FALSE(tls::certificates_of_pem(tls::key_pem(OpensslCase::root().key)));
  CHECK_FALSE(tls::key_of_pem(tls::certificate_pem(OpensslCase::root().der)));
  CHECK_FALSE(tls::key_of_pem(""));
  const auto good = tls::certificate_pem(OpensslCase::root().der);
  CHECK_FALSE(tls::certificates_of_pem(good + good.substr(0, good.size() / 2)));
  auto changed = good;
  changed[100] = '!';
  CHECK_FALSE(tls::certificates_of_pem(changed));
  CHECK_FALSE(tls::certificates_of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST_CASE("an encrypted key is an error that says so") {
  const std::string text =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBBNxwSEvYxr8v4FVaC\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  CHECK_FALSE(tls::key_of_pem(text));
}
