#include "wire/codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "wire/name_table.hpp"

namespace bothends::wire {
namespace {

bool has_one_octet(Registry registry) {
  return registry == Registry::alert || registry == Registry::handshake_type || registry == Registry::content_type;
}

std::optional<std::uint16_t> number_in(std::string_view digits, int base, unsigned limit) {
  unsigned value = 0;
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stop != end || value > limit) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

/// "0x1301", what name() prints for GREASE, and decimal where the RFCs count in decimal.
std::optional<std::uint16_t> number(Registry registry, std::string_view text) {
  unsigned limit = has_one_octet(registry) ? 0xff : 0xffff;
  constexpr std::string_view grease = "grease (";
  if (text.starts_with(grease) && text.ends_with(')')) {
    text.remove_prefix(grease.size());
    text.remove_suffix(1);
  }
  if (text.starts_with("0x")) return number_in(text.substr(2), 16, limit);
  return has_one_octet(registry) ? number_in(text, 10, limit) : std::nullopt;
}

std::optional<std::uint16_t> look_up(Registry registry, std::string_view lower_name) {
  auto table = names_by_name(registry);
  auto at = std::lower_bound(table.begin(), table.end(), lower_name,
                             [](const NamedCode& entry, std::string_view wanted) { return entry.name < wanted; });
  return at != table.end() && at->name == lower_name ? std::optional(at->code) : std::nullopt;
}

std::optional<std::string_view> name_in(std::span<const NamedCode> table, std::uint16_t code) {
  auto at = std::lower_bound(table.begin(), table.end(), code,
                             [](const NamedCode& entry, std::uint16_t wanted) { return entry.code < wanted; });
  return at != table.end() && at->code == code ? std::optional(at->name) : std::nullopt;
}

}  // namespace

std::optional<std::string_view> known_name(Registry registry, std::uint16_t code) {
  return name_in(names_by_code(registry), code);
}

std::optional<std::string_view> openssl_suite(std::uint16_t code) { return name_in(openssl_suites_by_code(), code); }

std::string name(Registry registry, std::uint16_t code) {
  if (auto known = known_name(registry, code)) return std::string(*known);
  if (has_one_octet(registry) && code <= 0xff) return fmt::format("0x{:02x}", code);
  if (is_grease(code)) return fmt::format("GREASE (0x{:04x})", code);
  return fmt::format("0x{:04x}", code);
}

std::vector<std::string> names(Registry registry) {
  std::vector<std::string> all;
  for (const auto& entry : names_by_code(registry)) all.emplace_back(entry.name);
  return all;
}

std::optional<std::uint16_t> code_of(Registry registry, std::string_view name) {
  std::string wanted = lower(trim(name));
  if (auto code = look_up(registry, wanted)) return code;
  if (auto code = number(registry, wanted)) return code;
  // mbedTLS spells "TLS-RSA-WITH-…", some configurations "rsa-pss-rsae-sha256".
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  return look_up(registry, wanted);
}

std::string_view noun(Registry registry) {
  switch (registry) {
    case Registry::version:
      return "TLS version";
    case Registry::suite:
      return "cipher suite";
    case Registry::group:
      return "group";
    case Registry::signature_scheme:
      return "signature scheme";
    case Registry::extension:
      return "extension";
    case Registry::alert:
      return "alert";
    case Registry::handshake_type:
      return "handshake type";
    case Registry::content_type:
      break;
  }
  return "content type";
}

}  // namespace bothends::wire
