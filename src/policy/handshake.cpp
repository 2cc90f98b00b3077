#include "policy/handshake.hpp"

#include <algorithm>

namespace bothends::policy {

namespace {

using wire::Direction;
using wire::Event;
using wire::Transcript;

Direction by_server(const Transcript& transcript) {
  return transcript.is_client() ? Direction::received : Direction::sent;
}
Direction by_client(const Transcript& transcript) {
  return transcript.is_client() ? Direction::sent : Direction::received;
}

const Event* message(const Transcript& transcript, Direction direction, std::uint8_t type) {
  const auto fits = [&](const Event& event) {
    return event.direction == direction && event.type == wire::handshake && !event.bytes.empty() &&
           event.bytes[0] == type;
  };
  const auto at = std::find_if(transcript.events.begin(), transcript.events.end(), fits);
  return at == transcript.events.end() ? nullptr : &*at;
}

bool has(const Transcript& transcript, Direction direction, std::uint8_t type) {
  return message(transcript, direction, type) != nullptr;
}

bool has_certificate(const std::optional<wire::Certificate>& certificate) {
  return certificate && !certificate->entries.empty();
}

/// RFC 8446 section 2.2: the server took a pre-shared key. Below TLS 1.3 (RFC 5246 section 7.3, RFC 5077 section 3.1)
/// the server goes straight to its Finished, which an echoed session id announces.
bool is_resumed(const Transcript& transcript, const wire::ServerHello& hello) {
  if (hello.version() >= wire::tls1_3) return hello.has(wire::pre_shared_key);
  const Direction server = by_server(transcript);
  for (const auto full : {wire::certificate, wire::server_key_exchange, wire::server_hello_done})
    if (has(transcript, server, full)) return false;
  if (has(transcript, server, wire::finished)) return true;
  const auto offered = transcript.client_hello();
  return offered && !hello.session_id.empty() && hello.session_id == offered->session_id;
}

void read_key_exchange13(const Transcript& transcript, const wire::ServerHello& hello, Agreement& agreement) {
  agreement.group = hello.group();
  if (const Event* verify = message(transcript, by_server(transcript), wire::certificate_verify))
    agreement.signature_scheme = wire::parse_certificate_verify(verify->bytes).value.value_or(0);
}

void read_key_exchange12(const Transcript& transcript, Agreement& agreement) {
  const Event* exchange = message(transcript, by_server(transcript), wire::server_key_exchange);
  if (!exchange) return;
  const auto parsed = wire::parse_server_key_exchange(exchange->bytes, agreement.suite, agreement.version);
  if (!parsed.complete()) return;
  agreement.group = parsed.value->group;
  agreement.signature_scheme = parsed.value->signature_scheme;
}

std::string alpn_of(const Transcript& transcript, const wire::ServerHello& hello) {
  if (hello.version() < wire::tls1_3) return hello.alpn().value_or("");
  const Event* extensions = message(transcript, by_server(transcript), wire::encrypted_extensions);
  if (!extensions) return "";
  const auto parsed = wire::parse_encrypted_extensions(extensions->bytes);
  return parsed.complete() ? parsed.value->alpn().value_or("") : "";
}

}  // namespace

std::optional<Agreement> agreement_of(const Transcript& transcript) {
  const auto hello = transcript.server_hello();
  if (!hello) return std::nullopt;
  Agreement agreement;
  agreement.version = hello->version();
  agreement.suite = hello->cipher_suite;
  if (agreement.version >= wire::tls1_3)
    read_key_exchange13(transcript, *hello, agreement);
  else
    read_key_exchange12(transcript, agreement);
  agreement.alpn = alpn_of(transcript, *hello);
  agreement.hello_retry = transcript.hello_retry_request().has_value();
  agreement.resumed = is_resumed(transcript, *hello);
  agreement.client_certificate_asked = has(transcript, by_server(transcript), wire::certificate_request);
  agreement.client_certificate_sent = has_certificate(transcript.client_certificate());
  if (const auto sent = transcript.server_certificate(); has_certificate(sent))
    agreement.leaf = sent->entries.front().der;
  return agreement;
}

Stage stage_of(const Transcript& transcript) {
  if (transcript.finished()) return Stage::finished;
  const Direction client = by_client(transcript);
  const Direction server = by_server(transcript);
  const auto hello = transcript.server_hello();
  const bool tls13 = hello && hello->version() >= wire::tls1_3;
  const bool answered =
      has(transcript, client, wire::certificate) || has(transcript, client, wire::client_key_exchange);
  if (tls13 ? has(transcript, server, wire::finished) : answered) return Stage::client_certificate;
  if (has(transcript, server, wire::certificate) || has(transcript, server, wire::compressed_certificate))
    return Stage::certificate;
  if (has(transcript, server, wire::server_hello)) return Stage::server_hello;
  return has(transcript, client, wire::client_hello) ? Stage::client_hello : Stage::connect;
}

bool ChainVerdict::has(Defect defect) const {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const ChainProblem& problem) { return problem.defect == defect; });
}

}  // namespace bothends::policy
