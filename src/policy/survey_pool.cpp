// Several unequal servers behind one address: every code is asked for alone, again and again, and who accepted it is
// told by the leaf. Whom a refusal came from is not known; that a member would have accepted is excluded only when it
// must have been met by then.
#include <algorithm>
#include <cmath>

#include "policy/survey_plan.hpp"

namespace bothends::policy {

namespace {

constexpr unsigned patience = 12;          // refusals in a row, until a list is believed to be whole
constexpr unsigned repetitions = 12;       // of each code
constexpr unsigned most_questions = 2000;  // of all of them
constexpr double improbable = 0.01;
constexpr std::size_t most_leaves = 32;  // a server that makes a new one for every answer is not asked further
constexpr std::size_t largest_leaf = 1 << 16;

bool is_alike(const Answer& one, const Answer& other) {
  return one.version == other.version && one.suite == other.suite && one.group == other.group &&
         one.alpn == other.alpn && one.certificate_asked == other.certificate_asked && one.chain == other.chain;
}

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

/// Of one of the leaves seen; nullopt when there are more than one address can have.
std::optional<std::size_t> Plan::leaf_number(const Answer& answer) {
  const auto& der = answer.chain.front();
  for (std::size_t at = 0; at < leaves_.size(); ++at)
    if (leaves_[at].der == der) return at;
  if (leaves_.size() >= most_leaves || der.size() > largest_leaf) {
    too_many_leaves_ = true;
    return std::nullopt;
  }
  const bool is_rsa = answer.version < wire::tls1_3 ? suite_of(answer.suite).authentication == Authentication::rsa
                                                    : scheme_of(answer.scheme).value_or(Scheme{}).key == Key::rsa;
  leaves_.push_back({der, is_rsa ? Authentication::rsa : Authentication::other, 0});
  return leaves_.size() - 1;
}

/// A question that is put again must be answered alike, and what is alike be signed by the same leaf.
void Plan::watch(const Question& question, const Answer& answer) {
  if (question.until != Question::Until::flight || question.sni != settings_.sni || answer.chain.empty()) return;
  const auto leaf = leaf_number(answer);
  if (!leaf) {
    is_pool_ = true;
    return;
  }
  ++leaves_[*leaf].answers;
  if (canary_question_ == question) {
    if (canary_ && !is_alike(*canary_, answer)) is_pool_ = true;
    if (canary_ && canary_->chain.front() != answer.chain.front()) leaves_contradict_ = true;
    canary_ = answer;
  }
  // One RSA certificate for a name is all that servers have; of ECDSA they may have one a curve.
  const bool is_rsa = leaves_[*leaf].key == Authentication::rsa;
  const auto [at, is_new] = leaf_of_.try_emplace(
      {answer.version, is_rsa ? std::uint16_t{0} : answer.suite, is_rsa ? std::uint16_t{0} : answer.scheme}, *leaf);
  if (is_new || at->second == *leaf) return;
  is_pool_ = leaves_contradict_ = true;
}

void Plan::begin_pool() {
  open("which of several servers accepts what");
  // Each answer with a leaf of its own: these are no servers.
  const bool all_differ = leaves_.size() >= 8 && std::all_of(leaves_.begin(), leaves_.end(),
                                                             [](const LeafSeen& leaf) { return leaf.answers == 1; });
  too_many_leaves_ = too_many_leaves_ || all_differ;
  if (too_many_leaves_) return;
  // Whether their certificates tell them apart must not be left to chance.
  for (unsigned again = 0; again < repetitions && canary_question_; ++again)
    queue_.ask(*canary_question_, [](const Answer&) {});
  pool_lists_ = 1;
  for (auto& [version, found] : versions_) {
    if (found.policy.spoken != Known::yes && found.contradicted.empty()) continue;
    found.policy.spoken = Known::yes;
    found.policy.alert.reset();
    list_for_pool(version, true);
    if (version == wire::tls1_3 || version == highest_below13()) list_for_pool(version, false);
  }
  pool_listed();
}

void Plan::list_for_pool(std::uint16_t version, bool is_suites) {
  ++pool_lists_;
  ListTopic list;
  list.ordered = false;
  list.patience = patience;
  list.candidates = is_suites ? suites_to_ask(version) : groups_to_ask(version);
  const auto suites = of(version).policy.suites;
  list.question = [this, version, is_suites, suites](const wire::Codes& left) {
    auto question = base(version, is_suites ? left : suites);
    if (!is_suites) question.groups = left;
    return question;
  };
  list.chosen = [version, is_suites](const Answer& answer) {
    return answer.version != version ? std::uint16_t{0} : is_suites ? answer.suite : answer.group;
  };
  survey_list(queue_, std::move(list), [this, version, is_suites](Listed listed) {
    const auto& known = is_suites ? of(version).policy.suites : of(version).policy.groups;
    for (const auto code : known) add(listed.accepted, code);
    for (const auto code : listed.accepted)
      tallies_[{version, is_suites ? code : std::uint16_t{0}, is_suites ? std::uint16_t{0} : code}];
    pool_listed();
  });
}

void Plan::pool_listed() {
  if (--pool_lists_ > 0) return;
  const auto count =
      std::clamp<std::size_t>(most_questions / std::max<std::size_t>(tallies_.size(), 1), 4, repetitions);
  for (const auto& [key, tally] : tallies_)
    for (std::size_t again = 0; again < count; ++again) repeat(std::get<0>(key), std::get<1>(key), std::get<2>(key));
  if (repetitions_open_ == 0) close("which of several servers accepts what");
}

void Plan::repeat(std::uint16_t version, std::uint16_t suite, std::uint16_t group) {
  wire::Codes suites{suite};
  if (suite == 0) {
    suites.clear();
    for (const auto& [key, tally] : tallies_)
      if (std::get<0>(key) == version && std::get<1>(key) != 0) suites.push_back(std::get<1>(key));
  }
  auto question = base(version, std::move(suites));
  if (group != 0) question.groups = {group};
  if (version >= wire::tls1_3) {
    question.until = Question::Until::flight;
    question.key_shares = group != 0 ? wire::Codes{group} : wire::Codes{share_group()};
  }
  ++repetitions_open_;
  queue_.ask(std::move(question), [this, version, suite, group](const Answer& answer) {
    auto& tally = tallies_[{version, suite, group}];
    if (answer.kind == Answer::Kind::refused) ++tally.refused;
    if (answer.kind == Answer::Kind::accepted && answer.version == version && !answer.chain.empty())
      if (const auto leaf = leaf_number(answer)) ++tally.accepted[*leaf];
    if (--repetitions_open_ == 0) close("which of several servers accepts what");
  });
}

/// Nobody refused, every leaf of that kind of key was met, and of the others each would have been by now.
bool Plan::is_by_all(const Tally& tally) const {
  if (tally.refused > 0 || tally.accepted.empty()) return false;
  unsigned asked = 0, all = 0;
  for (const auto& [leaf, times] : tally.accepted) asked += times;
  for (const auto& leaf : leaves_) all += leaf.answers;
  const auto key = leaves_[tally.accepted.begin()->first].key;
  for (std::size_t at = 0; at < leaves_.size(); ++at) {
    if (tally.accepted.contains(at)) continue;
    const double share = static_cast<double>(leaves_[at].answers) / std::max(all, 1U);
    if (leaves_[at].key == key || std::pow(1 - share, asked) >= improbable) return false;
  }
  return true;
}

/// What every member accepts stands with the versions; what some accept, with the members.
void Plan::add_members(Surveyed& surveyed) const {
  if (!pool_asked_) return;
  for (std::size_t leaf = 0; leaves_contradict_ && leaf < leaves_.size(); ++leaf)
    surveyed.members.push_back(member_of(leaf));
  std::sort(surveyed.members.begin(), surveyed.members.end(),
            [](const Member& one, const Member& other) { return one.leaf < other.leaf; });
  const bool is_open_still = is_open("which of several servers accepts what");
  for (auto& version : surveyed.versions) {
    const auto by_all = [&](std::uint16_t suite, std::uint16_t group) {
      const auto at = tallies_.find({version.version, suite, group});
      return at != tallies_.end() && !is_open_still && is_by_all(at->second);
    };
    const auto keep = [&](wire::Codes& codes, wire::Codes& unknown, bool is_suites) {
      for (const auto& [key, tally] : tallies_) {
        const auto code = is_suites ? std::get<1>(key) : std::get<2>(key);
        if (std::get<0>(key) != version.version || code == 0) continue;
        const bool all = is_suites ? by_all(code, 0) : by_all(0, code);
        if (!all && !contains(unknown, code)) unknown.push_back(code);
        if (all && !contains(codes, code)) codes.push_back(code);
        if (!all) std::erase(codes, code);
      }
    };
    keep(version.suites, version.unknown_suites, true);
    keep(version.groups, version.unknown_groups, false);
    for (const auto code : version.schemes) add(version.unknown_schemes, code);
    version.schemes.clear();
    version.suites_by = version.groups_by = version.schemes_by = Preference::unknown;
    if (is_open_still) {
      for (const auto code : version.suites) add(version.unknown_suites, code);
      for (const auto code : version.groups) add(version.unknown_groups, code);
      version.suites.clear();
      version.groups.clear();
    }
  }
  const char* apart = leaves_contradict_ ? ", told apart by their certificates"
                                         : " with the same certificates, which tell nothing of who accepts what";
  surveyed.unknown.push_back(
      "several unequal servers answer here" +
      std::string(too_many_leaves_ ? ", with more certificates than are told apart" : apart) +
      ": under each version stands what all of them accept; what only some of them do is not known of the address");
}

Member Plan::member_of(std::size_t leaf) const {
  Member member;
  member.leaf = leaves_[leaf].der;
  member.answers = leaves_[leaf].answers;
  unsigned all = 0;
  for (const auto& other : leaves_) all += other.answers;
  const double share = static_cast<double>(member.answers) / std::max(all, 1U);
  for (const auto& [version, found] : versions_) {
    VersionPolicy policy;
    policy.version = version;
    for (const auto& [key, tally] : tallies_) {
      const auto& [of_version, suite, group] = key;
      if (of_version != version) continue;
      const auto seen = tally.accepted.contains(leaf);
      unsigned asked = tally.refused;
      for (const auto& [other, times] : tally.accepted) asked += times;
      const bool excluded = !seen && std::pow(1 - share, asked) < improbable;
      auto& accepted = suite != 0 ? policy.suites : policy.groups;
      auto& unknown = suite != 0 ? policy.unknown_suites : policy.unknown_groups;
      if (seen)
        accepted.push_back(suite != 0 ? suite : group);
      else if (!excluded)
        unknown.push_back(suite != 0 ? suite : group);
    }
    policy.spoken = !policy.suites.empty() ? Known::yes : policy.unknown_suites.empty() ? Known::no : Known::unknown;
    member.versions.insert(member.versions.begin(), std::move(policy));
  }
  return member;
}

}  // namespace bothends::policy
