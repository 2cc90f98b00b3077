#include "policy/survey_codes.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace bothends::policy {

namespace {

constexpr std::uint16_t renegotiation_scsv = 0x00ff;
constexpr std::uint16_t fallback_scsv = 0x5600;

wire::Codes all_of(wire::Registry registry) {
  wire::Codes codes;
  for (const auto& name : wire::names(registry))
    if (const auto code = wire::code_of(registry, name); code && !wire::is_grease(*code)) codes.push_back(*code);
  return codes;
}

/// `first` goes first, as far as it is among the codes; the rest keeps its order.
wire::Codes in_front(wire::Codes codes, std::span<const std::uint16_t> first) {
  const auto rank = [&](std::uint16_t code) { return std::find(first.begin(), first.end(), code) - first.begin(); };
  std::stable_sort(codes.begin(), codes.end(), [&](auto one, auto other) { return rank(one) < rank(other); });
  return codes;
}

/// SHANGMI (RFC 8998) and the integrity-only suites (RFC 9150) are TLS 1.3's too.
bool is_of_tls13(std::uint16_t code) {
  return wire::is_tls13_suite(code) || code == 0x00c6 || code == 0x00c7 || code == 0xc0b4 || code == 0xc0b5;
}

// What browsers offer first, so that a hello cut short by a peer still holds what matters.
constexpr std::array<std::uint16_t, 12> common_suites{0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                                                      0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
constexpr std::array<std::uint16_t, 5> common_suites13{0x1301, 0x1302, 0x1303, 0x1304, 0x1305};
constexpr std::array<std::uint16_t, 8> common_groups{29, 23, 24, 25, 30, 0x11ec, 0x11eb, 0x11ed};
constexpr std::array<std::uint16_t, 9> common_schemes{0x0403, 0x0804, 0x0401, 0x0503, 0x0805,
                                                      0x0501, 0x0806, 0x0601, 0x0807};

/// RFC 8446 section 4.2.3: the low octet of a TLS 1.2 pair says the key; 0x07xx and above are read off the registry.
bool is_rsa(std::uint16_t code) {
  return (code < 0x0700 && ((code & 0xff) == 0x01 || (code & 0xff) == 0x20)) || (code >= 0x0804 && code <= 0x0806) ||
         (code >= 0x0809 && code <= 0x080b);
}
bool is_dsa(std::uint16_t code) { return code < 0x0700 && (code & 0xff) == 0x02; }
bool is_ecdsa(std::uint16_t code) {
  return (code < 0x0700 && (code & 0xff) == 0x03) || (code >= 0x081a && code <= 0x081c);
}
bool is_eddsa(std::uint16_t code) { return code == 0x0807 || code == 0x0808; }

wire::Codes schemes_that(bool (*belong)(std::uint16_t)) {
  auto codes = schemes_to_ask();
  std::erase_if(codes, [&](std::uint16_t code) { return !belong(code); });
  return codes;
}

}  // namespace

namespace {

wire::Codes find_suites(bool tls13) {
  auto codes = all_of(wire::Registry::suite);
  std::erase_if(codes, [&](std::uint16_t code) {
    return code == 0 || code == renegotiation_scsv || code == fallback_scsv || is_of_tls13(code) != tls13;
  });
  return tls13 ? in_front(codes, common_suites13) : in_front(codes, common_suites);
}

wire::Codes find_groups(bool tls13) {
  auto codes = all_of(wire::Registry::group);
  std::erase_if(codes, [&](std::uint16_t code) { return code >= 0xff01 || (!tls13 && code >= 0x0100); });
  return in_front(codes, common_groups);
}

}  // namespace

const wire::Codes& suites_to_ask(std::uint16_t version) {
  static const auto tls12 = find_suites(false), tls13 = find_suites(true);
  return version >= wire::tls1_3 ? tls13 : tls12;
}

wire::Codes suites_of_sweep() {
  std::set<std::uint16_t> known{renegotiation_scsv, fallback_scsv};
  for (const std::uint16_t version : {wire::tls1_2, wire::tls1_3})
    for (const auto code : suites_to_ask(version)) known.insert(code);
  wire::Codes codes;
  for (unsigned code = 0; code <= 0xffff; ++code)
    if (!known.contains(static_cast<std::uint16_t>(code))) codes.push_back(static_cast<std::uint16_t>(code));
  return codes;
}

const wire::Codes& groups_to_ask(std::uint16_t version) {
  static const auto tls12 = find_groups(false), tls13 = find_groups(true);
  return version >= wire::tls1_3 ? tls13 : tls12;
}

std::vector<SchemeFamily> scheme_families(std::uint16_t version) {
  if (version >= wire::tls1_3) return {{Authentication::any, {}, schemes_to_ask()}};
  return {{Authentication::rsa, {}, schemes_that(is_rsa)},
          {Authentication::ecdsa, {}, schemes_that(is_ecdsa)},
          {Authentication::ecdsa, {}, schemes_that(is_eddsa)},
          {Authentication::other, "_DSS_", schemes_that(is_dsa)}};
}

wire::Codes schemes_of(Authentication key) {
  const auto is_ec = [](std::uint16_t code) { return is_ecdsa(code) || is_eddsa(code); };
  if (key == Authentication::rsa) return schemes_that(is_rsa);
  if (key == Authentication::ecdsa) return schemes_that(is_ec);
  return schemes_that([](std::uint16_t code) { return !is_rsa(code) && !is_ecdsa(code) && !is_eddsa(code); });
}

const wire::Codes& schemes_to_ask() {
  static const auto codes = in_front(all_of(wire::Registry::signature_scheme), common_schemes);
  return codes;
}

const std::vector<std::string>& protocols_to_ask() {
  static const std::vector<std::string> protocols{
      "h2",        "http/1.1",    "http/1.0",    "spdy/3", "spdy/2",  "spdy/1",     "http/0.9",
      "h3",        "h2c",         "acme-tls/1",  "dot",    "doq",     "imap",       "pop3",
      "ftp",       "xmpp-client", "xmpp-server", "mqtt",   "smb",     "postgresql", "grpc-exp",
      "stun.turn", "webrtc",      "irc",         "nntp",   "ntske/1", "managesieve"};
  return protocols;
}

}  // namespace bothends::policy
