#include <algorithm>

#include "mbedtls_support.hpp"

using namespace bothends;
using namespace bothends::tls;
using policy::ClientCertificate;
using policy::Defect;
using policy::Verify;

namespace {

constexpr int none = -1;

struct Ends {
  int by_client = none;  // the fatal alert each sent
  int by_server = none;
  bool open = false;  // both, at the end
};

/// Both ends must have seen the same alert, in the clear or not.
Ends outcome(Pair& pair) {
  pair.run();
  Ends ends{alert_sent(pair.client()), alert_sent(pair.server()), false};
  CHECK(alert_received(pair.server()) == ends.by_client);
  // An mbedTLS client refuses a TLS 1.3 server in the clear, and an mbedTLS server has no use for that by then.
  if (ends.by_client != none && ends.by_server == wire::bad_record_mac) ends.by_server = none;
  CHECK(alert_received(pair.client()) == ends.by_server);
  ends.open = pair.client().phase() == Phase::open && pair.server().phase() == Phase::open;
  return ends;
}

ClientSettings at(std::uint16_t version, ClientSettings settings = client_settings()) {
  settings.min_version = settings.max_version = version;
  return settings;
}

std::vector<Defect> defects(const Engine& engine) {
  std::vector<Defect> found;
  REQUIRE(engine.handshake().chain.has_value());
  for (const auto& problem : engine.handshake().chain->problems) found.push_back(problem.defect);
  return found;
}

constexpr std::uint16_t versions[] = {wire::tls1_2, wire::tls1_3};

}  // namespace

TEST_CASE("mbedtls refuses a version") {
  auto server = server_settings();
  server.min_version = wire::tls1_3;
  auto old = pair_of(at(wire::tls1_2), server);
  CHECK(outcome(old).by_server == wire::protocol_version);
  CHECK(old.server().phase() == Phase::failed);
  CHECK(old.client().phase() == Phase::failed);
  CHECK_FALSE(old.server().handshake().note.empty());

  server = server_settings();
  server.max_version = wire::tls1_2;
  auto young = pair_of(at(wire::tls1_3), server);
  CHECK(outcome(young).by_server == wire::handshake_failure);  // it does not see that TLS 1.2 was not offered
}

TEST_CASE("mbedtls refuses a suite, a group, a signature scheme") {
  for (auto version : versions) {
    auto client = at(version);
    auto server = server_settings();
    client.suites = version == wire::tls1_3 ? wire::Codes{0x1301} : wire::Codes{0xc02b};
    server.suites = version == wire::tls1_3 ? wire::Codes{0x1302} : wire::Codes{0xc02c};
    auto suite = pair_of(client, server);
    CHECK(outcome(suite).by_server == wire::handshake_failure);

    // Static ECDH suites, which mbedTLS has by default, need neither a group nor a signature.
    client = at(version);
    if (version == wire::tls1_2) client.suites = {0xc02b, 0xc02f};
    server = server_settings();
    client.groups = {24};
    server.groups = {23};
    auto group = pair_of(client, server);
    CHECK(outcome(group).by_server == (version == wire::tls1_3 ? none : wire::handshake_failure));
    CHECK(group.server().phase() == Phase::failed);

    client.groups.clear();
    client.signature_schemes = {0x0804, 0x0401};
    auto scheme = pair_of(client, server_settings());  // whose key is ECDSA
    CHECK(outcome(scheme).by_server == wire::handshake_failure);
    const auto& events = transcript(scheme.server()).events;
    CHECK(events.back().encrypted == (version == wire::tls1_3));
  }
}

TEST_CASE("mbedtls refuses names it does not have, when it is to be strict") {
  for (auto version : versions) {
    auto server = server_settings();
    server.strict_sni = true;
    auto known = pair_of(at(version), server);
    CHECK(outcome(known).open);
    auto unknown = pair_of(at(version), server, peer("unknown.test"));
    CHECK(outcome(unknown).by_server == wire::unrecognized_name);
    auto absent = pair_of(at(version), server, Peer{});
    CHECK(outcome(absent).by_server == wire::unrecognized_name);
  }
}

TEST_CASE("mbedtls refuses a server's chain, and names every defect") {
  using certs::Kind;
  struct Row {
    Kind kind;
    int alert;
    std::vector<Defect> finds;
  };
  const Row rows[] = {
      {Kind::expired, wire::certificate_expired, {Defect::expired}},
      {Kind::not_yet_valid, wire::certificate_unknown, {Defect::not_yet_valid}},
      {Kind::wrong_name, wire::bad_certificate, {Defect::wrong_name}},
      {Kind::no_intermediate, wire::unknown_ca, {Defect::unknown_issuer}},
      {Kind::self_signed, wire::unknown_ca, {Defect::self_signed}},
      {Kind::unknown_ca, wire::unknown_ca, {Defect::unknown_issuer}},
      {Kind::expired_intermediate, wire::certificate_expired, {Defect::issuer_expired}},
      {Kind::cn_only, wire::bad_certificate, {Defect::no_subject_alt_name}},
      {Kind::client_auth_only, wire::unsupported_certificate, {Defect::wrong_purpose}},
      {Kind::wrong_order, none, {}},
      {Kind::good, none, {}},
  };
  for (auto version : versions) {
    for (const auto& row : rows) {
      CAPTURE(version);
      CAPTURE(certs::name(row.kind));
      auto pair = pair_of(at(version, client_settings(Verify::full)), server_settings(credential(row.kind)));
      auto ends = outcome(pair);
      CHECK(ends.by_client == row.alert);
      CHECK(ends.open == (row.alert == none));
      CHECK(defects(pair.client()) == row.finds);
      CHECK(pair.client().handshake().chain->sent == credential(row.kind).chain.size());
      CHECK_FALSE(pair.client().handshake().chain->subject.empty());
      CHECK(pair.client().handshake().chain->not_after > 0);
    }
  }
}

TEST_CASE("mbedtls checks no name with Verify::chain and nothing with Verify::none") {
  for (auto version : versions) {
    for (auto kind : {certs::Kind::wrong_name, certs::Kind::cn_only}) {
      auto pair = pair_of(at(version, client_settings(Verify::chain)), server_settings(credential(kind)));
      CHECK(outcome(pair).open);
      CHECK(defects(pair.client()).empty());
    }
    auto unchecked = pair_of(at(version), server_settings(credential(certs::Kind::unknown_ca)));
    CHECK(outcome(unchecked).open);
    CHECK_FALSE(unchecked.client().handshake().chain.has_value());
  }
}

TEST_CASE("mbedtls without trust anchors trusts nobody") {
  auto client = client_settings(Verify::chain);
  client.trust.clear();
  auto pair = pair_of(client, server_settings());
  CHECK(outcome(pair).by_client == wire::unknown_ca);
  CHECK(defects(pair.client()) == std::vector{Defect::unknown_issuer});
}

TEST_CASE("mbedtls refuses weak keys and digests only when told to") {
  for (auto version : versions) {
    for (auto [kind, defect, alert] :
         {std::tuple{certs::Kind::rsa_1024, Defect::weak_key, int{wire::unsupported_certificate}},
          std::tuple{certs::Kind::sha1, Defect::weak_signature, int{wire::certificate_unknown}}}) {
      auto client = at(version, client_settings(Verify::full));
      auto accepted = pair_of(client, server_settings(credential(kind)));
      accepted.run();
      CHECK(accepted.client().handshake().chain->ok());
      client.weak = false;
      auto refused = pair_of(client, server_settings(credential(kind)));
      CHECK(outcome(refused).by_client == alert);
      CHECK(refused.client().handshake().chain->has(defect));
    }
  }
}

TEST_CASE("mbedtls tells a signature that does not fit from an issuer that is not there") {
  auto certificate = credential(certs::Kind::good);
  // The last octets of a certificate are its signature.
  certificate.chain.front().back() ^= 1;
  for (auto version : versions) {
    auto pair = pair_of(at(version, client_settings(Verify::full)), server_settings(certificate));
    CHECK(outcome(pair).by_client == wire::unknown_ca);
    CHECK(defects(pair.client()) == std::vector{Defect::bad_signature});
  }
}

TEST_CASE("mbedtls asks for client certificates") {
  auto certificate = credential(certs::Kind::client);
  for (auto version : versions) {
    CAPTURE(version);
    auto server = server_settings();
    server.trust = {mint().root()};
    auto with = at(version);
    with.certificate = certificate;

    server.client_certificate = ClientCertificate::required;
    auto good = pair_of(with, server);
    CHECK(outcome(good).open);
    CHECK(good.server().handshake().chain->ok());
    CHECK(good.server().handshake().chain->sent == certificate.chain.size());
    auto agreed = good.client().handshake().agreement();
    CHECK(agreed->client_certificate_asked);
    CHECK(agreed->client_certificate_sent);

    auto missing = pair_of(at(version), server);
    missing.run();
    CHECK(alert_sent(missing.server()) == (version == wire::tls1_3 ? 41 : none));
    CHECK(alert_received(missing.client()) == (version == wire::tls1_3 ? 41 : none));
    CHECK(missing.server().phase() == Phase::failed);
    CHECK_FALSE(missing.server().handshake().chain.has_value());

    server.client_certificate = ClientCertificate::optional;
    auto without = pair_of(at(version), server);
    CHECK(outcome(without).open);
    CHECK(without.client().handshake().agreement()->client_certificate_asked);
    CHECK_FALSE(without.client().handshake().agreement()->client_certificate_sent);

    server.client_certificate = ClientCertificate::none;
    auto unasked = pair_of(with, server);
    CHECK(outcome(unasked).open);
    CHECK_FALSE(unasked.client().handshake().agreement()->client_certificate_asked);
    CHECK_FALSE(unasked.server().handshake().chain.has_value());
  }
}

TEST_CASE("mbedtls refuses an untrusted client certificate when one is required, and only notes it when optional") {
  for (auto version : versions) {
    auto client = at(version);
    client.certificate = credential(certs::Kind::client);
    auto server = server_settings();
    server.trust = {mint().unknown_root()};
    server.client_certificate = ClientCertificate::required;
    auto required = pair_of(client, server);
    required.run();
    CHECK(alert_sent(required.server()) == wire::unknown_ca);
    CHECK(alert_received(required.client()) == wire::unknown_ca);
    CHECK(required.server().handshake().chain->has(Defect::unknown_issuer));
    CHECK(required.client().phase() == Phase::failed);
    // RFC 8446 section 2: the client is done before the server has judged.
    CHECK(required.client().handshake().complete == (version == wire::tls1_3));

    server.client_certificate = ClientCertificate::optional;
    auto optional = pair_of(client, server);
    CHECK(outcome(optional).open);
    CHECK(optional.server().handshake().chain->has(Defect::unknown_issuer));
  }
}

TEST_CASE("mbedtls speaks every client key it declares") {
  for (auto key : mbedtls().can().keys) {
    for (auto version : versions) {
      auto client = at(version);
      client.certificate = credential(certs::Kind::client, key);
      auto server = server_settings();
      server.trust = {mint().root()};
      server.client_certificate = ClientCertificate::required;
      auto pair = pair_of(client, server);
      CHECK(outcome(pair).open);
    }
  }
}
