#include "wire/transcript.hpp"

#include <algorithm>

#include "wire/codes.hpp"

namespace bothends::wire {
namespace {

bool carries(const Event& event, std::uint8_t message_type) {
  return event.type == handshake && !event.bytes.empty() && event.bytes[0] == message_type;
}

bool negotiated_tls13(const Transcript& transcript) {
  auto hello = transcript.server_hello();
  if (!hello) hello = transcript.hello_retry_request();
  return hello && hello->version() >= tls1_3;
}

std::optional<Certificate> certificate_sent(const Transcript& transcript, Direction direction) {
  for (const auto& event : transcript.events)
    if (event.direction == direction && carries(event, certificate))
      return parse_certificate(event.bytes, negotiated_tls13(transcript)).value;
  return std::nullopt;
}

Direction from_client(const Transcript& transcript) {
  return transcript.is_client() ? Direction::sent : Direction::received;
}

Direction from_server(const Transcript& transcript) {
  return transcript.is_client() ? Direction::received : Direction::sent;
}

std::optional<ServerHello> first_server_hello(const std::vector<Event>& events, bool retry) {
  for (const auto& event : events) {
    if (!carries(event, server_hello)) continue;
    auto hello = parse_server_hello(event.bytes).value;
    if (hello && hello->is_hello_retry_request() == retry) return hello;
  }
  return std::nullopt;
}

bool is_retry(const Event& event) {
  if (!carries(event, server_hello)) return false;
  auto hello = parse_server_hello(event.bytes).value;
  return hello && hello->is_hello_retry_request();
}

/// RFC 8446 section 6: the level is to be ignored there, all alerts but two end the connection.
bool is_fatal(const Alert& alert, bool tls13) {
  if (alert.description == close_notify) return false;
  return tls13 ? alert.description != user_canceled : alert.level == fatal;
}

std::optional<Alert> alert_in(const Event& event, Direction direction) {
  if (event.type != alert || event.direction != direction) return std::nullopt;
  return parse_alert(event.bytes).value;
}

}  // namespace

const Event* Transcript::message(std::uint8_t type) const {
  auto found = std::find_if(events.begin(), events.end(), [type](const auto& event) { return carries(event, type); });
  return found == events.end() ? nullptr : &*found;
}

std::optional<ClientHello> Transcript::client_hello() const {
  const auto* event = message(wire::client_hello);
  return event ? parse_client_hello(event->bytes).value : std::nullopt;
}

std::optional<ClientHello> Transcript::second_client_hello() const {
  auto retry = std::find_if(events.begin(), events.end(), is_retry);
  auto second = std::find_if(retry, events.end(), [](const auto& event) { return carries(event, wire::client_hello); });
  return second == events.end() ? std::nullopt : parse_client_hello(second->bytes).value;
}

std::optional<ServerHello> Transcript::server_hello() const { return first_server_hello(events, false); }
std::optional<ServerHello> Transcript::hello_retry_request() const { return first_server_hello(events, true); }

std::optional<Certificate> Transcript::server_certificate() const {
  return certificate_sent(*this, from_server(*this));
}

std::optional<Certificate> Transcript::client_certificate() const {
  return certificate_sent(*this, from_client(*this));
}

std::optional<CertificateRequest> Transcript::certificate_request() const {
  const auto* event = message(wire::certificate_request);
  auto hello = server_hello();
  return event && hello ? parse_certificate_request(event->bytes, hello->version()).value : std::nullopt;
}

std::optional<Alert> Transcript::fatal_alert(Direction direction) const {
  bool tls13 = negotiated_tls13(*this), settled = false;
  for (const auto& event : events) {
    settled =
        settled || carries(event, wire::server_hello);  // before it a warning is one, as RFC 6066 section 3 allows
    auto found = alert_in(event, direction);
    if (found && is_fatal(*found, tls13 && settled)) return found;
  }
  return std::nullopt;
}

bool Transcript::close_notify(Direction direction) const {
  return std::any_of(events.begin(), events.end(), [direction](const auto& event) {
    auto found = alert_in(event, direction);
    return found && found->description == wire::close_notify;
  });
}

bool Transcript::finished() const {
  auto has = [this](Direction direction) {
    return std::any_of(events.begin(), events.end(), [direction](const auto& event) {
      return event.direction == direction && carries(event, wire::finished);
    });
  };
  return has(Direction::sent) && has(Direction::received);
}

bool Transcript::is_client() const {
  if (const auto* hello = message(wire::client_hello)) return hello->direction == Direction::sent;
  const auto* answer = message(wire::server_hello);
  return answer && answer->direction == Direction::received;
}

}  // namespace bothends::wire
