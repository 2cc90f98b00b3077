#include <array>

#include "tests/tls/openssl_case.hpp"

using namespace bothends;
using namespace bothends::test;
using policy::ClientCertificate;
using policy::Defect;

namespace {

struct ClientCase : OpensslCase {
  explicit ClientCase(std::uint16_t version, ClientCertificate asked) {
    client.max_version = version;
    server.trust = {root().der};
    server.client_certificate = asked;
  }
  ClientCase& with(const Certificate& leaf) {
    client.certificate = credential(leaf, {intermediate()});
    return *this;
  }
};

Certificate client_leaf(Spec spec = {.purpose = "clientAuth"}) {
  spec.subject = "a client";
  return make(spec, &OpensslCase::intermediate());
}

constexpr std::array versions = {wire::tls1_2, wire::tls1_3};

}  // namespace

TEST_CASE("a good client certificate is asked for, sent, and found good") {
  for (const auto version : versions) {
    for (const auto asked : {ClientCertificate::optional, ClientCertificate::required}) {
      auto pair = ClientCase(version, asked).with(client_leaf()).connect();
      REQUIRE(pair.run().open());
      CHECK(agreement(*pair.server).client_certificate_asked);
      CHECK(agreement(*pair.server).client_certificate_sent);
      REQUIRE(pair.server->handshake().chain);
      CHECK(pair.server->handshake().chain->ok());
      CHECK(pair.server->handshake().chain->subject == "CN=a client");
      const auto request = pair.client->handshake().transcript.certificate_request();
      REQUIRE(request);
      CHECK(request->acceptable_issuers().size() == 1);
    }
  }
}

TEST_CASE("without one, an optional certificate does not matter and a required one does") {
  for (const auto version : versions) {
    auto optional = ClientCase(version, ClientCertificate::optional).connect();
    CHECK(optional.run().open());
    CHECK_FALSE(agreement(*optional.server).client_certificate_sent);
    CHECK_FALSE(optional.server->handshake().chain);
    auto required = ClientCase(version, ClientCertificate::required).connect();
    required.run();
    check_refused(*required.server, *required.client,
                  version == wire::tls1_3 ? wire::certificate_required : wire::handshake_failure);
  }
}

TEST_CASE("a bad client certificate is refused, and the server's verdict says why") {
  struct Bad {
    Certificate leaf;
    std::uint8_t alert;
    Defect defect;
  };
  const auto stranger = make_root("Stranger Root");
  for (const auto& bad :
       {Bad{client_leaf({.from = -86400 * 5, .until = -86400}), wire::certificate_expired, Defect::expired},
        Bad{client_leaf({.purpose = "serverAuth"}), wire::unsupported_certificate, Defect::wrong_purpose},
        Bad{make({.subject = "a client"}), wire::unknown_ca, Defect::self_signed},
        Bad{make({.subject = "a client"}, &stranger), wire::unknown_ca, Defect::unknown_issuer}}) {
    for (const auto version : versions) {
      CAPTURE(policy::name(bad.defect));
      auto pair = ClientCase(version, ClientCertificate::required).with(bad.leaf).connect();
      pair.run();
      check_refused(*pair.server, *pair.client, bad.alert);
      REQUIRE(pair.server->handshake().chain);
      CHECK(pair.server->handshake().chain->problems.at(0).defect == bad.defect);
    }
  }
}

TEST_CASE("a client certificate nobody asks for is not sent") {
  for (const auto version : versions) {
    auto pair = ClientCase(version, ClientCertificate::none).with(client_leaf()).connect();
    CHECK(pair.run().open());
    CHECK_FALSE(agreement(*pair.server).client_certificate_asked);
  }
}
