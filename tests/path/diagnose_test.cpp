// The diagnosis over records told by hand: one story a cause, and healthy paths that have no finding.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "path/finding.hpp"
#include "tests/support/records.hpp"

using namespace bothends;
using namespace bothends::path;
using support::Story;
using How = policy::Ending::How;
using Party = policy::Party;
using policy::Defect;

namespace {

policy::Policy a_policy(std::vector<std::string> names = {"shop.test"}) {
  policy::Policy policy;
  policy.stack = "openssl";
  policy.versions = {wire::tls1_3, wire::tls1_2};
  policy.suites = {0x1301, 0xc02b, 0xc02f};
  policy.groups = {0x001d, 0x0017};
  policy.signature_schemes = {0x0403, 0x0804};
  policy.leaves = {{.names = std::move(names)}};
  return policy;
}

/// The client got `status` from the proxy; the origin leg is still to be told.
PathRecord with_status(unsigned status) {
  PathRecord record = support::a_record();
  record.client.exchanges.front().response->status = status;
  record.known.proxy = a_policy();
  record.known.origin = a_policy();
  record.known.origin_name = "shop";
  record.known.origin_address = "127.0.0.1:4711";
  record.known.proxy_verifies = policy::Verify::full;
  record.origins.clear();
  return record;
}

/// No HTTP passed on the client leg either.
PathRecord without_client(Story story) {
  PathRecord record = with_status(200);
  record.client = story;
  record.client.exchanges.clear();
  return record;
}

Finding only(const PathRecord& record) {
  const auto findings = diagnose(record);
  REQUIRE(findings.size() == 1);
  CHECK(cause_of(findings.front().cause) != nullptr);
  CHECK_FALSE(findings.front().evidence.empty());
  CHECK_FALSE(findings.front().remedy.empty());
  return findings.front();
}

policy::ChainVerdict bad(Defect defect, unsigned sent = 2) {
  auto verdict = support::a_chain({{.defect = defect, .detail = "as told"}});
  verdict.sent = sent;
  return verdict;
}

struct ChainCase {
  Defect defect;
  unsigned sent;
  const char* cause;
};
const std::vector<ChainCase> chain_cases{
    {Defect::expired, 2, "cert-expired"},
    {Defect::not_yet_valid, 2, "cert-not-yet-valid"},
    {Defect::self_signed, 1, "self-signed"},
    {Defect::unknown_issuer, 2, "unknown-ca"},
    {Defect::incomplete, 1, "missing-intermediate"},
    {Defect::incomplete, 2, "broken-chain"},
    {Defect::issuer_expired, 2, "intermediate-expired"},
    {Defect::no_subject_alt_name, 2, "cert-no-san"},
    {Defect::wrong_purpose, 2, "cert-wrong-purpose"},
    {Defect::weak_key, 2, "cert-weak"},
    {Defect::weak_signature, 2, "cert-weak"},
    {Defect::bad_signature, 2, "cert-invalid"},
};

}  // namespace

TEST_CASE("a healthy path has no finding") {
  PathRecord record = support::a_record();
  CHECK(diagnose(record).empty());
  record.known.proxy_verifies = policy::Verify::full;
  CHECK(diagnose(record).empty());
}

TEST_CASE("a chain the proxy refuses by an alert is named by what is wrong with it, whatever the alert") {
  for (const ChainCase& one : chain_cases) {
    for (const std::uint8_t alert : {std::uint8_t{wire::bad_certificate}, std::uint8_t{wire::internal_error}}) {
      PathRecord record = with_status(503);
      record.origins = {Story(Leg::origin)
                            .hello()
                            .server_hello()
                            .server_flight()
                            .alert(Party::client, alert)
                            .chain(bad(one.defect, one.sent))
                            .ends(How::alert_received)};
      const Finding found = only(record);
      CAPTURE(one.cause);
      CHECK(found.cause == one.cause);
      CHECK(found.leg == Leg::origin);
      CHECK(found.refused_by == Side::proxy);
      CHECK(found.certainty == Certainty::certain);
    }
  }
}

TEST_CASE("a chain refused after the handshake, by a close without a request, is named alike") {
  for (const ChainCase& one : chain_cases) {
    PathRecord record = with_status(502);
    record.origins = {
        Story(Leg::origin).handshake().closes(Party::client).chain(bad(one.defect, one.sent)).ends(How::closed)};
    record.origins.front().handshake.complete = true;
    const Finding found = only(record);
    CAPTURE(one.cause);
    CHECK(found.cause == one.cause);
    CHECK(found.refused_by == Side::proxy);
    CHECK(found.stage == policy::Stage::finished);
  }
}

TEST_CASE("a close after the handshake of a good chain is not called a refusal of it") {
  PathRecord record = with_status(502);
  record.origins = {Story(Leg::origin).handshake().closes(Party::client).chain(support::a_chain()).ends(How::closed)};
  record.origins.front().handshake.complete = true;
  CHECK(only(record).cause == "connection-lost");
}

TEST_CASE("a wrong name has three stories") {
  const auto record_of = [](std::optional<std::string> sni) {
    PathRecord record = with_status(502);
    record.known.origin = a_policy({"other.test", "shop.test"});
    record.origins = {Story(Leg::origin)
                          .hello({.sni = std::move(sni)})
                          .server_hello()
                          .server_flight()
                          .alert(Party::client, wire::internal_error)
                          .chain(bad(Defect::wrong_name))
                          .ends(How::alert_received)};
    return record;
  };
  CHECK(only(record_of(std::nullopt)).cause == "origin-needs-sni");
  CHECK(only(record_of("other.test")).cause == "sni-wrong-certificate");
  CHECK(only(record_of("shop.test")).cause == "cert-name-mismatch");
  PathRecord nowhere = record_of(std::nullopt);
  nowhere.known.origin = a_policy({"other.test"});  // sending SNI would not help
  CHECK(only(nowhere).cause == "cert-name-mismatch");
}

TEST_CASE("what the origin refuses is explained by the proxy's hello and the origin's policy") {
  struct Case {
    support::Hello hello;
    std::function<void(policy::Policy&)> change;
    std::uint8_t alert;
    const char* cause;
  };
  const std::vector<Case> cases{
      {{.versions = {wire::tls1_2}, .key_shares = {}},
       [](auto& p) { p.versions = {wire::tls1_3}; },
       70,
       "no-shared-version"},
      {{},
       [](auto& p) {
         p.versions = {wire::tls1_1, wire::tls1_0};
       },
       70,
       "outdated-versions-only"},
      {{.versions = {wire::tls1_3}}, [](auto& p) { p.versions = {wire::tls1_2}; }, 70, "proxy-stricter-than-origin"},
      {{},
       [](auto& p) {
         p.suites = {0x1302};
         p.versions = {wire::tls1_3};
       },
       40,
       "no-shared-suite"},
      {{},
       [](auto& p) {
         p.groups = {0x0018};
         p.versions = {wire::tls1_3};
       },
       40,
       "no-shared-group"},
      {{},
       [](auto& p) {
         p.signature_schemes = {0x0805};
         p.versions = {wire::tls1_3};
         p.leaves[0].key = policy::Key::rsa;
       },
       40,
       "no-shared-signature-scheme"},
      {{.alpn = {"http/1.1"}}, [](auto& p) { p.alpn = {"h2"}; }, 120, "alpn-mismatch"},
      {{.sni = std::nullopt}, [](auto& p) { p.strict_sni = true; }, 112, "origin-needs-sni"},
      {{.sni = "internal.test"}, [](auto& p) { p.strict_sni = true; }, 112, "sni-unknown"},
      {{},
       [](auto& p) { p.client_certificate = policy::ClientCertificate::required; },
       116,
       "client-certificate-wanted"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.cause);
    PathRecord record = with_status(502);
    one.change(*record.known.origin);
    record.origins = {Story(Leg::origin).hello(one.hello).alert(Party::server, one.alert).ends(How::alert_sent)};
    const Finding found = only(record);
    CHECK(found.cause == one.cause);
    CHECK(found.refused_by == Side::origin);
    CHECK(found.leg == Leg::origin);
  }
}

TEST_CASE("a certificate that the proxy holds back, since the origin names other authorities, is a refused one") {
  const auto asked = [](const std::string& authority) {
    Bytes request = wire::encode(
        wire::CertificateRequest{.schemes = wire::Codes{0x0403}, .authorities = {bytes_of(view_of(authority))}},
        wire::tls1_2);
    request.erase(request.begin(), request.begin() + 4);  // the message's header
    PathRecord record = with_status(502);
    record.known.origin->client_certificate = policy::ClientCertificate::required;
    record.known.proxy_certificate = {bytes_of(view_of("leaf of CN=one")), bytes_of(view_of("of CN=two"))};
    record.origins = {Story(Leg::origin)
                          .hello()
                          .server_hello({.version = wire::tls1_2})
                          .message(Party::server, wire::certificate_request, request)
                          .alert(Party::server, wire::handshake_failure)
                          .ends(How::alert_sent)};
    return record;
  };
  CHECK(only(asked("CN=three")).cause == "client-certificate-refused");
  CHECK(only(asked("CN=three")).certainty == Certainty::inferred);
  CHECK(only(asked("CN=two")).cause == "client-certificate-wanted");
  PathRecord none = asked("CN=three");
  none.known.proxy_certificate.clear();
  CHECK(only(none).cause == "client-certificate-wanted");
}

TEST_CASE("evidence tells what the two did not agree on, and not all the rest") {
  PathRecord record = with_status(502);
  record.known.origin->versions = {wire::tls1_3};
  record.known.origin->suites = {0x1302};
  record.origins = {Story(Leg::origin).hello().alert(Party::server, wire::handshake_failure).ends(How::alert_sent)};
  const std::vector<std::string> wanted{"the origin sent the proxy the alert handshake_failure (40)",
                                        "the proxy offered suites: TLS_AES_128_GCM_SHA256, "
                                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                        "the origin accepts suites: TLS_AES_256_GCM_SHA384"};
  CHECK(only(record).evidence == wanted);
}

TEST_CASE("an alert that nothing explains stays undecided and lists its candidates") {
  PathRecord record = with_status(502);
  record.origins = {Story(Leg::origin).hello().alert(Party::server, wire::handshake_failure).ends(How::alert_sent)};
  const Finding found = only(record);
  CHECK(found.cause == "tls-refused");
  CHECK(found.certainty == Certainty::undecided);
  CHECK(found.candidates.size() > 1);
  for (const std::string& candidate : found.candidates) CHECK(cause_of(candidate) != nullptr);
}

TEST_CASE("the client leg: who refused and why, and the origin is not blamed") {
  PathRecord refused = without_client(Story(Leg::client)
                                          .hello()
                                          .server_hello()
                                          .server_flight()
                                          .alert(Party::client, wire::certificate_expired)
                                          .chain(bad(Defect::expired))
                                          .engine_chain(bad(Defect::expired))
                                          .ends(How::alert_sent));
  CHECK(only(refused).cause == "cert-expired");
  CHECK(only(refused).refused_by == Side::client);
  CHECK(only(refused).leg == Leg::client);

  PathRecord old = without_client(Story(Leg::client)
                                      .hello({.versions = {wire::tls1_1}, .key_shares = {}})
                                      .alert(Party::server, wire::protocol_version)
                                      .ends(How::alert_received));
  CHECK(only(old).cause == "no-shared-version");
  CHECK(only(old).refused_by == Side::proxy);

  PathRecord down = without_client(Story(Leg::client).ends(How::connection_refused));
  CHECK(only(down).cause == "proxy-unreachable");
  PathRecord silent = without_client(Story(Leg::client).hello().ends(How::timed_out));
  CHECK(only(silent).cause == "no-answer");
  CHECK_FALSE(only(silent).refused_by.has_value());
}

TEST_CASE("other protocols and no answers are not refusals") {
  PathRecord plain = with_status(502);
  Observation origin = Story(Leg::origin).ends(How::closed);
  origin.tls = false;
  origin.handshake.transcript.foreign = {0x16, 0x03, 0x01, 0x02, 0x00};
  origin.spoke = bytes_of(view_of("HTTP/1.1 400 Bad Request\r\n"));
  plain.origins = {origin};
  CHECK(only(plain).cause == "plaintext-vs-tls");
  plain.origins.front().spoke.clear();
  plain.origins.front().ending.how = How::eof;
  CHECK(only(plain).cause == "no-answer");
  plain.origins.front().spoke = bytes_of(view_of("SSH-2.0-x"));
  CHECK(only(plain).cause == "not-tls");

  PathRecord nobody = with_status(503);
  CHECK(only(nobody).cause == "origin-unreachable");
  CHECK(only(nobody).certainty == Certainty::inferred);
  nobody.known = {};  // a proxy that runs already: its origins are not ours
  CHECK(only(nobody).cause == "proxy-failed");
  PathRecord no_route = with_status(421);
  no_route.known.origin_name.clear();
  CHECK(only(no_route).cause == "no-route");
  // Of a TLS library whose habits are not known the certificates are, and nothing else.
  no_route.known.proxy = policy::Policy{.stack = "other", .leaves = a_policy().leaves};
  CHECK(only(no_route).cause == "no-route");
}

TEST_CASE("a defect that was let pass although the proxy was told to verify is a finding, otherwise not") {
  PathRecord record = support::a_record();
  record.origins.front().chain = bad(Defect::wrong_name);
  record.known.proxy_verifies = policy::Verify::chain;
  CHECK(diagnose(record).empty());
  record.known.proxy_verifies = policy::Verify::full;
  CHECK(only(record).cause == "bad-certificate-accepted");
}

TEST_CASE("SNI and Host that disagree are told from what the origin received") {
  PathRecord record = support::a_record();
  record.client.exchanges.front().response->status = 421;
  record.origins.front().exchanges.front().response->status = 421;
  const Finding found = only(record);
  CHECK(found.cause == "421-behind-proxy");
  CHECK(found.refused_by == Side::origin);
}

TEST_CASE("every cause is complete and named once") {
  std::vector<std::string_view> ids;
  for (const Cause& cause : causes()) {
    CAPTURE(cause.id);
    CHECK_FALSE(cause.title.empty());
    CHECK_FALSE(cause.why.empty());
    CHECK_FALSE(cause.remedy.empty());
    CHECK(std::ranges::find(ids, cause.id) == ids.end());
    ids.push_back(cause.id);
  }
}
