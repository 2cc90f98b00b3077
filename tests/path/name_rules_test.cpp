// Rules that need what was configured beside what was seen: names, redirects, certificates of clients, fragments.
#include <doctest/doctest.h>

#include <algorithm>

#include "path/finding.hpp"
#include "tests/support/records.hpp"

using namespace bothends;
using namespace bothends::path;
using support::Hello;
using support::Settled;
using support::Story;
using How = policy::Ending::How;
using Party = policy::Party;

namespace {

std::string cause(const PathRecord& record) {
  const auto findings = diagnose(record);
  return findings.empty() ? "none" : findings.front().cause;
}

/// The proxy looked for `checked` in a certificate for `name`, and left.
PathRecord looked_for(const std::string& checked, const std::string& name) {
  PathRecord record = support::a_record();
  record.client = support::a_client(502);
  record.known.proxy_verifies = policy::Verify::full;
  record.known.checked_name = checked;
  record.origins = {Story(Leg::origin)
                        .handshake({.sni = std::nullopt})
                        .chain(support::a_chain({{.defect = policy::Defect::wrong_name}}, name))
                        .closes(Party::client)
                        .ends(How::closed)};
  return record;
}

PathRecord redirected(const std::string& location, bool tls_to_origin) {
  PathRecord record = support::a_record();
  record.known.proxy_origin_tls = tls_to_origin;
  http::Response response = support::a_response(301);
  response.fields.push_back({"Location", location});
  record.client.exchanges.front().response = response;
  return record;
}

/// A client that was asked for a certificate by a front that demands one.
PathRecord asked(Story client, bool required = true) {
  PathRecord record = support::a_record();
  record.known.proxy = policy::Policy{.stack = "mbedtls"};
  record.known.proxy->client_certificate =
      required ? policy::ClientCertificate::required : policy::ClientCertificate::optional;
  record.client = client;
  record.origins.clear();
  return record;
}

}  // namespace

TEST_CASE("the certificate is right, and an address or a label was looked for in it") {
  CHECK(cause(looked_for("127.0.0.1", "shop.test")) == "backend-by-ip");
  CHECK(cause(looked_for("::1", "shop.test")) == "backend-by-ip");
  CHECK(cause(looked_for("be", "shop.test")) == "wrong-upstream-name");
  CHECK(cause(looked_for("be", "other.test")) == "cert-name-mismatch");
  CHECK(cause(looked_for("127.0.0.1", "other.test")) == "cert-name-mismatch");
  CHECK(cause(looked_for("shop.test", "shop.test")) == "cert-name-mismatch");
  CHECK(cause(looked_for("other.test", "shop.test")) == "cert-name-mismatch");
  CHECK(cause(looked_for("", "shop.test")) == "cert-name-mismatch");
}

TEST_CASE("an origin without TLS that sends everybody to where they come from") {
  CHECK(cause(redirected("https://shop.test/", false)) == "flexible-redirect-loop");
  CHECK(cause(redirected("https://shop.test/", true)) == "none");
  CHECK(cause(redirected("https://shop.test/login", false)) == "none");
  CHECK(cause(redirected("http://shop.test/", false)) == "none");
}

TEST_CASE("a refusal that the client cannot read, where a certificate was demanded") {
  const Settled none{.asks_certificate = true};
  const auto story = [&](const Settled& settled, std::uint8_t alert) {
    return Story(Leg::client).handshake({}, settled).alert(Party::client, alert).ends(How::alert_sent);
  };
  CHECK(cause(asked(story(none, wire::bad_record_mac))) == "client-certificate-wanted");
  CHECK(cause(asked(story(none, wire::bad_record_mac), false)) == "tls-refused");
  CHECK(cause(asked(story(none, wire::illegal_parameter))) == "tls-refused");
  PathRecord sent = asked(story({.asks_certificate = true, .client_certificate = true}, wire::bad_record_mac));
  CHECK(cause(sent) == "tls-refused");
  sent.known.proxy_finds = {policy::Defect::unknown_issuer};
  CHECK(cause(sent) == "client-certificate-refused");
}

TEST_CASE("a server that answers with an application protocol that nobody offered") {
  const auto answered_with = [](const std::string& protocol) {
    PathRecord record = support::a_record();
    record.client = Story(Leg::client)
                        .hello({.alpn = {"h2"}})
                        .server_hello({.alpn = protocol})
                        .server_flight({.alpn = protocol})
                        .alert(Party::client, wire::decode_error)
                        .ends(How::alert_sent);
    record.origins.clear();
    return record;
  };
  CHECK(cause(answered_with("http/1.1")) == "alpn-mismatch");
  CHECK(cause(answered_with("h2")) == "tls-refused");
  CHECK(cause(answered_with("")) == "tls-refused");
}

TEST_CASE("a weak certificate that our client put up with is named all the same") {
  PathRecord record = support::a_record();
  record.client.chain = support::a_chain({{.defect = policy::Defect::weak_key}});
  record.known.client_verifies = policy::Verify::full;
  CHECK(cause(record) == "cert-weak");
  CHECK(diagnose(record).front().certainty == Certainty::inferred);
  record.known.client_verifies = policy::Verify::none;
  CHECK(cause(record) == "none");
}

TEST_CASE("small records are the cause only where the handshake ended on them") {
  PathRecord origin = support::a_record();
  origin.client = support::a_client(502);
  Story broken = Story(Leg::origin).hello().server_hello().ends(How::eof);
  broken.seen().handshake.fragmented = true;
  origin.origins = {broken};
  CHECK(cause(origin) == "fragments-refused");
  broken.seen().handshake.fragmented = false;
  origin.origins = {broken};
  CHECK(cause(origin) == "connection-lost");

  PathRecord client = support::a_record();
  Story refused = Story(Leg::client).hello().ends(How::eof);
  refused.seen().handshake.fragmented = true;
  client.client = refused;
  client.origins.clear();
  CHECK(cause(client) == "fragments-refused");
  PathRecord fine = support::a_record();
  fine.client.handshake.fragmented = true;
  CHECK(cause(fine) == "none");
}

TEST_CASE("what a proxy logs supports a finding and never makes one") {
  PathRecord record = looked_for("shop.test", "shop.test");
  const Finding told = diagnose(record).front();
  record.proxy_log = {"2026/01/01 [error] upstream SSL certificate verify error: (10:certificate has expired)",
                      "SSL_do_handshake() failed (SSL: error:0A000418:SSL routines::tlsv1 alert unknown ca)"};
  CHECK(diagnose(record).front().cause == told.cause);
  CHECK(diagnose(record).front().evidence == told.evidence);
  PathRecord healthy = support::a_record();
  healthy.proxy_log = record.proxy_log;
  CHECK(cause(healthy) == "none");
}

TEST_CASE("attempts are evidence") {
  PathRecord record = looked_for("shop.test", "shop.test");
  const auto once = diagnose(record).front().evidence.size();
  record.origins.resize(4, record.origins.front());
  const Finding found = diagnose(record).front();
  REQUIRE(found.evidence.size() == once + 1);
  CHECK(found.evidence.back().find("4 connections") != std::string::npos);
}
