#include "policy/clients.hpp"

#include <algorithm>
#include <tuple>

namespace bothends::policy {
namespace {

/// What parts one group from another.
using Mark = std::tuple<int, std::uint16_t, std::uint16_t, std::uint16_t, bool, int, int>;

Mark mark_of(const std::optional<Outcome>& outcome) {
  if (!outcome) return {0, 0, 0, 0, false, 0, 0};
  if (const auto* agreed = std::get_if<Agreement>(&*outcome))
    return {1, agreed->version, agreed->suite, agreed->group, agreed->hello_retry, 0, 0};
  const auto& refused = std::get<Refusal>(*outcome);
  return {2, 0, 0, 0, refused.by == Party::client, static_cast<int>(refused.reason), refused.alert.value_or(0) + 1};
}

/// "Chrome 150 (macOS)" is the product "Chrome" and the release "150 (macOS)"; without a number all is the product.
std::pair<std::string_view, std::string_view> parted(std::string_view name) {
  for (std::size_t i = name.find(' '); i != name.npos; i = name.find(' ', i + 1))
    if (i + 1 < name.size() && name[i + 1] >= '0' && name[i + 1] <= '9') return {name.substr(0, i), name.substr(i + 1)};
  return {name, {}};
}

bool agree(const Agreement& foretold, const Agreement& seen) {
  const bool group = foretold.group == 0 || seen.group == 0 || foretold.group == seen.group;
  const bool alpn = seen.alpn.empty() || foretold.alpn == seen.alpn;
  return foretold.version == seen.version && foretold.suite == seen.suite && group && alpn;
}

}  // namespace

std::vector<ClientAnswer> foretell_clients(std::span<const KnownClient> clients, const Probed& probed,
                                           const Foretelling& foretelling) {
  std::vector<ClientAnswer> answers;
  for (const KnownClient& client : clients) {
    auto& answer =
        answers.emplace_back(ClientAnswer{client.id, client.name, foretelling(client.offer, probed), std::nullopt});
    const auto seen = probed.hellos.find(client.id);
    if (seen != probed.hellos.end()) answer.seen = seen->second;
  }
  return answers;
}

std::optional<Outcome> outcome_of(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::accepted:
      return Agreement{.version = answer.version,
                       .suite = answer.suite,
                       .group = answer.group,
                       .signature_scheme = answer.scheme,
                       .alpn = answer.alpn,
                       .hello_retry = answer.retry,
                       .client_certificate_asked = answer.certificate_asked,
                       .leaf = answer.chain.empty() ? Bytes{} : answer.chain.front()};
    case Answer::Kind::refused:
      return Refusal{.by = Party::server, .reason = Reason::other, .alert = answer.alert};
    case Answer::Kind::none:
      break;
  }
  return std::nullopt;
}

std::string_view name(Verified verified) {
  switch (verified) {
    case Verified::equal:
      return "equal";
    case Verified::differs:
      return "differs";
    case Verified::unknown:
      break;
  }
  return "unknown";
}

Verified verified(const ClientAnswer& answer) {
  const auto seen = answer.seen ? outcome_of(*answer.seen) : std::nullopt;
  if (!seen || !answer.foretold) return Verified::unknown;
  const auto* agreed = std::get_if<Agreement>(&*answer.foretold);
  const auto* got = std::get_if<Agreement>(&*seen);
  const auto* refused = std::get_if<Refusal>(&*answer.foretold);
  if (refused && refused->by == Party::client) return Verified::unknown;
  const bool minds_certificate = refused && refused->reason == Reason::client_certificate_required;
  if (minds_certificate && got && answer.seen->certificate_asked && !answer.seen->alert) return Verified::unknown;
  bool equal = false;
  if (agreed && got) equal = agree(*agreed, *got);
  // A certificate that is missing is minded after the ServerHello, and stands in the alert of an accepted hello.
  if (refused) equal = (!got || answer.seen->alert) && refused->alert == answer.seen->alert;
  return equal ? Verified::equal : Verified::differs;
}

std::vector<ClientGroup> groups_of(std::span<const ClientAnswer> answers) {
  std::vector<ClientGroup> groups;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const ClientAnswer& one = answers[i];
    auto outcome = one.seen ? outcome_of(*one.seen) : one.foretold;
    // The alert alone does not tell why: the reason is the one foretold, if the refusal was.
    const auto* foretold = one.foretold ? std::get_if<Refusal>(&*one.foretold) : nullptr;
    if (auto* seen = outcome ? std::get_if<Refusal>(&*outcome) : nullptr; seen && foretold)
      seen->reason = foretold->reason;
    const auto same =
        std::ranges::find_if(groups, [&](const auto& group) { return mark_of(group.outcome) == mark_of(outcome); });
    if (same != groups.end())
      same->clients.push_back(i);
    else
      groups.push_back({std::move(outcome), {i}});
  }
  return groups;
}

std::string names_of(std::span<const ClientAnswer> answers, const ClientGroup& group) {
  std::string names;
  std::string_view previous;
  for (const std::size_t index : group.clients) {
    const std::string& name = answers[index].name;
    const auto [product, release] = parted(name);
    const bool follows = !release.empty() && product == previous;
    if (!names.empty()) names += follows ? ", " : "; ";
    names += follows ? release : std::string_view(name);
    previous = product;
  }
  return names;
}

}  // namespace bothends::policy
