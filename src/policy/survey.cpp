#include "policy/survey.hpp"

#include <algorithm>
#include <array>

#include "policy/survey_plan.hpp"

namespace bothends::policy {

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

/// One of the chains seen, added when it is new.
std::size_t Plan::present(const Answer& answer) {
  auto at = std::find_if(found_.presented.begin(), found_.presented.end(),
                         [&](const Presented& one) { return one.chain == answer.chain; });
  if (at == found_.presented.end()) {
    found_.presented.push_back({answer.chain, {}, {}, {}});
    at = found_.presented.end() - 1;
  }
  const auto add = [](wire::Codes& codes, std::uint16_t code) {
    if (code != 0 && std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
  };
  add(at->versions, answer.version);
  add(at->schemes, answer.scheme);
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
  return surveyed;
}

}  // namespace bothends::policy
