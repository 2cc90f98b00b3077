// The chains of a probed endpoint: every certificate, and what is to be thought of them together.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/probed_parts.hpp"
#include "report/probed_verdicts.hpp"
#include "wire/codes.hpp"

namespace bothends::report {
namespace {

using policy::CertificateFacts;
using policy::ChainFacts;
using policy::Probed;

constexpr std::size_t most_names = 16, most_certificates = 10, most_chains = 64;

std::string lifetime(const CertificateFacts& one, std::int64_t at) {
  auto left = days_between(at, one.not_after);
  auto span = fmt::format("{} to {}", date_of(one.not_before), date_of(one.not_after));
  if (one.not_after < at) return span + fmt::format(", expired {} days ago", days_between(one.not_after, at));
  if (one.not_before > at) return span + ", not yet valid";
  return span + fmt::format(", {} days left", left);
}

Tone tone_of(const CertificateFacts& one, std::int64_t at) {
  if (one.not_after < at || one.not_before > at) return Tone::bad;
  return days_between(at, one.not_after) < days_to_renew ? Tone::warn : Tone::plain;
}

std::string certificate(const ChainFacts& chain, std::size_t at, std::int64_t now, const Style& style) {
  const auto& one = chain.certificates[at];
  std::string label = at == 0 ? "leaf" : fmt::format("certificate {}", at + 1);
  if (std::find(chain.superfluous.begin(), chain.superfluous.end(), at) != chain.superfluous.end())
    label += ", superfluous";
  auto out = row(label, Spans{{style.raw(one.subject.empty() ? "(no subject)" : one.subject), Tone::calm}}, style);
  out += row("  issued by", Spans{{one.self_issued ? "itself" : style.raw(one.issuer), Tone::plain}}, style);
  if (at == 0 || style.options().verbose) {
    auto names = raw_items(one.names, style, style.options().verbose ? 1000 : most_names);
    if (one.more_names > 0) names.push_back({style.text(fmt::format("… {} more", one.more_names)), Tone::dim});
    if (at == 0 || !names.empty()) out += row("  names", names, style);
  }
  auto key = one.key_name.empty() ? std::string(name(one.key)) : one.key_name;
  out += row("  key", printable(key, 80) + ", signed with " + printable(one.signature, 80), style);
  out += row("  valid", lifetime(one, now), style, tone_of(one, now));
  if (style.options().verbose) out += row("  SHA-256", printable(one.sha256, 64), style);
  return out;
}

std::string shape(const ChainFacts& chain, const Style& style) {
  std::vector<std::string> parts{chain.incomplete ? "incomplete" : "complete"};
  parts.emplace_back(chain.in_order ? "in order" : "not in order");
  if (!chain.superfluous.empty()) parts.push_back(fmt::format("{} superfluous", chain.superfluous.size()));
  if (chain.root_included) parts.emplace_back("the root is included");
  bool good = !chain.incomplete && chain.in_order;
  return row("chain", join(parts, ", "), style, good ? Tone::plain : Tone::bad);
}

std::string trust(const Probed& probed, const ChainFacts& chain, const Style& style) {
  if (!chain.trust_known) return row("trust", "not known: there were no anchors", style, Tone::warn);
  if (chain.trust.ok()) return row("trust", "by " + printable(probed.anchors, 160), style, Tone::good);
  std::string out;
  for (const auto& problem : chain.trust.problems) {
    auto text = fmt::format("{} at {}", name(problem.defect),
                            problem.depth == 0 ? "the leaf" : fmt::format("depth {}", problem.depth));
    if (!problem.detail.empty()) text += ": " + printable(problem.detail, 160);
    out += row(out.empty() ? "trust" : "", text, style, Tone::bad);
  }
  return out;
}

std::string named_for(const Probed& probed, const ChainFacts& chain, const Style& style) {
  if (!chain.named) return {};
  auto asked = printable(probed.survey.sni.value_or(probed.target), 160);
  return *chain.named ? row("name", "fits " + asked, style) : row("name", "does not fit " + asked, style, Tone::bad);
}

std::string staple(const policy::StapleFacts& staple, std::int64_t now, const Style& style) {
  using Status = policy::StapleFacts::Status;
  constexpr std::string_view words[] = {"none", "good", "revoked", "unknown", "malformed"};
  std::string text(words[static_cast<std::size_t>(staple.status)]);
  bool bad = staple.status == Status::revoked || staple.status == Status::malformed;
  if (staple.status != Status::none && staple.status != Status::malformed) {
    text += fmt::format(", from {}", date_of(staple.this_update));
    if (staple.next_update != 0) text += " to " + date_of(staple.next_update);
    if (!staple.fits) text += ", not about this leaf";
    bad = bad || !staple.fits || (staple.next_update != 0 && staple.next_update < now);
  }
  return row("OCSP staple", text, style, bad ? Tone::bad : Tone::plain);
}

std::string chain(const Probed& probed, std::size_t at, const Style& style) {
  const auto& presented = probed.survey.presented[at];
  auto out = heading(fmt::format("Chain {}", at + 1), style);
  out += row("seen in", named(wire::Registry::version, presented.versions, style), style);
  if (!presented.schemes.empty())
    out += row("its key signed by", named(wire::Registry::signature_scheme, presented.schemes, style), style);
  if (at >= probed.chains.size())
    return out + row("certificates", fmt::format("{}, not looked into", presented.chain.size()), style);
  const auto& facts = probed.chains[at];
  auto most = style.options().verbose ? facts.certificates.size() : most_certificates;
  for (std::size_t depth = 0; depth < std::min(most, facts.certificates.size()); ++depth)
    out += certificate(facts, depth, probed.at, style);
  auto more = facts.certificates.size() - std::min(most, facts.certificates.size()) + facts.more_certificates;
  if (more > 0) out += row("", fmt::format("… {} more certificates", more), style);
  if (facts.certificates.empty()) out += row("certificates", "none that could be read", style, Tone::bad);
  return out + shape(facts, style) + trust(probed, facts, style) + named_for(probed, facts, style) +
         staple(facts.staple, probed.at, style);
}

}  // namespace

std::string chains_section(const Probed& probed, const Style& style) {
  std::string out;
  auto count = probed.survey.presented.size();
  for (std::size_t at = 0; at < std::min(count, most_chains); ++at) out += chain(probed, at, style);
  return count > most_chains ? out + row("", fmt::format("… {} more chains", count - most_chains), style) : out;
}

}  // namespace bothends::report
