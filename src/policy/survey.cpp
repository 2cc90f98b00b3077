#include "policy/survey.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "policy/survey_plan.hpp"

namespace bothends::policy {

namespace {

/// In the order in which they were asked for.
void by_asking(wire::Codes& codes, const wire::Codes& asked) {
  const auto rank = [&](std::uint16_t code) { return std::find(asked.begin(), asked.end(), code); };
  std::sort(codes.begin(), codes.end(), [&](auto one, auto other) { return rank(one) < rank(other); });
}

/// Key by key; among those of one key the server's order stays.
void by_key(wire::Codes& schemes) {
  const auto rank = [](std::uint16_t code) {
    int rank = 0;
    for (const auto key : {Authentication::rsa, Authentication::ecdsa}) {
      const auto codes = schemes_of(key);
      if (std::find(codes.begin(), codes.end(), code) != codes.end()) return rank;
      ++rank;
    }
    return rank;
  };
  std::stable_sort(schemes.begin(), schemes.end(), [&](auto one, auto other) { return rank(one) < rank(other); });
}

}  // namespace

std::string_view name(Known known) {
  constexpr std::array names{"no", "yes", "unknown"};
  return names[static_cast<std::size_t>(known)];
}

std::string_view name(Preference preference) {
  constexpr std::array names{"unknown", "none", "server", "client", "adaptive"};
  return names[static_cast<std::size_t>(preference)];
}

const VersionPolicy* Surveyed::version(std::uint16_t version) const {
  const auto at =
      std::find_if(versions.begin(), versions.end(), [&](const VersionPolicy& one) { return one.version == version; });
  return at == versions.end() ? nullptr : &*at;
}

Survey::Survey(SurveySettings settings) : state_(std::make_unique<State>(std::move(settings))) {}
Survey::~Survey() = default;

std::vector<Survey::Numbered> Survey::next(std::size_t room) { return state_->plan.queue().next(room); }

void Survey::absorb(std::size_t number, Answer answer) {
  state_->plan.queue().absorb(number, std::move(answer));
  state_->plan.settle();
}

bool Survey::done() const { return state_->plan.queue().empty(); }
void Survey::give_up(std::string_view reason) { state_->plan.give_up(reason); }
Surveyed Survey::result() const { return state_->plan.result(); }

/// One of the chains seen, added when it is new; nullopt when there are too many or too large ones.
std::optional<std::size_t> Plan::present(const Answer& answer) {
  constexpr std::size_t most_chains = 32, most_octets = 1 << 20;
  auto at = std::find_if(found_.presented.begin(), found_.presented.end(),
                         [&](const Presented& one) { return one.chain == answer.chain; });
  if (at == found_.presented.end()) {
    for (const auto& der : answer.chain) presented_octets_ += der.size();
    if (found_.presented.size() >= most_chains || presented_octets_ > most_octets) {
      say_unknown("certificates: more, or larger ones, than are kept");
      return std::nullopt;
    }
    found_.presented.push_back({answer.chain, {}, {}, {}});
    at = found_.presented.end() - 1;
  }
  add(at->versions, answer.version);
  if (answer.scheme != 0) add(at->schemes, answer.scheme);
  if (!answer.staple.empty()) at->staple = answer.staple;
  return static_cast<std::size_t>(at - found_.presented.begin());
}

/// Of a list that is still being asked about, everything that was not taken yet is unknown.
VersionPolicy Plan::so_far(const VersionFound& found) const {
  VersionPolicy policy = found.policy;
  if (policy.spoken != Known::yes) return policy;
  const auto rest = [&](std::string_view what, const wire::Codes& asked, const wire::Codes& taken,
                        wire::Codes& unknown) {
    if (!is_open(topic_of(policy.version, what))) return;
    for (const auto code : asked)
      if (std::find(taken.begin(), taken.end(), code) == taken.end()) add(unknown, code);
  };
  rest("cipher suites", suites_to_ask(policy.version), policy.suites, policy.unknown_suites);
  rest("groups", groups_to_ask(policy.version), policy.groups, policy.unknown_groups);
  rest("signature schemes", schemes_to_ask(), policy.schemes, policy.unknown_schemes);
  return policy;
}

/// The same server is told of in the same words, in whatever order its answers came: what a modern client gets first.
void Plan::put_in_order(Surveyed& surveyed) const {
  std::vector<std::size_t> order(surveyed.presented.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t at) {
    const auto& chain = surveyed.presented[at].chain;
    return std::pair<bool, const std::vector<Bytes>&>(!canary_ || canary_->chain != chain, chain);
  };
  std::sort(order.begin(), order.end(), [&](auto one, auto other) { return rank(one) < rank(other); });
  std::vector<std::size_t> place(order.size());
  std::vector<Presented> sorted;
  for (std::size_t at = 0; at < order.size(); ++at) {
    place[order[at]] = at;
    sorted.push_back(std::move(surveyed.presented[order[at]]));
    std::sort(sorted.back().versions.rbegin(), sorted.back().versions.rend());
    by_asking(sorted.back().schemes, schemes_to_ask());
  }
  surveyed.presented = std::move(sorted);
  for (auto& line : surveyed.names)
    if (line.presented) line.presented = place[*line.presented];
  for (auto& heard : surveyed.heard)
    if (heard.presented) heard.presented = place[*heard.presented];
  for (auto& version : surveyed.versions)
    if (version.version < wire::tls1_3) by_key(version.schemes);
  std::sort(surveyed.unknown.begin(), surveyed.unknown.end());
}

Surveyed Plan::result() const {
  Surveyed surveyed = found_;
  surveyed.questions = queue_.asked();
  for (auto at = versions_.rbegin(); at != versions_.rend(); ++at) surveyed.versions.push_back(so_far(at->second));
  surveyed.unknown = unknown_;
  const bool only13 = std::all_of(versions_.begin(), versions_.end(), [](const auto& one) {
    return one.second.policy.spoken == (one.first >= wire::tls1_3 ? Known::yes : Known::no);
  });
  if (only13) surveyed.resumption.ticket = surveyed.resumption.id = surveyed.compression = Known::no;
  if (!surveyed.foreign.empty()) {
    surveyed.unknown = {"everything: it does not speak TLS"};
    return surveyed;
  }
  for (const auto& topic : open_) surveyed.unknown.push_back(topic + (given_up_.empty() ? "" : ": " + given_up_));
  for (const auto& version : surveyed.versions) {
    const auto add = [&](const wire::Codes& codes, std::string_view what) {
      if (!codes.empty() && !is_open(topic_of(version.version, what)))
        surveyed.unknown.push_back(topic_of(version.version, what) + ": no answer about " +
                                   std::to_string(codes.size()) + " of them");
    };
    add(version.unknown_suites, "cipher suites");
    add(version.unknown_groups, "groups");
    add(version.unknown_schemes, "signature schemes");
  }
  add_members(surveyed);
  put_in_order(surveyed);
  return surveyed;
}

}  // namespace bothends::policy
