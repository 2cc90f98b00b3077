#include "wire/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "wire/codes.hpp"

namespace bothends::wire {
namespace {

Codes without_grease(Codes codes) {
  std::erase_if(codes, [](auto code) { return is_grease(code); });
  return codes;
}

template <class Numbers>
std::string dashed(const Numbers& numbers) {
  return fmt::format("{}", fmt::join(numbers, "-"));
}

std::string hex_list(const Codes& codes) { return fmt::format("{:04x}", fmt::join(codes, ",")); }

Codes sorted(Codes codes) {
  std::sort(codes.begin(), codes.end());
  return codes;
}

std::string_view ja4_version(const ClientHello& hello) {
  std::uint16_t highest = 0;
  for (auto version : without_grease(hello.versions())) highest = std::max(highest, version);
  switch (highest) {
    case tls1_3:
      return "13";
    case tls1_2:
      return "12";
    case tls1_1:
      return "11";
    case tls1_0:
      return "10";
    case ssl3:
      return "s3";
    case 0x0002:
      return "s2";
    default:
      return "00";
  }
}

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The ends of the first protocol. For one that isn't ASCII the method's published captures have "99"; for other signs
/// the first and last digit of its hex.
std::string ja4_alpn(const ClientHello& hello) {
  auto protocols = hello.alpn();
  if (protocols.empty()) return "00";
  const auto& first = protocols.front();
  if (static_cast<unsigned char>(first.front()) > 0x7f) return "99";
  if (is_alphanumeric(first.front()) && is_alphanumeric(first.back())) return {first.front(), first.back()};
  auto hex = to_hex(view_of(first));
  return {hex.front(), hex.back()};
}

std::string ja4_hash(const std::string& text, const Digest& sha256) {
  if (text.empty()) return "000000000000";
  return to_hex(sha256(view_of(text))).substr(0, 12);
}

std::string ja4_extensions(const ClientHello& hello) {
  auto types = without_grease(hello.extension_types());
  std::erase_if(types, [](auto type) { return type == server_name || type == application_layer_protocol_negotiation; });
  auto text = hex_list(sorted(std::move(types)));
  auto schemes = without_grease(hello.signature_schemes());
  if (text.empty() || schemes.empty()) return text;
  return text + "_" + hex_list(schemes);
}

}  // namespace

std::string ja3_text(const ClientHello& hello) {
  return fmt::format("{},{},{},{},{}", hello.legacy_version, dashed(without_grease(hello.cipher_suites)),
                     dashed(without_grease(hello.extension_types())), dashed(without_grease(hello.groups())),
                     dashed(hello.point_formats()));
}

std::string ja3(const ClientHello& hello, const Digest& md5) { return to_hex(md5(view_of(ja3_text(hello)))); }

std::string ja4(const ClientHello& hello, const Digest& sha256) {
  auto suites = without_grease(hello.cipher_suites);
  auto extensions = without_grease(hello.extension_types());
  auto counted = [](const Codes& codes) { return std::min<std::size_t>(codes.size(), 99); };
  return fmt::format("t{}{}{:02}{:02}{}_{}_{}", ja4_version(hello), hello.has(server_name) ? 'd' : 'i', counted(suites),
                     counted(extensions), ja4_alpn(hello), ja4_hash(hex_list(sorted(suites)), sha256),
                     ja4_hash(ja4_extensions(hello), sha256));
}

}  // namespace bothends::wire
