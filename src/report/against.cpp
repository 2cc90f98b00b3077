#include "report/against.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/clients.hpp"
#include "report/style.hpp"

namespace bothends::report {
namespace {

using policy::Apart;
using policy::Reason;
using wire::Registry;
using What = Apart::What;

constexpr std::size_t column = 17;  // where a list begins
constexpr std::size_t most_shown = 64;

std::size_t room(const Style& style, std::size_t taken) {
  const std::size_t width = style.options().width;
  return width > taken ? width - taken : 0;
}

std::string sentence(const Span& mark, std::string_view words, const Style& style) {
  return hang("  " + style.paint(mark) + " ", 4, style.flow(style.words(words), " ", room(style, 4)));
}

Registry registry(What what) {
  if (what == What::versions) return Registry::version;
  if (what == What::groups) return Registry::group;
  return what == What::suites ? Registry::suite : Registry::signature_scheme;
}

std::string_view word(What what) {
  if (what == What::versions) return "version";
  if (what == What::suites) return "suite";
  if (what == What::groups) return "group";
  return what == What::alpn ? "ALPN protocol" : "signature scheme";
}

std::string list(std::string_view label, const Apart& apart, const wire::Codes& codes,
                 const std::vector<std::string>& protocols, const Style& style) {
  Spans items;
  for (const auto code : codes) items.push_back({wire::name(registry(apart.what), code), Tone::plain});
  for (const auto& protocol : protocols) items.push_back({style.raw(protocol), Tone::plain});
  const auto more = items.size() - std::min(items.size(), most_shown);
  items.resize(items.size() - more);
  if (more > 0) items.push_back({style.text(fmt::format("… {} more", more)), Tone::dim});
  if (items.empty()) items.push_back({"none", Tone::warn});
  for (std::size_t at = 0; at + 1 < items.size(); ++at) items[at].text += ",";
  const auto left = "    " + style.paint({std::string(label), Tone::dim}) + std::string(column - 4 - label.size(), ' ');
  return hang(left, column, style.flow(items, " ", room(style, column)));
}

/// What to do about two lists that are apart.
std::string remedy(const Apart& apart) {
  const auto one = std::string(word(apart.what));
  const std::string in = apart.version == 0 ? "" : " of " + wire::name(Registry::version, apart.version);
  if (!apart.shared.empty())
    return fmt::format(
        "Both have {}{}{}, but it cannot be used with the groups, signature schemes and certificates that both have: "
        "compare those too.",
        wire::name(registry(apart.what), apart.shared.front()), apart.shared.size() > 1 ? " and others" : "", in);
  if (apart.accepted.empty() && apart.accepted_alpn.empty())
    return fmt::format("No {}{} is known to be accepted there: enable one of the hello's on the server.", one, in);
  if (apart.offered.empty() && apart.offered_alpn.empty())
    return fmt::format("The hello offers no {}{}: enable one of the server's on the client.", one, in);
  return fmt::format(
      "Nothing is in both lists: enable one of the accepted {}s on the client, or one of the offered on the server.",
      one);
}

std::string remedy(Reason reason) {
  switch (reason) {
    case Reason::unknown_name:
      return "The server refuses this name (or none): ask for one that it serves, or add the name there.";
    case Reason::client_certificate_required:
      return "The server requires a client certificate; the rest would agree. A hello does not show whether the client "
             "has one.";
    case Reason::no_certificate:
      return "The server has shown no certificate for such a hello.";
    case Reason::other:
      return "The server's RSA key is too small for the signature scheme that both would take.";
    default:
      return "";
  }
}

std::string agreed(const policy::Agreement& agreed, const Style& style) {
  auto words = "agrees: " + words_of(agreed);
  if (agreed.signature_scheme != 0)
    words += ", signed by " + wire::name(Registry::signature_scheme, agreed.signature_scheme);
  words += agreed.alpn.empty() ? ", no ALPN" : ", ALPN " + style.raw(agreed.alpn);
  if (agreed.client_certificate_asked) words += ", a client certificate is asked for";
  return sentence({style.text("✓"), Tone::good}, words, style);
}

std::string refused(const policy::Refusal& refusal, const std::optional<Apart>& apart, const Style& style) {
  auto out = sentence({style.text("✗"), Tone::bad}, words_of(refusal), style);
  if (apart) {
    out += list("offered", *apart, apart->offered, apart->offered_alpn, style);
    out += list("accepted", *apart, apart->accepted, apart->accepted_alpn, style);
  }
  const auto words = apart ? remedy(*apart) : remedy(refusal.reason);
  if (words.empty()) return out;
  const auto left = "    " + style.paint({"change", Tone::dim}) + std::string(column - 10, ' ');
  return out + hang(left, column, style.flow(style.words(words), " ", room(style, column)));
}

}  // namespace

std::string against_headline(const policy::Probed& probed, const ConsoleOptions& options) {
  const Style style(options);
  auto words = "against " + style.raw(probed.target);
  if (!probed.address.empty() && probed.address != probed.target) words += " (" + style.raw(probed.address) + ")";
  if (probed.error.empty())
    words += ", surveyed with " + (probed.survey.sni ? style.raw(*probed.survey.sni) : std::string("no name"));
  if (probed.at > 0 && probed.at < std::int64_t{253402300800})  // four digits of year
    words += fmt::format(" on {:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(probed.at)));
  return hang("", 2, style.flow(style.words(words, Tone::strong), " ", room(style, 2)));
}

std::string console(const policy::Against& against, const ConsoleOptions& options) {
  const Style style(options);
  if (!against.outcome)
    return sentence({style.text("–"), Tone::warn}, "not known: " + style.text(against.unknown), style);
  if (const auto* agreement = std::get_if<policy::Agreement>(&*against.outcome)) return agreed(*agreement, style);
  return refused(std::get<policy::Refusal>(*against.outcome), against.apart, style);
}

}  // namespace bothends::report
