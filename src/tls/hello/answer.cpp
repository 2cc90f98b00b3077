#include <algorithm>

#include "base/text.hpp"
#include "tls/hello/hello.hpp"
#include "wire/codes.hpp"
#include "wire/reader.hpp"

namespace bothends::tls {

namespace {

using policy::Answer;
using policy::Ending;
using wire::Direction;
using wire::Event;
using wire::Transcript;

bool is_message(const Event& event, std::uint8_t type) {
  return event.direction == Direction::received && event.type == wire::handshake && !event.bytes.empty() &&
         event.bytes[0] == type;
}

const Event* message(const Transcript& transcript, std::uint8_t type) {
  const auto at = std::ranges::find_if(transcript.events, [&](const Event& event) { return is_message(event, type); });
  return at == transcript.events.end() ? nullptr : &*at;
}

/// CertificateStatus (RFC 6066 section 8): the same in a message of its own and in a certificate's extension.
Bytes response_in(View status) {
  constexpr std::uint8_t ocsp = 1;
  wire::Reader reader(status);
  const bool known = reader.u8() == ocsp;
  const View response = reader.vector24();
  return known && reader.done() ? bytes_of(response) : Bytes{};
}

void read_chain(const Transcript& transcript, Answer& answer) {
  const auto certificate = transcript.server_certificate();
  if (!certificate) return;
  for (const auto& entry : certificate->entries) answer.chain.push_back(entry.der);
  if (certificate->entries.empty()) return;
  const auto& extensions = certificate->entries.front().extensions;
  const auto stapled = std::ranges::find(extensions, wire::status_request, &wire::Extension::type);
  if (stapled != extensions.end()) answer.staple = response_in(stapled->data);
}

void read_request(const Transcript& transcript, Answer& answer) {
  answer.certificate_asked = message(transcript, wire::certificate_request) != nullptr;
  const auto request = transcript.certificate_request();
  if (!request) return;
  answer.issuers = request->acceptable_issuers();
  answer.request_schemes = request->signature_schemes();
}

/// What only TLS up to 1.2 says.
void read_old(const Transcript& transcript, Answer& answer) {
  const Event* exchange = message(transcript, wire::server_key_exchange);
  if (exchange) {
    const auto parsed = wire::parse_server_key_exchange(exchange->bytes, answer.suite, answer.version);
    answer.dh_bits = parsed.complete() ? parsed.value->dh_bits : std::uint16_t{0};
  }
  if (const Event* status = message(transcript, wire::certificate_status))
    answer.staple = response_in(View(status->bytes).subspan(std::min<std::size_t>(4, status->bytes.size())));
}

void read_hello(const wire::ServerHello& hello, Answer& answer) {
  answer.version = hello.version();
  answer.suite = hello.cipher_suite;
  answer.group = hello.group();
  answer.compressed = hello.compression_method != 0;
  answer.secure_renegotiation = hello.has(wire::renegotiation_info);
  answer.extended_master_secret = hello.has(wire::extended_master_secret);
  answer.encrypt_then_mac = hello.has(wire::encrypt_then_mac);
  answer.ticket = hello.has(wire::session_ticket);
}

void read_agreement(const policy::Handshake& handshake, Answer& answer) {
  const auto agreement = handshake.agreement();
  if (!agreement) return;
  const Transcript& transcript = handshake.transcript;
  answer.group = agreement->group;
  answer.scheme = agreement->signature_scheme;
  answer.alpn = agreement->alpn;
  const bool tls13 = answer.version >= wire::tls1_3;
  if (!tls13) read_old(transcript, answer);
  answer.flight = message(transcript, tls13 ? wire::finished : wire::server_hello_done) || handshake.complete;
}

/// Some servers refuse with a warning and then hang up: that counts once nothing else came.
std::optional<std::uint8_t> refusal_in(const Transcript& transcript) {
  if (const auto alert = transcript.fatal_alert(Direction::received)) return alert->description;
  for (const Event& event : transcript.events) {
    if (event.type != wire::alert || event.direction != Direction::received) continue;
    const auto alert = wire::parse_alert(event.bytes).value;
    if (alert && alert->description != wire::close_notify) return alert->description;
  }
  return std::nullopt;
}

bool has_hung_up(Ending::How how) {
  return how == Ending::How::eof || how == Ending::How::reset || how == Ending::How::closed ||
         how == Ending::How::alert_received;
}

std::chrono::microseconds time_of(const Transcript& transcript) {
  const auto& events = transcript.events;
  const auto sent = std::ranges::find(events, Direction::sent, &Event::direction);
  const auto came = std::ranges::find(sent, events.end(), Direction::received, &Event::direction);
  return came == events.end() ? std::chrono::microseconds{0} : came->at - sent->at;
}

}  // namespace

Answer answer_of(const policy::Handshake& handshake, const Ending& ending) {
  const Transcript& transcript = handshake.transcript;
  Answer answer;
  answer.how = ending.how;
  answer.note = transcript.foreign.empty() ? ending.note : printable(text_of(transcript.foreign));
  if (answer.note.empty()) answer.note = printable(transcript.malformed);
  answer.took = time_of(transcript);
  const auto hello = transcript.server_hello();
  const auto retry = transcript.hello_retry_request();
  if (!hello && !retry) {
    const auto alert = refusal_in(transcript);
    if (!alert || !has_hung_up(ending.how)) return answer;
    answer.kind = Answer::Kind::refused;
    answer.alert = alert;
    return answer;
  }
  answer.kind = Answer::Kind::accepted;
  answer.retry = !hello;
  if (const auto alert = transcript.fatal_alert(Direction::received)) answer.alert = alert->description;
  read_hello(hello ? *hello : *retry, answer);
  read_agreement(handshake, answer);
  read_chain(transcript, answer);
  read_request(transcript, answer);
  return answer;
}

}  // namespace bothends::tls
