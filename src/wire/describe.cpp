#include "wire/describe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "wire/codes.hpp"

namespace bothends::wire {
namespace {

constexpr std::size_t shown_characters = 128;
constexpr std::size_t shown_protocols = 8;

std::string quoted(std::string_view peer_text) { return printable(peer_text, shown_characters); }

std::string version_name(std::uint16_t code) { return name(Registry::version, code); }

std::string protocols_of(std::vector<std::string> protocols) {
  bool cut = protocols.size() > shown_protocols;
  if (cut) protocols.resize(shown_protocols);
  for (auto& protocol : protocols) protocol = quoted(protocol);
  return join(protocols, ",") + (cut ? ",…" : "");
}

std::uint16_t highest(const Codes& versions) {
  std::uint16_t best = 0;
  for (auto version : versions)
    if (!is_grease(version)) best = std::max(best, version);
  return best;
}

std::string client_hello_details(View message) {
  auto hello = parse_client_hello(message).value;
  if (!hello) return " (malformed)";
  auto text = " " + version_name(highest(hello->versions()));
  if (auto sni = hello->sni()) text += " sni=" + quoted(*sni);
  if (auto alpn = hello->alpn(); !alpn.empty()) text += " alpn=" + protocols_of(std::move(alpn));
  return text;
}

std::string server_hello_text(View message) {
  auto hello = parse_server_hello(message).value;
  if (!hello) return "ServerHello (malformed)";
  std::string text = hello->is_hello_retry_request() ? "HelloRetryRequest " : "ServerHello ";
  text += version_name(hello->version()) + " " + name(Registry::suite, hello->cipher_suite);
  if (auto group = hello->group()) text += " " + name(Registry::group, group);
  if (auto alpn = hello->alpn()) text += " alpn=" + quoted(*alpn);
  return text;
}

/// An event doesn't know its version, but no message with certificates is good in both forms.
std::string certificate_details(View message) {
  auto certificate = parse_certificate(message, true).value;
  if (!certificate) certificate = parse_certificate(message, false).value;
  if (!certificate) return " (malformed)";
  auto count = certificate->entries.size();
  return count == 0 ? " (empty)" : fmt::format(" of {} certificate{}", count, count == 1 ? "" : "s");
}

std::string scheme_details(View message) {
  auto scheme = parse_certificate_verify(message).value;
  return scheme ? " " + name(Registry::signature_scheme, *scheme) : "";  // no scheme below TLS 1.2
}

std::string encrypted_extensions_details(View message) {
  auto extensions = parse_encrypted_extensions(message).value;
  if (!extensions) return " (malformed)";
  auto alpn = extensions->alpn();
  return alpn ? " alpn=" + quoted(*alpn) : "";
}

/// "client_hello" as the RFCs write it in prose: "ClientHello".
std::string message_name(std::uint8_t type) {
  auto known = known_name(Registry::handshake_type, type);
  if (!known) return fmt::format("handshake message 0x{:02x} ({})", type, type);
  std::string text;
  for (const auto& word : split(*known, '_')) {
    text += static_cast<char>(word[0] - 'a' + 'A');
    text += word.substr(1);
  }
  return text;
}

std::string handshake_text(View message) {
  if (message.empty()) return "handshake (empty)";
  if (message[0] == server_hello) return server_hello_text(message);
  auto text = message_name(message[0]);
  switch (message[0]) {
    case client_hello:
      return text + client_hello_details(message);
    case certificate:
      return text + certificate_details(message);
    case certificate_verify:
      return text + scheme_details(message);
    case encrypted_extensions:
      return text + encrypted_extensions_details(message);
    default:
      return text;
  }
}

std::string alert_text(View fragment) {
  auto parsed = parse_alert(fragment).value;
  if (!parsed) return fmt::format("alert (malformed, {} octets)", fragment.size());
  std::string level = parsed->level == fatal     ? "fatal"
                      : parsed->level == warning ? "warning"
                                                 : fmt::format("level {}", parsed->level);
  return fmt::format("alert {} {} ({})", level, name(Registry::alert, parsed->description), parsed->description);
}

}  // namespace

std::string describe(const Event& event) {
  std::string arrow = event.direction == Direction::sent ? "→ " : "← ";
  if (event.type == handshake) return arrow + handshake_text(event.bytes);
  if (event.type == alert) return arrow + alert_text(event.bytes);
  return arrow + name(Registry::content_type, event.type);
}

}  // namespace bothends::wire
