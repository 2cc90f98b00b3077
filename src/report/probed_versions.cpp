// The versions of a probed endpoint with all they accept, and the members of a pool.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "policy/suite.hpp"
#include "report/probed_parts.hpp"
#include "report/probed_verdicts.hpp"
#include "report/words.hpp"
#include "wire/codes.hpp"

namespace bothends::report {
namespace {

using policy::Known;
using policy::VersionPolicy;
using wire::Registry;

constexpr std::size_t most_suites = 512, most_unknown = 8, longest_name = 48;

std::string_view exchange_of(policy::KeyExchange exchange) {
  using policy::KeyExchange;
  switch (exchange) {
    case KeyExchange::rsa:
      return "RSA key transport";
    case KeyExchange::dhe:
      return "DHE";
    case KeyExchange::ecdh:
      return "static ECDH";
    case KeyExchange::ecdhe:
      return "ECDHE";
    default:
      return "";
  }
}

/// "ECDHE, RSA leaf", "DHE 1024 bits, RSA leaf, weak"; nothing for those of TLS 1.3.
std::string traits_of(std::uint16_t code, const VersionPolicy& version) {
  auto suite = policy::suite_of(code);
  std::vector<std::string> parts;
  if (auto exchange = exchange_of(suite.exchange); !exchange.empty()) parts.emplace_back(exchange);
  if (auto bits = version.dh_bits.find(code); bits != version.dh_bits.end() && !parts.empty())
    parts.back() += fmt::format(" {} bits", bits->second);
  if (suite.authentication == policy::Authentication::rsa) parts.emplace_back("RSA leaf");
  if (suite.authentication == policy::Authentication::ecdsa) parts.emplace_back("ECDSA leaf");
  if (is_weak_suite(code)) parts.emplace_back("weak");
  return join(parts, ", ");
}

std::string suite_line(std::uint16_t code, const VersionPolicy& version, const Style& style) {
  auto text = style.text(wire::name(Registry::suite, code));
  auto traits = traits_of(code, version);
  auto line = "    " + style.paint({text, is_weak_suite(code) ? Tone::bad : Tone::plain});
  if (traits.empty()) return line + "\n";
  auto gap = display_width(text) < longest_name ? longest_name - display_width(text) : 2;
  return line + std::string(std::max<std::size_t>(gap, 2), ' ') + style.paint({style.text(traits), Tone::dim}) + "\n";
}

std::string_view whose(policy::Preference preference) {
  using policy::Preference;
  switch (preference) {
    case Preference::none:
      return "nothing to choose among";
    case Preference::server:
      return "the server's order counts";
    case Preference::client:
      return "the client's order counts";
    case Preference::adaptive:
      return "the order depends on the offer";
    case Preference::unknown:
      break;
  }
  return "not known whose order counts";
}

std::string suites(const VersionPolicy& version, const Style& style) {
  std::string out = row("cipher suites", fmt::format("{}, {}", version.suites.size(), whose(version.suites_by)), style);
  for (std::size_t at = 0; at < std::min(version.suites.size(), most_suites); ++at)
    out += suite_line(version.suites[at], version, style);
  if (version.suites.size() > most_suites)
    out += row("", fmt::format("… {} more", version.suites.size() - most_suites), style);
  return out;
}

std::string unknown(std::string_view label, Registry registry, const wire::Codes& codes, const Style& style) {
  if (codes.empty()) return {};
  auto items = named(registry, codes, style, most_unknown);
  for (auto& item : items) item.tone = Tone::warn;
  return row(label, items, style);
}

std::string spoken(const VersionPolicy& version, const Style& style) {
  auto out = heading(wire::name(Registry::version, version.version), style) + suites(version, style);
  if (!version.groups.empty()) {
    out += row("groups", named(Registry::group, version.groups, style), style);
    out += row("", std::string(whose(version.groups_by)), style, Tone::dim);
  }
  if (!version.schemes.empty())
    out += row("signature schemes", named(Registry::signature_scheme, version.schemes, style), style);
  return out + unknown("unknown suites", Registry::suite, version.unknown_suites, style) +
         unknown("unknown groups", Registry::group, version.unknown_groups, style) +
         unknown("unknown schemes", Registry::signature_scheme, version.unknown_schemes, style);
}

std::string others(const policy::Surveyed& survey, const Style& style) {
  std::string out;
  for (const auto& one : survey.versions) {
    if (one.spoken == Known::yes) continue;
    std::string text = one.spoken == Known::unknown ? "not known" : "not spoken";
    if (one.alert) text += ": alert " + alert_name(*one.alert);
    out += row(wire::name(Registry::version, one.version), text, style,
               one.spoken == Known::unknown ? Tone::warn : Tone::plain);
  }
  return out.empty() ? "" : heading("Other versions", style) + out;
}

std::string member_name(const policy::Probed& probed, const policy::Member& member) {
  const auto& all = probed.survey.presented;
  auto found = std::find_if(all.begin(), all.end(), [&](const policy::Presented& one) {
    return !one.chain.empty() && one.chain[0] == member.leaf;
  });
  if (found == all.end()) return "a leaf that no chain has";
  return chain_name(probed, static_cast<std::size_t>(found - all.begin()));
}

}  // namespace

std::string versions_section(const policy::Probed& probed, const Style& style) {
  std::string out;
  for (const auto& one : probed.survey.versions)
    if (one.spoken == Known::yes) out += spoken(one, style);
  return out + others(probed.survey, style);
}

std::string members_section(const policy::Probed& probed, const Style& style) {
  std::string out;
  for (std::size_t at = 0; at < probed.survey.members.size(); ++at) {
    const auto& member = probed.survey.members[at];
    out += heading(fmt::format("Server {} of the pool", at + 1), style) +
           row("shows", member_name(probed, member), style) + row("answers", std::to_string(member.answers), style);
    for (const auto& version : member.versions) {
      auto label = wire::name(Registry::version, version.version);
      out += row(label, named(Registry::suite, version.suites, style, most_suites), style);
      if (!version.groups.empty()) out += row(label + " groups", named(Registry::group, version.groups, style), style);
    }
  }
  return out;
}

}  // namespace bothends::report
