#include "tests/support/records.hpp"

#include "wire/body.hpp"

namespace bothends::support {
namespace {

using policy::Party;

Bytes codes16(const wire::Codes& codes) {
  wire::Writer list, whole;
  for (auto code : codes) list.u16(code);
  whole.vector16(list.bytes());
  return std::move(whole).bytes();
}

Bytes protocols(const std::vector<std::string>& names) {
  wire::Writer list, whole;
  for (const auto& name : names) list.vector8(view_of(name));
  whole.vector16(list.bytes());
  return std::move(whole).bytes();
}

Bytes host_name(const std::string& name) {
  wire::Writer list, whole;
  list.u8(0).vector16(view_of(name));
  whole.vector16(list.bytes());
  return std::move(whole).bytes();
}

Bytes offered_versions(const wire::Codes& codes) {
  wire::Writer list, whole;
  for (auto code : codes) list.u16(code);
  whole.vector8(list.bytes());
  return std::move(whole).bytes();
}

Bytes key_shares(const wire::Codes& groups) {
  wire::Writer list, whole;
  for (auto group : groups) list.u16(group).vector16(Bytes(4, 0x5a));
  whole.vector16(list.bytes());
  return std::move(whole).bytes();
}

Bytes one_code(std::uint16_t code) { return wire::Writer().u16(code).bytes(); }

bool is13(const Settled& settled) { return settled.version >= wire::tls1_3; }

wire::ServerHello server_hello_of(const Settled& settled) {
  wire::ServerHello hello;
  hello.legacy_version = is13(settled) ? std::uint16_t{wire::tls1_2} : settled.version;
  hello.random.fill(0x22);
  hello.cipher_suite = settled.suite;
  auto& extensions = hello.extensions.emplace();
  if (is13(settled)) {
    extensions.push_back({wire::supported_versions, one_code(settled.version)});
    auto share = wire::Writer().u16(settled.group).vector16(Bytes(4, 0x5a)).bytes();
    extensions.push_back({wire::key_share, share});
    if (settled.resumed) extensions.push_back({wire::pre_shared_key, one_code(0)});
  } else if (!settled.alpn.empty()) {
    extensions.push_back({wire::application_layer_protocol_negotiation, protocols({settled.alpn})});
  }
  return hello;
}

Bytes body_of(const Bytes& message) { return Bytes(message.begin() + 4, message.end()); }

Bytes certificate_body(bool tls13, bool empty) {
  wire::Certificate certificate;
  if (!empty) certificate.entries = {{Bytes(32, 0x30), {}}, {Bytes(32, 0x31), {}}};
  return body_of(wire::encode(certificate, tls13));
}

Bytes request_body(const Settled& settled) {
  wire::CertificateRequest request;
  if (is13(settled))
    request.extensions = wire::Extensions{{wire::signature_algorithms, codes16({0x0403})}};
  else
    request.schemes = wire::Codes{0x0403};
  return body_of(wire::encode(request, settled.version));
}

Bytes encrypted_extensions_body(const Settled& settled) {
  wire::Writer list, whole;
  if (!settled.alpn.empty()) list.u16(wire::application_layer_protocol_negotiation).vector16(protocols({settled.alpn}));
  whole.vector16(list.bytes());
  return std::move(whole).bytes();
}

Bytes key_exchange_body(const Settled& settled) {
  wire::Writer writer;
  writer.u8(3).u16(settled.group).vector8(Bytes(4, 0x5a)).u16(settled.scheme).vector16(Bytes(8, 0x51));
  return std::move(writer).bytes();
}

Bytes verify_body(const Settled& settled) {
  return wire::Writer().u16(settled.scheme).vector16(Bytes(8, 0x51)).bytes();
}

}  // namespace

wire::ClientHello client_hello(const Hello& from) {
  wire::ClientHello hello;
  hello.legacy_version = wire::tls1_2;
  hello.random.fill(0x11);
  hello.cipher_suites = from.suites;
  hello.compression_methods = {0};
  auto& extensions = hello.extensions.emplace();
  if (from.sni) extensions.push_back({wire::server_name, host_name(*from.sni)});
  if (!from.groups.empty()) extensions.push_back({wire::supported_groups, codes16(from.groups)});
  if (!from.schemes.empty()) extensions.push_back({wire::signature_algorithms, codes16(from.schemes)});
  if (!from.alpn.empty()) extensions.push_back({wire::application_layer_protocol_negotiation, protocols(from.alpn)});
  if (!from.versions.empty()) extensions.push_back({wire::supported_versions, offered_versions(from.versions)});
  if (!from.key_shares.empty()) extensions.push_back({wire::key_share, key_shares(from.key_shares)});
  return hello;
}

Story::Story(path::Leg leg, std::string name) {
  bool client = leg == path::Leg::client;
  seen_.leg = leg;
  seen_.name = !name.empty() ? std::move(name) : client ? "openssl" : "shop";
  seen_.peer = client ? "127.0.0.1:4433" : "127.0.0.1:50112";
  seen_.local = client ? "127.0.0.1:50110" : "127.0.0.1:4711";
}

Story& Story::event(Party by, std::uint8_t type, Bytes bytes, bool encrypted) {
  auto us = seen_.leg == path::Leg::client ? Party::client : Party::server;
  auto& events = seen_.handshake.transcript.events;
  std::chrono::milliseconds at(events.size() + 1);
  auto direction = by == us ? wire::Direction::sent : wire::Direction::received;
  events.push_back({direction, type, std::move(bytes), encrypted, at});
  return *this;
}

Story& Story::message(Party by, std::uint8_t type, View body) {
  bool clear = type == wire::client_hello || type == wire::server_hello;
  return event(by, wire::handshake, wire::with_header(type, body), !clear);
}

Story& Story::hello(const Hello& hello) {
  return event(Party::client, wire::handshake, wire::encode(client_hello(hello)), false);
}

Story& Story::retry(const Settled& settled) {
  auto hello = server_hello_of(settled);
  hello.random = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
  hello.extensions = wire::Extensions{{wire::supported_versions, one_code(settled.version)},
                                      {wire::key_share, one_code(settled.group)}};
  return event(Party::server, wire::handshake, wire::encode(hello), false);
}

Story& Story::server_hello(const Settled& settled) {
  return event(Party::server, wire::handshake, wire::encode(server_hello_of(settled)), false);
}

Story& Story::server_flight(const Settled& settled) {
  if (!is13(settled)) return server_flight12(settled);
  message(Party::server, wire::encrypted_extensions, encrypted_extensions_body(settled));
  if (!settled.resumed) {
    if (settled.asks_certificate) message(Party::server, wire::certificate_request, request_body(settled));
    message(Party::server, wire::certificate, certificate_body(true, false));
    message(Party::server, wire::certificate_verify, verify_body(settled));
  }
  return message(Party::server, wire::finished, Bytes(32, 0xf1));
}

Story& Story::server_flight12(const Settled& settled) {
  if (settled.resumed) return message(Party::server, wire::finished, Bytes(12, 0xf1));
  message(Party::server, wire::certificate, certificate_body(false, false));
  if (settled.group != 0) message(Party::server, wire::server_key_exchange, key_exchange_body(settled));
  if (settled.asks_certificate) message(Party::server, wire::certificate_request, request_body(settled));
  return message(Party::server, wire::server_hello_done, {});
}

Story& Story::client_flight(const Settled& settled) {
  if (settled.asks_certificate)
    message(Party::client, wire::certificate, certificate_body(is13(settled), !settled.client_certificate));
  if (!is13(settled) && !settled.resumed) message(Party::client, wire::client_key_exchange, Bytes(5, 4));
  if (settled.client_certificate) message(Party::client, wire::certificate_verify, verify_body(settled));
  message(Party::client, wire::finished, Bytes(12, 0xf2));
  if (!is13(settled) && !settled.resumed) message(Party::server, wire::finished, Bytes(12, 0xf1));
  seen_.handshake.complete = true;
  return *this;
}

Story& Story::handshake(const Hello& offer, const Settled& settled) {
  hello(offer);
  if (settled.retry) retry(settled).hello(offer);
  return server_hello(settled).server_flight(settled).client_flight(settled);
}

Story& Story::alert(Party by, std::uint8_t description, std::uint8_t level) {
  bool encrypted = seen_.handshake.transcript.message(wire::server_hello) != nullptr;
  return event(by, wire::alert, {level, description}, encrypted);
}

Story& Story::exchange(http::Request request, std::optional<http::Response> response) {
  path::Exchange exchange;
  exchange.request = std::move(request);
  exchange.complete = response.has_value();
  exchange.response = std::move(response);
  seen_.exchanges.push_back(std::move(exchange));
  return *this;
}

Story& Story::chain(policy::ChainVerdict verdict) {
  seen_.chain = std::move(verdict);
  return *this;
}

Story& Story::engine_chain(policy::ChainVerdict verdict) {
  seen_.handshake.chain = std::move(verdict);
  return *this;
}

Story& Story::ends(How how, std::string note) {
  auto& ending = seen_.ending;
  const auto& transcript = seen_.handshake.transcript;
  ending.how = how;
  ending.note = std::move(note);
  ending.stage = policy::stage_of(transcript);
  ending.at = std::chrono::milliseconds(transcript.events.size() + 1);
  if (!seen_.exchanges.empty()) {
    const auto& last = seen_.exchanges.back();
    ending.stage = last.complete ? policy::Stage::done : policy::Stage::request;
  }
  auto direction = how == How::alert_sent ? wire::Direction::sent : wire::Direction::received;
  auto alert = transcript.fatal_alert(direction);
  if (alert && (how == How::alert_sent || how == How::alert_received)) ending.alert = alert->description;
  return *this;
}

policy::ChainVerdict a_chain(std::vector<policy::ChainProblem> problems, std::string name) {
  policy::ChainVerdict chain;
  chain.problems = std::move(problems);
  chain.names = {name};
  chain.subject = "CN=" + name;
  chain.issuer = "CN=Test CA";
  chain.not_before = 1750000000;
  chain.not_after = 1760000000;
  chain.sent = 2;
  return chain;
}

http::Request a_request(std::string host, std::string target) {
  http::Request request;
  request.target = std::move(target);
  request.fields = {{"Host", std::move(host)}, {"Accept", "*/*"}};
  return request;
}

http::Response a_response(unsigned status, std::string body) {
  http::Response response;
  response.status = status;
  response.reason = status == 200 ? "OK" : status == 502 ? "Bad Gateway" : "Other";
  response.fields = {{"Content-Type", "text/plain"}, {"Content-Length", std::to_string(body.size())}};
  response.body = std::move(body);
  return response;
}

path::Observation a_client(unsigned status) {
  return Story(path::Leg::client)
      .handshake({.alpn = {"http/1.1"}}, {.alpn = "http/1.1"})
      .exchange(a_request(), a_response(status))
      .chain(a_chain())
      .ends(Story::How::closed);
}

path::Observation an_origin(unsigned status) {
  return Story(path::Leg::origin)
      .handshake({}, {.version = wire::tls1_2, .suite = 0xc02f})
      .exchange(a_request(), a_response(status))
      .chain(a_chain())
      .ends(Story::How::closed);
}

path::PathRecord a_record() {
  path::PathRecord record;
  record.url = "https://shop.test/";
  record.host = "shop.test";
  record.proxy = "builtin";
  record.client = a_client();
  record.origins = {an_origin()};
  record.known.origin_name = "shop";
  record.known.origin_address = "127.0.0.1:4711";
  record.took = std::chrono::milliseconds(12);
  return record;
}

}  // namespace bothends::support
