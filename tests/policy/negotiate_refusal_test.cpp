// Who refuses what, by which alert, stack by stack.
#include <doctest/doctest.h>

#include "pair.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

struct RefusedCase {
  const char* what;
  std::string client, server;
  Party by;
  Reason reason;
  std::optional<std::uint8_t> alert;
  std::function<void(Offer&, Policy&)> change;
};

void check(const RefusedCase& row) {
  CAPTURE(row.what);
  CAPTURE(row.server);
  const auto outcome = Try{row.client, row.server, row.change}.outcome();
  const auto* refusal = std::get_if<Refusal>(&outcome);
  REQUIRE(refusal);
  CHECK(name(refusal->by) == name(row.by));
  CHECK(name(refusal->reason) == name(row.reason));
  CHECK(refusal->alert == row.alert);
}

}  // namespace

TEST_CASE("Refusals of servers, stack by stack") {
  using wire::handshake_failure;
  const std::vector<RefusedCase> rows{
      {"too old a client", "openssl", "openssl", Party::server, Reason::no_shared_version, 70,
       [](Offer& offer, Policy& policy) {
         offer.versions = {0x0303};
         policy.versions = {0x0304};
       }},
      {"an mbedTLS of TLS 1.2 does not see that the client is too new, only that no suite fits", "openssl", "mbedtls",
       Party::server, Reason::no_shared_version, 40,
       [](Offer& offer, Policy& policy) {
         offer.versions = {0x0304};
         offer.suites = {0x1301};
         policy.versions = {0x0303};
       }},
      {"a needless fallback", "openssl", "openssl", Party::server, Reason::no_shared_version, 86,
       [](Offer& offer, Policy&) {
         offer.versions = {0x0303};
         offer.fallback = true;
       }},
      {"no suite of TLS 1.3", "openssl", "openssl", Party::server, Reason::no_shared_suite, 40,
       [](Offer& offer, Policy&) { offer.suites = {0x1303}; }},
      {"no suite of TLS 1.2", "openssl", "mbedtls", Party::server, Reason::no_shared_suite, 40,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         offer.suites = {0xcca9};
       }},
      {"a leaf of the wrong key", "openssl", "openssl", Party::server, Reason::no_certificate, 40,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         offer.suites = {0xc02f};
       }},
      {"the leaf's curve is not the client's", "openssl", "openssl", Party::server, Reason::no_certificate, 40,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         offer.groups = {29};
       }},
      {"no group in TLS 1.3", "openssl", "openssl", Party::server, Reason::no_shared_group, 40,
       [](Offer&, Policy& policy) { policy.groups = {25}; }},
      {"no group in TLS 1.3", "openssl", "mbedtls", Party::server, Reason::no_shared_group, std::nullopt,
       [](Offer&, Policy& policy) { policy.groups = {25}; }},
      {"no group in TLS 1.2", "openssl", "openssl", Party::server, Reason::no_shared_group, 40,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         policy.groups = {25};
       }},
      {"no group in TLS 1.2", "openssl", "mbedtls", Party::server, Reason::no_shared_group, std::nullopt,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         policy.groups = {25};
       }},
      {"no scheme in TLS 1.3", "openssl", "openssl", Party::server, Reason::no_shared_signature_scheme, 40,
       [](Offer& offer, Policy&) { offer.signature_schemes = {0x0603}; }},
      {"a scheme that no leaf can make", "openssl", "mbedtls", Party::server, Reason::no_certificate, 40,
       [](Offer& offer, Policy&) { offer.signature_schemes = {0x0804}; }},
      {"no scheme in TLS 1.2", "openssl", "openssl", Party::server, Reason::no_shared_signature_scheme, 40,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         offer.signature_schemes = {0x0603};
       }},
      {"no ALPN", "openssl", "openssl", Party::server, Reason::no_shared_alpn, 120,
       [](Offer& offer, Policy& policy) {
         offer.alpn = {"h2"};
         policy.alpn = {"http/1.1"};
       }},
      {"an unknown name, strictly", "openssl", "openssl", Party::server, Reason::unknown_name, 112,
       [](Offer& offer, Policy& policy) {
         offer.sni = "b.test";
         policy.strict_sni = true;
       }},
      {"no name, strictly", "openssl", "mbedtls", Party::server, Reason::unknown_name, 112,
       [](Offer& offer, Policy& policy) {
         offer.sni.reset();
         policy.strict_sni = true;
       }},
      {"TLS 1.3 looks at the suite before the name", "openssl", "openssl", Party::server, Reason::no_shared_suite, 40,
       [](Offer& offer, Policy& policy) {
         offer.suites = {0x1303};
         offer.sni = "b.test";
         policy.strict_sni = true;
       }},
      {"TLS 1.2 looks at the name before the suite", "openssl", "openssl", Party::server, Reason::unknown_name, 112,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         offer.suites = {0xcca9};
         offer.sni = "b.test";
         policy.strict_sni = true;
       }},
  };
  for (const auto& row : rows) check(row);
}

TEST_CASE("Refusals over certificates, stack by stack") {
  const auto finds = [](std::vector<Defect> defects) {
    return [defects](Offer& offer, Policy&) {
      offer.verify = Verify::full;
      offer.finds = defects;
    };
  };
  const auto asks = [](bool has, std::vector<Defect> defects, std::uint16_t version = 0x0304) {
    return [=](Offer& offer, Policy& policy) {
      offer.versions = policy.versions = {version};
      offer.has_certificate = has;
      offer.server_finds = defects;
      policy.client_certificate = ClientCertificate::required;
    };
  };
  const Party client = Party::client;
  const Party server = Party::server;
  const std::vector<RefusedCase> rows{
      {"expired", "openssl", "openssl", client, Reason::chain, 45, finds({Defect::expired})},
      {"expired", "mbedtls", "openssl", client, Reason::chain, 45, finds({Defect::expired})},
      {"not yet valid", "openssl", "openssl", client, Reason::chain, 42, finds({Defect::not_yet_valid})},
      {"not yet valid", "mbedtls", "openssl", client, Reason::chain, 46, finds({Defect::not_yet_valid})},
      {"unknown issuer", "openssl", "openssl", client, Reason::chain, 48, finds({Defect::unknown_issuer})},
      {"two defects", "openssl", "openssl", client, Reason::chain, 48,
       finds({Defect::expired, Defect::unknown_issuer})},
      {"two defects", "mbedtls", "openssl", client, Reason::chain, 45,
       finds({Defect::expired, Defect::unknown_issuer})},
      {"purpose", "openssl", "openssl", client, Reason::chain, 43, finds({Defect::wrong_purpose})},
      {"name", "mbedtls", "openssl", client, Reason::chain, 42, finds({Defect::wrong_name})},
      {"bad signature", "openssl", "openssl", client, Reason::chain, 51, finds({Defect::bad_signature})},
      {"bad signature", "mbedtls", "openssl", client, Reason::chain, 48, finds({Defect::bad_signature})},
      {"a leaf on a curve that is not its own", "mbedtls", "", client, Reason::chain, 43,
       [](Offer& offer, Policy& policy) {
         tls12(offer, policy);
         offer.verify = Verify::full;
         offer.groups = {29};
         offer.suites = policy.suites = {0xc005};  // static ECDH: servers do not look
       }},
      {"too old an answer for TLS 1.3 alone", "mbedtls", "mbedtls", client, Reason::no_shared_version, 47,
       [](Offer& offer, Policy& policy) {
         offer.versions = {0x0304};
         offer.min_version = 0x0304;
         policy.versions = {0x0303};
       }},
      {"none sent", "openssl", "openssl", server, Reason::client_certificate_required, 116, asks(false, {})},
      {"none sent", "openssl", "openssl", server, Reason::client_certificate_required, 40, asks(false, {}, 0x0303)},
      {"none sent", "openssl", "mbedtls", server, Reason::client_certificate_required, 41, asks(false, {})},
      {"none sent", "openssl", "mbedtls", server, Reason::client_certificate_required, {}, asks(false, {}, 0x0303)},
      {"a bad one", "openssl", "openssl", server, Reason::client_certificate_refused, 48,
       asks(true, {Defect::unknown_issuer})},
      {"an unknown stack", "", "", server, Reason::client_certificate_refused, 45, asks(true, {Defect::expired})},
      {"too old an answer", "openssl", "openssl", client, Reason::no_shared_version, 70,
       [](Offer& offer, Policy& policy) {
         offer.versions = {0x0303, 0x0302, 0x0301};
         policy.versions = {0x0302};
         policy.leaves = {leaf_of("a.test", Key::rsa, 2048)};
       }},
  };
  for (const auto& row : rows) check(row);
}
