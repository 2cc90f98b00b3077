#include "path/facts.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace bothends::path {
namespace {

using policy::Party;
using wire::Direction;
using wire::Registry;
using Facts = std::map<std::string, Fact>;

/// Facts of one leg, or with an empty prefix of the whole path. Where nothing is said, there is no fact.
class Part {
 public:
  Part(Facts& facts, std::string prefix) : facts_(facts), prefix_(std::move(prefix)) {}

  void text(const std::string& name, std::string value) {
    if (!value.empty()) facts_[prefix_ + name] = {{std::move(value)}, false};
  }
  /// What may be there and empty, like a body.
  void content(const std::string& name, std::string value) { facts_[prefix_ + name] = {{std::move(value)}, false}; }
  void yes_no(const std::string& name, bool value) { text(name, value ? "true" : "false"); }
  void number(const std::string& name, std::size_t value) { text(name, std::to_string(value)); }
  void texts(const std::string& name, std::vector<std::string> values) {
    if (!values.empty()) facts_[prefix_ + name] = {std::move(values), true};
  }
  /// Zero is "does not apply" in every registry but that of alerts.
  void code(const std::string& name, Registry registry, std::uint16_t value) {
    if (value != 0 || registry == Registry::alert) text(name, spelled(registry, value));
  }
  void codes(const std::string& name, Registry registry, const wire::Codes& values) {
    std::vector<std::string> names;
    for (auto value : values) names.push_back(spelled(registry, value));
    texts(name, std::move(names));
  }

 private:
  Facts& facts_;
  std::string prefix_;
};

wire::Codes types_of(const std::optional<wire::Extensions>& extensions) {
  wire::Codes types;
  if (extensions)
    for (const auto& extension : *extensions) types.push_back(extension.type);
  return types;
}

void add_agreement(Part& part, const policy::Agreement& agreed) {
  part.code("agreed.version", Registry::version, agreed.version);
  part.code("agreed.suite", Registry::suite, agreed.suite);
  part.code("agreed.group", Registry::group, agreed.group);
  part.code("agreed.signature_scheme", Registry::signature_scheme, agreed.signature_scheme);
  part.text("agreed.alpn", agreed.alpn);
  part.yes_no("agreed.resumed", agreed.resumed);
  part.yes_no("agreed.hello_retry", agreed.hello_retry);
  part.yes_no("agreed.client_certificate", agreed.client_certificate_sent);
}

void add_hello(Part& part, const wire::ClientHello& hello, const Digests& digests) {
  part.text("hello.sni", hello.sni().value_or(""));
  part.texts("hello.alpn", hello.alpn());
  part.codes("hello.versions", Registry::version, hello.versions());
  part.codes("hello.suites", Registry::suite, hello.cipher_suites);
  part.codes("hello.groups", Registry::group, hello.groups());
  part.codes("hello.key_shares", Registry::group, hello.key_share_groups());
  part.codes("hello.signature_schemes", Registry::signature_scheme, hello.signature_schemes());
  part.codes("hello.extensions", Registry::extension, hello.extension_types());
  if (digests.md5) part.text("hello.ja3", wire::ja3(hello, digests.md5));
  if (digests.sha256) part.text("hello.ja4", wire::ja4(hello, digests.sha256));
}

void add_server_hello(Part& part, const wire::ServerHello& hello) {
  part.code("server_hello.version", Registry::version, hello.version());
  part.code("server_hello.suite", Registry::suite, hello.cipher_suite);
  part.code("server_hello.group", Registry::group, hello.group());
  part.codes("server_hello.extensions", Registry::extension, types_of(hello.extensions));
}

std::vector<std::string> problems_of(const policy::ChainVerdict& chain) {
  std::vector<std::string> words;
  for (const auto& problem : chain.problems) words.emplace_back(name(problem.defect));
  if (words.empty()) words.emplace_back("none");
  return words;
}

void add_certificates(Part& part, const Observation& seen) {
  if (auto sent = seen.handshake.transcript.server_certificate()) part.number("certificate.sent", sent->entries.size());
  if (const auto* chain = server_chain(seen)) {
    part.text("certificate.subject", chain->subject);
    part.text("certificate.issuer", chain->issuer);
    part.texts("certificate.names", chain->names);
    part.texts("certificate.problems", problems_of(*chain));
  }
  if (auto sent = seen.handshake.transcript.client_certificate())
    part.number("client_certificate.sent", sent->entries.size());
  if (const auto* chain = client_chain(seen)) part.texts("client_certificate.problems", problems_of(*chain));
}

std::optional<std::uint8_t> alert_of(const Observation& seen, Direction direction) {
  if (auto alert = seen.handshake.transcript.fatal_alert(direction)) return alert->description;
  auto how = direction == Direction::sent ? policy::Ending::How::alert_sent : policy::Ending::How::alert_received;
  return seen.ending.how == how ? seen.ending.alert : std::nullopt;
}

/// Both ends may send one: the first of them is the refusal.
std::optional<Direction> refusal(const Observation& seen) {
  const auto sent = alert_of(seen, Direction::sent);
  const auto received = alert_of(seen, Direction::received);
  for (const auto& event : seen.handshake.transcript.events) {
    const auto& fatal = event.direction == Direction::sent ? sent : received;
    if (event.type == wire::alert && event.bytes.size() == 2 && event.bytes[1] == fatal) return event.direction;
  }
  if (sent) return Direction::sent;
  return received ? std::optional(Direction::received) : std::nullopt;
}

void add_alerts(Part& part, const Observation& seen) {
  if (auto alert = alert_of(seen, Direction::sent)) part.code("alert.sent", Registry::alert, *alert);
  if (auto alert = alert_of(seen, Direction::received)) part.code("alert.received", Registry::alert, *alert);
  auto refused = refusal(seen);
  if (!refused) return;
  auto us = seen.leg == Leg::client ? Side::client : Side::origin;
  part.text("refused.by", std::string(name(*refused == Direction::sent ? us : Side::proxy)));
  part.code("refused.alert", Registry::alert, *alert_of(seen, *refused));
}

void add_leg(Part part, const Observation& seen, const Digests& digests) {
  const auto& transcript = seen.handshake.transcript;
  if (auto agreed = seen.handshake.agreement()) add_agreement(part, *agreed);
  if (auto hello = transcript.client_hello()) add_hello(part, *hello, digests);
  if (auto hello = transcript.server_hello()) add_server_hello(part, *hello);
  add_certificates(part, seen);
  add_alerts(part, seen);
  part.text("ending", std::string(name(seen.ending.how)));
  part.text("stage", std::string(name(seen.ending.stage)));
}

void add_headers(Facts& facts, const std::string& prefix, const http::Fields& fields) {
  for (const auto& field : fields) {
    auto& fact = facts[prefix + lower(field.name)];
    fact.values.push_back(field.value);
    fact.list = fact.values.size() > 1;
  }
}

const http::Response* last_response(const Observation& seen) {
  for (auto at = seen.exchanges.rbegin(); at != seen.exchanges.rend(); ++at)
    if (at->response) return &*at->response;
  return nullptr;
}

const http::Request* last_request(const Observation& seen) {
  for (auto at = seen.exchanges.rbegin(); at != seen.exchanges.rend(); ++at)
    if (at->request) return &*at->request;
  return nullptr;
}

void add_response(Facts& facts, const Observation& client) {
  const auto* response = last_response(client);
  if (!response) return;
  Part path(facts, ""), part(facts, "client.response.");
  path.number("status", response->status);
  path.content("body", response->body);
  part.number("status", response->status);
  part.text("reason", response->reason);
  part.content("body", response->body);
  add_headers(facts, "client.response.header.", response->fields);
}

void add_request(Facts& facts, const Observation& origin) {
  if (const auto* response = last_response(origin)) Part(facts, "origin.response.").number("status", response->status);
  const auto* request = last_request(origin);
  if (!request) return;
  Part part(facts, "origin.request.");
  part.text("method", request->method);
  part.text("target", request->target);
  part.text("host", request->host().value_or(""));
  part.content("body", request->body);
  add_headers(facts, "origin.request.header.", request->fields);
}

}  // namespace

const policy::ChainVerdict* server_chain(const Observation& seen) {
  if (seen.chain) return &*seen.chain;
  return seen.leg == Leg::client && seen.handshake.chain ? &*seen.handshake.chain : nullptr;
}

const policy::ChainVerdict* client_chain(const Observation& seen) {
  return seen.leg == Leg::origin && seen.handshake.chain ? &*seen.handshake.chain : nullptr;
}

const Observation* telling_origin(const PathRecord& record) {
  const auto& origins = record.origins;
  auto asked = std::find_if(origins.rbegin(), origins.rend(), [](const auto& seen) { return last_request(seen); });
  if (asked != origins.rend()) return &*asked;
  return origins.empty() ? nullptr : &origins.back();
}

Facts facts_of(const PathRecord& record, const Digests& digests) {
  Facts facts;
  add_response(facts, record.client);
  add_leg(Part(facts, "client."), record.client, digests);
  Part path(facts, "");
  path.number("origin.connections", record.origins.size());
  path.text("proxy.log", join(record.proxy_log, "\n"));
  if (const auto* origin = telling_origin(record)) {
    path.text("origin.name", origin->name);
    add_leg(Part(facts, "origin."), *origin, digests);
    add_request(facts, *origin);
  }
  return facts;
}

}  // namespace bothends::path
