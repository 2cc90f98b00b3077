#include "report/probed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/probed_parts.hpp"
#include "report/probed_verdicts.hpp"
#include "report/words.hpp"
#include "wire/codes.hpp"
#include "wire/distinguished_name.hpp"

namespace bothends::report {
namespace {

using policy::Known;
using policy::NameAnswer;
using policy::Probed;

constexpr std::size_t column = 26;
constexpr std::size_t most_names = 16, most_issuers = 8, most_across = 32;

std::size_t room(const Style& style, std::size_t taken) {
  std::size_t width = style.options().width;
  return width > taken ? width - taken : 0;
}

std::string headline(const Probed& probed, const Style& style) {
  Spans items{{style.raw(probed.target), Tone::strong}};
  if (!probed.address.empty() && probed.address != probed.target)
    items.push_back({style.raw(probed.address), Tone::plain});
  if (probed.survey.sni) items.push_back({"sni=" + style.raw(*probed.survey.sni), Tone::plain});
  if (probed.at != 0) items.push_back({date_of(probed.at), Tone::dim});
  return hang("", 2, style.flow(items, style.text(" · "), room(style, 2)));
}

struct Sign {
  std::string_view mark, prefix;
  Tone tone;
};
Sign sign_of(ProbeVerdict::Is is) {
  switch (is) {
    case ProbeVerdict::Is::wrong:
      return {"✗", "", Tone::bad};
    case ProbeVerdict::Is::unknown:
      return {"!", "INCOMPLETE: ", Tone::warn};
    case ProbeVerdict::Is::note:
      break;
  }
  return {"·", "", Tone::plain};
}

std::string verdicts(const Probed& probed, const Style& style) {
  std::string out;
  bool calm = true;
  for (const auto& one : verdicts_of(probed)) {
    if (one.is != ProbeVerdict::Is::note) calm = false;
    if (one.is == ProbeVerdict::Is::note && style.options().quiet) continue;
    auto sign = sign_of(one.is);
    auto lines = style.flow(style.words(std::string(sign.prefix) + one.text, sign.tone), " ", room(style, 4));
    out += hang("  " + style.paint({style.text(sign.mark), sign.tone}) + " ", 4, lines);
  }
  auto good = "  " + style.paint({style.text("✓ nothing wrong was found"), Tone::good}) + "\n";
  return (calm ? good : "") + out;
}

std::string answer(const Probed& probed, const NameAnswer& one) {
  switch (one.kind) {
    case policy::Answer::Kind::accepted:
      return one.presented ? chain_name(probed, *one.presented) : "accepted, its certificate was not seen";
    case policy::Answer::Kind::refused:
      return one.alert ? "refused: alert " + alert_name(*one.alert) : "refused: " + std::string(name(one.how));
    case policy::Answer::Kind::none:
      break;
  }
  auto text = "no answer: " + std::string(name(one.how));
  return one.note.empty() ? text : text + " (" + printable(one.note, 160) + ")";
}

std::string case_of(NameAnswer::Case which) {
  switch (which) {
    case NameAnswer::Case::mixed_case:
      return " (mixed case)";
    case NameAnswer::Case::trailing_dot:
      return " (trailing dot)";
    case NameAnswer::Case::address:
      return " (address)";
    default:
      return "";
  }
}

std::string names_section(const Probed& probed, const Style& style) {
  const auto& names = probed.survey.names;
  if (names.empty()) return {};
  std::string out = heading("Names", style);
  auto most = style.options().verbose ? names.size() : most_names;
  for (std::size_t at = 0; at < std::min(names.size(), most); ++at) {
    auto tone = names[at].kind == policy::Answer::Kind::none ? Tone::warn : Tone::plain;
    out += row(asked_name(names[at]) + case_of(names[at].which), answer(probed, names[at]), style, tone);
  }
  return names.size() > most ? out + row("", fmt::format("… {} more, -v shows them", names.size() - most), style) : out;
}

std::string yes_or_no(Known known) { return std::string(name(known)); }

std::string client_certificate(const Probed& probed, const Style& style) {
  const auto& survey = probed.survey;
  std::string text = "not known";
  if (survey.certificate_asked == Known::no) text = "not asked for";
  if (survey.certificate_asked == Known::yes)
    text = survey.certificate_required == Known::yes  ? "required"
           : survey.certificate_required == Known::no ? "optional"
                                                      : "asked for, not known whether it is required";
  auto out = row("client certificate", text, style);
  if (survey.issuers.empty()) return out;
  Spans items;
  for (const auto& issuer : survey.issuers)
    if (items.size() < most_issuers) items.push_back({style.text(wire::distinguished_name(issuer)), Tone::plain});
  auto more = survey.issuers.size() - items.size();
  if (more > 0) items.push_back({style.text(fmt::format("… {} more", more)), Tone::dim});
  return out + row("  from", items, style);
}

std::string protocols(const Probed& probed, const Style& style) {
  const auto& survey = probed.survey;
  if (survey.alpn_known == Known::unknown) return row("ALPN", "not known", style, Tone::warn);
  auto out = survey.alpn.empty() ? row("ALPN", "none: the extension is ignored", style)
                                 : row("ALPN", raw_items(survey.alpn, style, most_names), style);
  if (survey.alpn_alert)
    return out + row("  another protocol", "refused: alert " + alert_name(*survey.alpn_alert), style);
  if (!survey.alpn_otherwise.empty())
    return out + row("  another protocol", "answered with " + printable(survey.alpn_otherwise, 160), style, Tone::warn);
  return survey.alpn.empty() ? out : out + row("  another protocol", "ignored", style);
}

std::string stack_name(const std::string& stack) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"openssl-3.0", "OpenSSL 3.0"}, {"openssl", "OpenSSL 3.5"}, {"haproxy", "HAProxy"}, {"nss", "NSS"},
      {"gnutls", "GnuTLS"},           {"mbedtls", "Mbed TLS"}};
  for (const auto& [row, name] : names)
    if (row == stack) return std::string(name);
  return printable(stack, 40);
}

std::string likeness(const Probed& probed, const Style& style) {
  const auto& like = probed.likeness;
  if (like.answers == 0) return "";
  auto share = fmt::format("explains {} of {} answers", like.explained, like.answers);
  if (!like.stack.empty()) return row("behaves like", stack_name(like.stack) + ": " + share, style);
  return row("behaves like", "no stack known here: the nearest " + share + ", so what is foretold is uncertain", style,
             Tone::warn);
}

std::string across(const policy::Resumption::Across& one) {
  std::string_view came = "unknown";
  if (one.accepted == Known::yes) came = "resumed";
  if (one.accepted == Known::no) came = "not resumed";
  return fmt::format("{} for {}: {} ({})", printable(one.from, 160), printable(one.to, 160), came,
                     wire::name(wire::Registry::version, one.version));
}

std::string resumption(const Probed& probed, const Style& style) {
  const auto& all = probed.survey.resumption;
  auto out = row("resumption",
                 fmt::format("by ticket {}, by id {}, by PSK (TLSv1.3) {}", yes_or_no(all.ticket), yes_or_no(all.id),
                             yes_or_no(all.psk)),
                 style);
  for (std::size_t at = 0; at < std::min(all.across.size(), most_across); ++at)
    out += row("  across names", across(all.across[at]), style);
  return out;
}

/// Why an endpoint cannot have a feature; empty: it could.
std::string does_not_apply(const policy::Surveyed& survey, std::string_view label) {
  if (label == "two-packet hello" || label == "GREASE tolerated") return {};
  bool below13 = false, cbc = false;
  for (const auto& version : survey.versions) {
    if (version.version >= wire::tls1_3 && version.spoken != Known::yes) return {};
    if (version.version >= wire::tls1_3) continue;
    below13 = below13 || version.spoken != Known::no;
    for (const auto suite : version.suites)
      cbc = cbc || wire::name(wire::Registry::suite, suite).find("_CBC_") != std::string::npos;
  }
  if (!below13) return "does not apply: it speaks TLSv1.3 only";
  return label == "encrypt then MAC" && !cbc ? "does not apply: it has no CBC suites" : "";
}

std::string features_section(const Probed& probed, const Style& style) {
  const auto& survey = probed.survey;
  auto out = heading("Features", style) + protocols(probed, style) + client_certificate(probed, style) +
             resumption(probed, style);
  const std::pair<std::string_view, Known> features[] = {{"compression", survey.compression},
                                                         {"secure renegotiation", survey.secure_renegotiation},
                                                         {"extended master secret", survey.extended_master_secret},
                                                         {"encrypt then MAC", survey.encrypt_then_mac},
                                                         {"two-packet hello", survey.large_hello},
                                                         {"GREASE tolerated", survey.grease}};
  for (const auto& [label, known] : features) {
    const auto why_not = does_not_apply(survey, label);
    const bool applies = known != Known::unknown || why_not.empty();
    out += row(label, applies ? yes_or_no(known) : why_not, style,
               applies && known == Known::unknown ? Tone::warn : Tone::plain);
  }
  return out + likeness(probed, style);
}

std::string cross_checks_section(const Probed& probed, const Style& style) {
  std::string out;
  for (const auto& one : probed.cross_checks) {
    bool equal = one.is == policy::CrossCheck::Is::equal;
    auto label = printable(one.stack, 16) + " " + wire::name(wire::Registry::version, one.version);
    auto text = equal ? "as foretold: " + printable(one.seen)
                      : "foretold " + printable(one.foretold) + ", saw " + printable(one.seen);
    out += row(label, text, style, equal ? Tone::plain : Tone::warn);
  }
  return out.empty() ? "" : heading("Cross checks", style) + out;
}

std::string counts(const Probed& probed, const Style& style) {
  auto text = fmt::format("{} questions, {} connections, {}", probed.survey.questions, probed.connections,
                          duration(std::min(probed.took, std::chrono::milliseconds(std::int64_t{1} << 40))));
  if (probed.round_trip.count() > 0) text += ", shortest answer " + duration(probed.round_trip);
  return hang("", 0, style.flow(style.words(text, Tone::dim), " ", room(style, 0)));
}

}  // namespace

std::string heading(std::string_view title, const Style& style) {
  return style.paint({style.text(title), Tone::strong}) + "\n";
}

std::string row(std::string_view label, const Spans& items, const Style& style) {
  auto text = style.text(label);
  auto used = 2 + display_width(text);
  auto gap = used + 2 <= column ? column - used : 2;
  auto left = "  " + style.paint({text, Tone::dim}) + std::string(gap, ' ');
  Spans listed = items;
  for (std::size_t at = 0; at + 1 < listed.size(); ++at) listed[at].text += ",";
  if (listed.empty()) listed.push_back({"none", Tone::dim});
  return hang(left, used + gap, style.flow(listed, " ", room(style, used + gap)));
}

std::string row(std::string_view label, std::string_view sentence, const Style& style, Tone tone) {
  auto text = style.text(label);
  auto used = 2 + display_width(text);
  auto gap = used + 2 <= column ? column - used : 2;
  auto left = "  " + style.paint({text, Tone::dim}) + std::string(gap, ' ');
  return hang(left, used + gap, style.flow(style.words(sentence, tone), " ", room(style, used + gap)));
}

Spans named(wire::Registry registry, const wire::Codes& codes, const Style& style, std::size_t most) {
  Spans items;
  for (auto code : codes)
    if (items.size() < most) items.push_back({style.text(wire::name(registry, code)), Tone::plain});
  if (codes.size() > items.size())
    items.push_back({style.text(fmt::format("… {} more", codes.size() - items.size())), Tone::dim});
  return items;
}

Spans raw_items(const std::vector<std::string>& values, const Style& style, std::size_t most) {
  Spans items;
  for (const auto& value : values)
    if (items.size() < most) items.push_back({style.raw(value), Tone::plain});
  if (values.size() > items.size())
    items.push_back({style.text(fmt::format("… {} more", values.size() - items.size())), Tone::dim});
  return items;
}

std::string console(const Probed& probed, const ConsoleOptions& options) {
  Style style(options);
  auto out = headline(probed, style) + verdicts(probed, style);
  if (options.quiet || !probed.error.empty() || !probed.survey.foreign.empty()) return out + "\n";
  out += "\n";
  return out + versions_section(probed, style) + members_section(probed, style) + chains_section(probed, style) +
         names_section(probed, style) + features_section(probed, style) + cross_checks_section(probed, style) +
         counts(probed, style) + "\n";
}

}  // namespace bothends::report
