#include "path/facts.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.hpp"
#include "tests/support/records.hpp"

using namespace bothends;
using path::Leg;
using policy::Party;
using support::Story;

namespace {

using How = policy::Ending::How;

const path::Digests digests{[](View bytes) { return Bytes(bytes.begin(), bytes.begin() + 16); },
                            [](View) { return Bytes(32, 0xab); }};

/// The fact in one line; "absent" if there is none.
std::string fact(const path::PathRecord& record, const std::string& name) {
  auto facts = path::facts_of(record, digests);
  auto at = facts.find(name);
  if (at == facts.end()) return "absent";
  auto text = join(at->second.values, " ");
  return at->second.list ? "[" + text + "]" : text;
}

path::PathRecord with_origin(const Story& story) {
  auto record = support::a_record();
  record.origins = {story};
  return record;
}

path::PathRecord with_client(const Story& story) {
  auto record = support::a_record();
  record.client = story;
  return record;
}

}  // namespace

TEST_CASE("a healthy path as facts") {
  auto record = support::a_record();
  CHECK(fact(record, "status") == "200");
  CHECK(fact(record, "body") == "hello from shop");
  CHECK(fact(record, "client.agreed.version") == "TLSv1.3");
  CHECK(fact(record, "client.agreed.suite") == "TLS_AES_128_GCM_SHA256");
  CHECK(fact(record, "client.agreed.group") == "x25519");
  CHECK(fact(record, "client.agreed.signature_scheme") == "ecdsa_secp256r1_sha256");
  CHECK(fact(record, "client.agreed.alpn") == "http/1.1");
  CHECK(fact(record, "client.agreed.resumed") == "false");
  CHECK(fact(record, "client.agreed.hello_retry") == "false");
  CHECK(fact(record, "client.hello.alpn") == "[http/1.1]");
  CHECK(fact(record, "client.response.status") == "200");
  CHECK(fact(record, "client.response.header.content-type") == "text/plain");
  CHECK(fact(record, "client.ending") == "closed");
  CHECK(fact(record, "client.stage") == "done");
  CHECK(fact(record, "client.refused.by") == "absent");
  CHECK(fact(record, "origin.name") == "shop");
  CHECK(fact(record, "origin.connections") == "1");
  CHECK(fact(record, "origin.agreed.version") == "TLSv1.2");
  CHECK(fact(record, "origin.agreed.alpn") == "absent");
  CHECK(fact(record, "origin.hello.sni") == "shop.test");
  CHECK(fact(record, "origin.hello.versions") == "[TLSv1.3 TLSv1.2]");
  CHECK(fact(record, "origin.request.host") == "shop.test");
  CHECK(fact(record, "origin.request.target") == "/");
  CHECK(fact(record, "origin.response.status") == "200");
  CHECK(fact(record, "origin.certificate.names") == "[shop.test]");
  CHECK(fact(record, "origin.certificate.problems") == "[none]");
  CHECK(fact(record, "origin.certificate.sent") == "2");
  CHECK(fact(record, "origin.server_hello.suite") == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  CHECK(fact(record, "origin.hello.ja3").size() == 32);
}

TEST_CASE("every fact has a name that may be asked for") {
  auto record = with_origin(Story(Leg::origin)
                                .handshake({.alpn = {"h2"}}, {.asks_certificate = true, .client_certificate = true})
                                .alert(Party::server, wire::unknown_ca)
                                .alert(Party::client, wire::internal_error)
                                .chain(support::a_chain())
                                .engine_chain(support::a_chain())
                                .exchange(support::a_request(), support::a_response())
                                .ends(How::alert_sent));
  record.proxy_log = {"one", "two"};
  for (const auto& [name, value] : path::facts_of(record, digests)) {
    CAPTURE(name);
    CHECK(path::is_fact(name));
    CHECK_FALSE(value.values.empty());
    bool header = name.find(".header.") != std::string::npos;
    CHECK((header || path::is_list(name) == value.list));
  }
  CHECK(fact(record, "proxy.log") == "one\ntwo");
}

TEST_CASE("names of facts, and the registries behind them") {
  const auto& names = path::fact_names();
  auto listed = [&](const char* name) { return std::count(names.begin(), names.end(), name) == 1; };
  CHECK(listed("status"));
  CHECK(listed("client.hello.sni"));
  CHECK(listed("origin.request.header.*"));
  CHECK(listed("origin.refused.by"));
  CHECK(path::is_fact("origin.request.header.x-forwarded-for"));
  CHECK_FALSE(path::is_fact("origin.request.header."));
  CHECK_FALSE(path::is_fact("client.request.method"));
  CHECK_FALSE(path::is_fact("hello.sni"));
  CHECK_FALSE(path::is_fact(""));
  CHECK(path::registry_of("client.agreed.group") == wire::Registry::group);
  CHECK(path::registry_of("origin.alert.sent") == wire::Registry::alert);
  CHECK(path::registry_of("client.hello.sni") == std::nullopt);
  CHECK(path::registry_of("nonsense") == std::nullopt);
  CHECK(path::words_of("origin.refused.by") == std::vector<std::string>{"client", "proxy", "origin"});
}

TEST_CASE("without SNI, extensions and answer there is nothing to tell") {
  auto record = with_origin(Story(Leg::origin).hello({.alpn = {}, .sni = std::nullopt}).ends(How::eof));
  for (const auto* name : {"hello.sni", "hello.alpn", "agreed.version", "agreed.resumed", "server_hello.version",
                           "certificate.sent", "certificate.subject", "refused.by", "request.method"})
    CHECK(fact(record, std::string("origin.") + name) == "absent");
  CHECK(fact(record, "origin.ending") == "eof");
  CHECK(fact(record, "origin.stage") == "client-hello");
}

TEST_CASE("no connection reached an origin") {
  auto record = support::a_record();
  record.origins.clear();
  CHECK(path::telling_origin(record) == nullptr);
  CHECK(fact(record, "origin.connections") == "0");
  CHECK(fact(record, "origin.ending") == "absent");
}

TEST_CASE("the origin connection that tells: the last with a request, else the last") {
  auto record = support::a_record();
  Story bare(Leg::origin, "bare");
  record.origins = {support::an_origin(), bare.hello().ends(How::reset)};
  CHECK(path::telling_origin(record) == &record.origins[0]);
  record.origins[0].exchanges.clear();
  CHECK(path::telling_origin(record) == &record.origins[1]);
  CHECK(fact(record, "origin.name") == "bare");
  CHECK(fact(record, "origin.connections") == "2");
}

TEST_CASE("who refused is told by the alert and by whose end saw it") {
  SUBCASE("our client refuses the proxy") {
    auto record = with_client(
        Story(Leg::client).hello().server_hello().server_flight().alert(Party::client, wire::certificate_expired));
    CHECK(fact(record, "client.refused.by") == "client");
    CHECK(fact(record, "client.refused.alert") == "certificate_expired");
    CHECK(fact(record, "client.alert.sent") == "certificate_expired");
    CHECK(fact(record, "client.alert.received") == "absent");
  }
  SUBCASE("the proxy refuses our client") {
    auto record = with_client(Story(Leg::client).hello().alert(Party::server, wire::protocol_version));
    CHECK(fact(record, "client.refused.by") == "proxy");
    CHECK(fact(record, "client.alert.received") == "protocol_version");
  }
  SUBCASE("the proxy refuses the origin") {
    auto record =
        with_origin(Story(Leg::origin).hello().server_hello().server_flight().alert(Party::client, wire::unknown_ca));
    CHECK(fact(record, "origin.refused.by") == "proxy");
    CHECK(fact(record, "origin.alert.received") == "unknown_ca");
  }
  SUBCASE("our origin refuses the proxy") {
    auto record = with_origin(Story(Leg::origin).hello().alert(Party::server, wire::unrecognized_name));
    CHECK(fact(record, "origin.refused.by") == "origin");
    CHECK(fact(record, "origin.refused.alert") == "unrecognized_name");
  }
  SUBCASE("both sent one: the first is the refusal") {
    auto record = with_origin(Story(Leg::origin)
                                  .handshake()
                                  .alert(Party::client, wire::bad_certificate)
                                  .alert(Party::server, wire::bad_certificate));
    CHECK(fact(record, "origin.refused.by") == "proxy");
    CHECK(fact(record, "origin.alert.sent") == "bad_certificate");
  }
  SUBCASE("only the ending knows of the alert") {
    Story story(Leg::client);
    story.seen().ending.how = How::alert_received;
    story.seen().ending.alert = 199;
    auto record = with_client(story);
    CHECK(fact(record, "client.refused.by") == "proxy");
    CHECK(fact(record, "client.refused.alert") == "199");
  }
}

TEST_CASE("a finished handshake without a request is no refusal, however it ended") {
  for (auto how : {How::closed, How::eof, How::reset}) {
    auto story = Story(Leg::origin).handshake();
    if (how == How::closed) story.closes(Party::client);
    auto record = with_origin(story.ends(how));
    CHECK(fact(record, "origin.refused.by") == "absent");
    CHECK(fact(record, "origin.refused.alert") == "absent");
    CHECK(fact(record, "origin.stage") == "finished");
  }
}

TEST_CASE("GREASE and unknown code points") {
  auto record = with_origin(Story(Leg::origin).hello({.suites = {0x3a3a, 0x1301, 0xfefe}, .groups = {0x0a0a, 0x7777}}));
  CHECK(fact(record, "origin.hello.suites") == "[GREASE TLS_AES_128_GCM_SHA256 0xfefe]");
  CHECK(fact(record, "origin.hello.groups") == "[GREASE 0x7777]");
}

TEST_CASE("certificates: which verdict is of whom") {
  policy::ChainProblem expired;
  expired.defect = policy::Defect::expired;
  SUBCASE("on the origin leg the engine's verdict is of the proxy's certificate") {
    Story story(Leg::origin);
    story.handshake({}, {.asks_certificate = true, .client_certificate = true});
    auto record = with_origin(story.engine_chain(support::a_chain({expired})));
    CHECK(fact(record, "origin.client_certificate.problems") == "[expired]");
    CHECK(fact(record, "origin.client_certificate.sent") == "2");
    CHECK(fact(record, "origin.agreed.client_certificate") == "true");
    CHECK(fact(record, "origin.certificate.problems") == "absent");
  }
  SUBCASE("on the client leg it is of the proxy's too, but as a server") {
    auto record = with_client(Story(Leg::client).handshake().engine_chain(support::a_chain({expired})));
    CHECK(fact(record, "client.certificate.problems") == "[expired]");
    CHECK(fact(record, "client.client_certificate.problems") == "absent");
  }
  SUBCASE("asked for, and none was sent") {
    auto record = with_origin(Story(Leg::origin).handshake({}, {.asks_certificate = true}));
    CHECK(fact(record, "origin.client_certificate.sent") == "0");
    CHECK(fact(record, "origin.agreed.client_certificate") == "false");
  }
}

TEST_CASE("headers: any case, and a list only when repeated") {
  auto record = support::a_record();
  record.origins[0].exchanges[0].request->fields = {{"HOST", "a"}, {"host", "b"}, {"X-One", ""}};
  CHECK(fact(record, "origin.request.header.host") == "[a b]");
  CHECK(fact(record, "origin.request.host") == "a");
  CHECK(fact(record, "origin.request.header.x-one") == "");
}

TEST_CASE("without digests there are no fingerprints") {
  auto facts = path::facts_of(support::a_record(), {});
  CHECK(facts.count("client.hello.ja3") == 0);
  CHECK(facts.count("client.hello.sni") == 1);
}
