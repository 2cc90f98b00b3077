// Which stack answers: a few questions to which stacks give different answers though all of them keep to the RFCs
// (manners.hpp). They come last, since what is accepted must be known.
#include <algorithm>
#include <utility>

#include "policy/survey_plan.hpp"

namespace bothends::policy {

namespace {

constexpr std::uint16_t dsa_sha256 = 0x0402;  // no key of today's servers signs by it

wire::Codes first_is_ecdsa(wire::Codes suites) {
  std::stable_partition(suites.begin(), suites.end(),
                        [](std::uint16_t code) { return suite_of(code).authentication == Authentication::ecdsa; });
  return suites;
}

}  // namespace

/// What was said about the name that the survey is for, without what likeness_of() has no use for.
void Plan::remember(const Question& question, const Answer& answer) {
  const bool telling = std::find(telling_.begin(), telling_.end(), question) != telling_.end();
  if (found_.heard.size() >= Surveyed::most_heard && !telling) return;
  if (question.until == Question::Until::whole || question.sni != settings_.sni) return;
  Heard heard{question, answer, {}, telling};
  if (!answer.chain.empty()) heard.presented = present(answer);
  heard.answer.chain = {};
  heard.answer.issuers = {};
  heard.answer.staple = {};
  found_.heard.push_back(std::move(heard));
}

void Plan::tell(Question question) {
  telling_.push_back(question);
  queue_.ask(std::move(question), [](const Answer&) {});
}

void Plan::ask_telling() {
  if (const auto version = highest_below13(); version == wire::tls1_2) ask_telling12(*version);
  if (!is_spoken(wire::tls1_3) || share_group() == 0) return;
  const auto& policy = of(wire::tls1_3).policy;
  auto question = base(wire::tls1_3, policy.suites);
  question.until = Question::Until::flight;
  question.key_shares = {share_group()};
  auto unnamed = question, unusable = question;
  unnamed.schemes.clear();
  tell(std::move(unnamed));
  unusable.schemes = {dsa_sha256};
  tell(std::move(unusable));
  // A share of a group that is not the best that both know: some take it, some ask for the better one.
  question.groups = policy.groups;
  for (auto at = policy.groups.rbegin(); at != policy.groups.rend(); ++at) {
    if (*at == policy.groups.front() || *at > 30) continue;
    question.key_shares = {*at};
    return tell(std::move(question));
  }
}

void Plan::ask_telling12(std::uint16_t version) {
  const auto& policy = of(version).policy;
  auto no_groups = base(version, policy.suites), wrong_curve = base(version, first_is_ecdsa(policy.suites)),
       wrong_scheme = base(version, policy.suites);
  no_groups.groups.clear();
  tell(std::move(no_groups));
  std::erase_if(wrong_curve.groups, [](std::uint16_t group) { return group >= 23 && group <= 25; });
  tell(std::move(wrong_curve));
  wrong_scheme.schemes = {dsa_sha256};
  tell(std::move(wrong_scheme));
}

}  // namespace bothends::policy
