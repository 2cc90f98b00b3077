// The order in which a survey finds things out. Each step asks and says what comes next; nothing here waits.
#pragma once

#include <algorithm>
#include <set>

#include "policy/survey_codes.hpp"
#include "policy/survey_list.hpp"

namespace bothends::policy {

/// A list's outcome for one version, while it is being found out.
struct VersionFound {
  VersionPolicy policy;
  std::optional<Answer> first;     // to the question with every suite
  std::optional<Answer> reversed;  // the same in the other order
  unsigned asked = 0;              // of these two, on their way
  wire::Codes contradicted;        // refused once, accepted again
  bool needs_shares = false;       // TLS 1.3: refuses a hello without key shares
  bool needs_short_list = false;   // refuses or ignores a hello with every suite, not one of common length
  bool refuses_name = false;       // unrecognized_name: says nothing of the version
};

/// "TLSv1.2 groups"
std::string topic_of(std::uint16_t version, std::string_view what);

class Plan {
 public:
  explicit Plan(SurveySettings settings);
  Plan(const Plan&) = delete;  // its questions know it
  SurveyQueue& queue() { return queue_; }
  /// To be called after every absorb(): what follows when all is answered.
  void settle();
  void give_up(std::string_view reason);
  Surveyed result() const;

 private:
  // Pool: what each question about one code came to, by leaf.
  struct Tally {
    std::map<std::size_t, unsigned> accepted;  // by leaf
    unsigned refused = 0;
  };
  struct LeafSeen {
    Bytes der;
    Authentication key = Authentication::other;  // of the suites and schemes it was shown for
    unsigned answers = 0;
  };

  // survey_plan.cpp: the versions
  void ask_version(std::uint16_t version);
  void ask_again(std::uint16_t version, const Answer& answer);
  void decide_version(std::uint16_t version, const Answer& answer, const Answer& again);
  void version_decided(std::uint16_t version);
  void list_suites(std::uint16_t version);
  void suites_listed(std::uint16_t version, Listed listed);
  void list_rest(std::uint16_t version, Authentication key);
  void ask_rest_again(std::uint16_t version, const wire::Codes& accepted);
  void suites_done(std::uint16_t version);
  void look_for_chacha(std::uint16_t version);
  void heard(const Question& question, const Answer& answer);
  Question base(std::uint16_t version, wire::Codes suites) const;
  Question modern() const;
  std::uint16_t share_group() const;
  unsigned lists() const;

  // survey_details.cpp: groups, signature schemes
  void begin_details(std::uint16_t version);
  void list_groups(std::uint16_t version);
  void list_groups13();
  void groups_listed(std::uint16_t version, Listed listed);
  void check_groups(std::uint16_t version);
  void list_schemes(std::uint16_t version);
  void list_family(std::uint16_t version, const SchemeFamily& family, wire::Codes suites);
  void family_listed(std::uint16_t version);
  void list_other_keys();

  // survey_server.cpp: what does not belong to one version
  void begin_server();
  void ask_names();
  void ask_name(NameAnswer::Case which, const std::optional<std::string>& sni);
  Question name_only() const;
  void name_answered(std::size_t at, const Answer& answer);
  void ask_protocols(std::vector<std::string> left);
  void protocols_answered(std::vector<std::string> left, const Answer& answer);
  bool refuses_everything();
  std::string refusal_words() const;
  void ask_tolerance();
  void ask_special(const Question& special, Known& known);
  void ask_sessions();
  void ask_session(Question::Resume by, std::uint16_t version, Known* to);
  void ask_across(std::uint16_t version, const std::string& to);
  void session_answered(const Answer& answer);
  void ask_sweep(std::uint16_t version);

  // survey_telling.cpp: what tells one stack from another
  void remember(const Question& question, const Answer& answer);
  void ask_telling();
  void ask_telling12(std::uint16_t version);
  void tell(Question question);

  // survey_pool.cpp: several unequal servers
  void watch(const Question& question, const Answer& answer);
  void begin_pool();
  void list_for_pool(std::uint16_t version, bool is_suites);
  void pool_listed();
  void repeat(std::uint16_t version, std::uint16_t suite, std::uint16_t group);
  void add_members(Surveyed& surveyed) const;
  Member member_of(std::size_t leaf) const;
  std::optional<std::size_t> leaf_number(const Answer& answer);
  bool is_by_all(const Tally& tally) const;

  // survey.cpp
  VersionPolicy so_far(const VersionFound& found) const;
  void put_in_order(Surveyed& surveyed) const;
  std::optional<std::size_t> present(const Answer& answer);

  static void add(wire::Codes& codes, std::uint16_t code) {
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
  }
  void open(const std::string& topic) { open_.insert(topic); }
  void close(const std::string& topic) { open_.erase(topic); }
  bool is_open(const std::string& topic) const { return open_.contains(topic); }
  bool is_spoken(std::uint16_t version) const;
  VersionFound& of(std::uint16_t version) { return versions_.at(version); }
  const VersionFound& of(std::uint16_t version) const { return versions_.at(version); }
  std::optional<std::uint16_t> highest_below13() const;
  void say_unknown(std::string sentence);

  SurveySettings settings_;
  SurveyQueue queue_;
  std::map<std::uint16_t, VersionFound> versions_;
  std::size_t undecided_ = 0;           // versions whose first answer is not here
  std::vector<std::uint16_t> waiting_;  // versions whose suites are listed before all are decided
  Surveyed found_;
  std::map<std::uint16_t, unsigned> lists_open_, families_open_;
  std::size_t tolerances_open_ = 0, names_open_ = 0, sessions_open_ = 0;
  std::set<std::string> open_;        // topics under way
  std::vector<std::string> unknown_;  // sentences
  std::string given_up_;
  std::chrono::microseconds shortest_{0};
  bool stopped_ = false;
  std::size_t presented_octets_ = 0;

  std::optional<Question> canary_question_;
  std::optional<Answer> canary_;
  bool telling_asked_ = false;
  std::vector<Question> telling_;  // at most six
  bool is_pool_ = false;
  bool pool_asked_ = false;
  std::size_t pool_lists_ = 0;
  std::size_t repetitions_open_ = 0;
  std::vector<LeafSeen> leaves_;
  bool leaves_contradict_ = false;  // two for what one server has one for
  bool too_many_leaves_ = false;
  std::map<std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>, std::size_t> leaf_of_;  // version, suite, scheme
  std::map<std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>, Tally> tallies_;        // version, suite, group
};

struct Survey::State {
  explicit State(SurveySettings settings) : plan(std::move(settings)) {}
  Plan plan;
};

}  // namespace bothends::policy
