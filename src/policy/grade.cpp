#include "policy/grade.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "policy/suite.hpp"

namespace bothends::policy {
namespace {

using What = Item::What;
using wire::Registry;

bool contains(const wire::Codes& codes, std::uint16_t code) { return std::ranges::find(codes, code) != codes.end(); }

template <class Keep>
wire::Codes those(const wire::Codes& codes, Keep keep) {
  wire::Codes kept;
  std::ranges::copy_if(codes, std::back_inserter(kept), keep);
  return kept;
}

/// One server: the endpoint, or one of several behind its address.
struct Server {
  const std::vector<VersionPolicy>& versions;
  std::vector<const CertificateFacts*> leaves;
  unsigned member = 0;
};

class Grading {
 public:
  Grading(const Surveyed& surveyed, const GradePolicy& policy, Grade& grade)
      : surveyed_(surveyed), policy_(policy), grade_(grade) {}

  void judge(const Server& server) {
    server_ = &server;
    for (const VersionPolicy& version : server.versions) judge(version);
    for (const std::uint16_t wanted : policy_.versions)
      if (std::ranges::find(server.versions, wanted, &VersionPolicy::version) == server.versions.end())
        put(grade_.not_known, What::version, wanted, wanted);
    for (const CertificateFacts* leaf : server.leaves) judge(*leaf);
    if (server.leaves.empty() && (!policy_.keys.empty() || policy_.days > 0 || policy_.rsa_bits > 0))
      put(grade_.not_known, What::key, 0, 0, "no certificate was seen");
  }

 private:
  void put(std::vector<Item>& into, What what, std::uint16_t version, std::uint16_t code, std::string detail = {}) {
    into.push_back({what, version, code, std::move(detail), server_->member});
  }

  void judge(const VersionPolicy& version) {
    const bool judged = !policy_.versions.empty();
    const bool wanted = contains(policy_.versions, version.version);
    switch (version.spoken) {
      case Known::unknown:
        if (judged) put(grade_.not_known, What::version, version.version, version.version);
        return;
      case Known::no:
        // Of a member of a pool, what it never answered is all that is known.
        if (wanted && (server_->member == 0 || surveyed_.complete()))
          put(grade_.missing, What::version, version.version, version.version);
        else if (wanted)
          put(grade_.not_known, What::version, version.version, version.version);
        return;
      case Known::yes:
        break;
    }
    if (judged && !wanted) return put(grade_.too_much, What::version, version.version, version.version);
    judge_suites(version);
    judge_groups(version);
    judge_schemes(version);
    judge_order(version);
    for (const auto& [suite, bits] : version.dh_bits)
      if (bits < policy_.dh_bits)
        put(grade_.otherwise, What::dh_size, version.version, suite,
            std::to_string(bits) + " bits, the policy asks for " + std::to_string(policy_.dh_bits));
  }

  /// `allowed`: all that the policy lists; `expected`: what of it this server would accept if it were on the policy.
  struct Compared {
    What what;
    const wire::Codes& allowed;
    wire::Codes expected;
    const wire::Codes& accepted;
    const wire::Codes& unanswered;
  };

  void compare(std::uint16_t version, const Compared& lists) {
    for (const std::uint16_t code : lists.accepted) {
      if (contains(lists.allowed, code)) continue;
      if (policy_.complete)
        put(grade_.too_much, lists.what, version, code);
      else
        put(grade_.not_known, lists.what, version, code, "accepted; the policy's list is not known to its end");
    }
    for (const std::uint16_t code : lists.expected) {
      if (contains(lists.accepted, code)) continue;
      const bool refused = surveyed_.complete() && !contains(lists.unanswered, code);
      put(refused ? grade_.missing : grade_.not_known, lists.what, version, code, refused ? "" : "no answer");
    }
    const auto others =
        std::ranges::count_if(lists.unanswered, [&](auto code) { return !contains(lists.allowed, code); });
    if (others > 0) put(grade_.not_known, lists.what, version, 0, std::to_string(others) + " more without an answer");
  }

  /// The policy says nothing of a kind of code in this version: it is not judged, unless the policy has a list that we
  /// do not have.
  void silent(What what, std::uint16_t version) {
    if (!policy_.complete) put(grade_.not_known, what, version, 0, "the policy's list is not known");
  }

  void judge_suites(const VersionPolicy& version) {
    auto listed = those(policy_.suites, [&](auto code) { return fits(suite_of(code), version.version); });
    if (listed.empty()) return silent(What::suite, version.version);
    wire::Codes expected;
    for (const std::uint16_t code : listed) {
      if (contains(version.suites, code) || is_served(suite_of(code)))
        expected.push_back(code);
      else if (server_->leaves.empty())
        put(grade_.not_known, What::suite, version.version, code, "no certificate was seen");
      else if (!contains(grade_.unserved, code))
        grade_.unserved.push_back(code);
    }
    compare(version.version, {What::suite, listed, std::move(expected), version.suites, version.unknown_suites});
  }

  bool is_served(const Suite& suite) const {
    if (suite.authentication == Authentication::any) return true;
    return std::ranges::any_of(server_->leaves, [&](const auto* leaf) { return fits(suite, leaf->key); });
  }

  void judge_groups(const VersionPolicy& version) {
    const auto is_ecdhe = [](auto code) { return suite_of(code).exchange == KeyExchange::ecdhe; };
    if (version.version < wire::tls1_3 && std::ranges::none_of(version.suites, is_ecdhe)) return;
    auto listed = those(policy_.groups, [&](auto code) { return group_fits(code, version.version); });
    if (listed.empty()) return policy_.groups.empty() ? silent(What::group, version.version) : void();
    // Something served those suites: a survey that has no group has not asked.
    if (version.groups.empty() && version.unknown_groups.empty())
      return put(grade_.not_known, What::group, version.version, 0, "no group was seen");
    compare(version.version, {What::group, policy_.groups, std::move(listed), version.groups, version.unknown_groups});
  }

  void judge_schemes(const VersionPolicy& version) {
    const bool signing = std::ranges::any_of(version.suites, [](auto code) { return signs(suite_of(code)); });
    if (version.version < wire::tls1_2 || !signing || server_->leaves.empty()) return;
    if (policy_.schemes.empty()) return silent(What::scheme, version.version);
    auto expected = those(policy_.schemes, [&](auto code) {
      return std::ranges::any_of(server_->leaves, [&](const CertificateFacts* leaf) {
        return scheme_fits(code, Leaf{{}, leaf->key, leaf->bits, {}}, version.version);
      });
    });
    if (version.schemes.empty() && version.unknown_schemes.empty())
      return put(grade_.not_known, What::scheme, version.version, 0, "no signature was seen");
    compare(version.version,
            {What::scheme, policy_.schemes, std::move(expected), version.schemes, version.unknown_schemes});
  }

  void judge_order(const VersionPolicy& version) {
    const auto common = those(version.suites, [&](auto code) { return contains(policy_.suites, code); });
    if (!policy_.server_preference || common.size() < 2) return;
    if (!*policy_.server_preference) {
      own_order_ = own_order_ || version.suites_by == Preference::server;
      return;
    }
    switch (version.suites_by) {
      case Preference::none:
        return;
      case Preference::client:
        return put(grade_.otherwise, What::order, version.version, 0, "the client's order counts, not the server's");
      case Preference::adaptive:
        return put(grade_.not_known, What::order, version.version, 0, "the server's order follows the offer");
      case Preference::unknown:
        return put(grade_.not_known, What::order, version.version, 0, "whose order counts was not seen");
      case Preference::server:
        break;
    }
    const auto wanted = those(policy_.suites, [&](auto code) { return contains(common, code); });
    const auto [is, should] = std::ranges::mismatch(common, wanted);
    if (is == common.end() || should == wanted.end()) return;
    put(grade_.otherwise, What::order, version.version, *is, "comes before " + wire::name(Registry::suite, *should));
  }

  void judge(const CertificateFacts& leaf) {
    const std::string key = printable(leaf.key_name.empty() ? std::string(name(leaf.key)) : leaf.key_name, 80);
    if (!policy_.keys.empty() && std::ranges::find(policy_.keys, leaf.key) == policy_.keys.end())
      put(grade_.otherwise, What::key, 0, 0, "the leaf's key is " + key);
    const bool rsa = leaf.key == Key::rsa || leaf.key == Key::rsa_pss;
    if (rsa && leaf.bits < policy_.rsa_bits)
      put(grade_.otherwise, What::key_size, 0, 0,
          "the leaf's key is " + key + ", the policy asks for " + std::to_string(policy_.rsa_bits) + " bits");
    constexpr std::int64_t day = 86400;
    const std::int64_t seconds = leaf.not_after - leaf.not_before;
    if (policy_.days > 0 && seconds > day * policy_.days)
      put(grade_.otherwise, What::lifetime, 0, 0,
          "the leaf is valid for " + std::to_string((seconds + day - 1) / day) + " days, the policy allows " +
              std::to_string(policy_.days));
  }

 public:
  bool own_order() const { return own_order_; }

 private:
  const Surveyed& surveyed_;
  const GradePolicy& policy_;
  Grade& grade_;
  const Server* server_ = nullptr;
  bool own_order_ = false;
};

/// The leaves of all presented chains, or of the one that begins with `leaf`.
std::vector<const CertificateFacts*> leaves_of(const Surveyed& surveyed, std::span<const ChainFacts> chains,
                                               const Bytes* leaf) {
  std::vector<const CertificateFacts*> leaves;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (chains[i].certificates.empty()) continue;
    if (leaf && (i >= surveyed.presented.size() || surveyed.presented[i].chain.empty() ||
                 surveyed.presented[i].chain.front() != *leaf))
      continue;
    leaves.push_back(&chains[i].certificates.front());
  }
  return leaves;
}

Grade::Verdict verdict_of(const Grade& grade, const Surveyed& surveyed) {
  const bool lacks = !grade.missing.empty() && !grade.policy.allows_less;
  if (lacks || !grade.too_much.empty() || !grade.otherwise.empty()) return Grade::Verdict::differs;
  if (!grade.not_known.empty() || !surveyed.complete()) return Grade::Verdict::unknown;
  return Grade::Verdict::meets;
}

void remark(Grade& grade, const Surveyed& surveyed, bool own_order) {
  const GradePolicy& policy = grade.policy;
  const auto say = [&](std::string sentence) { grade.remarks.push_back(std::move(sentence)); };
  if (!policy.alias.empty())
    say(printable(policy.alias) + " is taken for " + policy.id + "; that both mean the same is not documented.");
  if (policy.status == GradePolicy::Status::uncertain) say("What this policy holds is uncertain.");
  if (!policy.complete) say("Of this policy not everything is known: what it may hold besides is not judged.");
  if (!surveyed.complete()) say("The survey is incomplete: what was not accepted may yet be.");
  if (own_order) say("The policy leaves the choice of the suite to the client; this endpoint chooses itself.");
  if (!grade.missing.empty() && policy.allows_less) say("The policy allows less: what is missing does not count.");
  if (!surveyed.members.empty()) say("Unequal servers answer at this address: each is graded by itself.");
}

}  // namespace

std::string_view name(GradePolicy::Leg leg) {
  static constexpr std::array<std::string_view, 4> words{"client", "origin", "server", "both"};
  return words.at(static_cast<std::size_t>(leg));
}

std::string_view name(GradePolicy::Status status) {
  static constexpr std::array<std::string_view, 4> words{"documented", "measured", "uncertain", "own"};
  return words.at(static_cast<std::size_t>(status));
}

std::string_view name(Item::What what) {
  static constexpr std::array<std::string_view, 9> words{"version", "suite", "group",    "scheme",  "order",
                                                         "dh-size", "key",   "key-size", "lifetime"};
  return words.at(static_cast<std::size_t>(what));
}

std::string_view name(Grade::Verdict verdict) {
  static constexpr std::array<std::string_view, 3> words{"meets", "differs", "unknown"};
  return words.at(static_cast<std::size_t>(verdict));
}

Grade grade(const Surveyed& surveyed, std::span<const ChainFacts> chains, const GradePolicy& policy) {
  Grade grade{.policy = policy};
  if (policy.leg == GradePolicy::Leg::origin) {
    grade.remarks.emplace_back("This policy is what a proxy offers to its origins: no server can be on it.");
    return grade;
  }
  if (!surveyed.foreign.empty()) {
    grade.verdict = Grade::Verdict::differs;
    grade.remarks.emplace_back("The endpoint does not speak TLS.");
    return grade;
  }
  Grading grading(surveyed, policy, grade);
  if (surveyed.members.empty()) grading.judge({surveyed.versions, leaves_of(surveyed, chains, nullptr)});
  for (unsigned i = 0; i < surveyed.members.size(); ++i) {
    const Member& member = surveyed.members[i];
    grading.judge({member.versions, leaves_of(surveyed, chains, &member.leaf), i + 1});
  }
  remark(grade, surveyed, grading.own_order());
  grade.verdict = verdict_of(grade, surveyed);
  return grade;
}

}  // namespace bothends::policy
