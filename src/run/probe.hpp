// One endpoint's probe from its name to what is said of it: looked up, surveyed, its chains judged.
#pragma once

#include <list>

#include "run/asking.hpp"
#include "run/prober.hpp"
#include "run/probers.hpp"
#include "run/question_list.hpp"
#include "run/reach.hpp"
#include "run/survey_plan.hpp"
#include "run/trust_store.hpp"

namespace bothends::run {

struct ProbeSettings {
  Pace pace;
  ProxyProtocol proxy_protocol = ProxyProtocol::none;
  std::vector<std::string> names;  // for the SNI map, besides the target's own
  bool sweep = false;
  bool verify_clients = false;      // the known clients' real hellos are sent, too
  std::vector<std::string> stacks;  // that cross-check the survey
};

/// What the probes of one loop share, and must outlive them.
struct ProbeTools {
  net::Loop& loop;
  AskingTools& asking;
  const TrustStore& trust;
  std::int64_t now = 0;  // seconds since 1970
};

class Probe final : public Probers::Running {
 public:
  using Progress = std::function<void(const std::string&)>;
  /// `ended` comes once, from the loop.
  Probe(const ProbeTools& tools, const Target& target, ProbeSettings settings, Progress progress, Probers::Ended ended);
  ~Probe() override;
  void interrupt() override;

 private:
  void reached(Result<net::Endpoint> found);
  unsigned room() const;
  void ask(const policy::Question& question, Prober::Answered answered);
  void begin(Plan& plan, const Pace& pace, void (Probe::*ended)(const Paced&));
  void surveyed(const Paced& paced);
  void judge_chains();
  std::vector<policy::Question> further_questions() const;
  void verified(const Paced& paced);
  void end();
  std::string unreached(const Paced& paced) const;
  void fail(std::string why);

  ProbeTools tools_;
  Target target_;
  ProbeSettings settings_;
  Progress progress_;
  Probers::Ended ended_;
  policy::Probed probed_;
  policy::Answer last_;  // of those without an answer
  Way way_;
  std::shared_ptr<Crowd> crowd_;
  policy::Survey survey_;
  SurveyPlan plan_{survey_};
  std::optional<QuestionList> further_;  // what is asked after the survey
  std::list<std::unique_ptr<Asking>> askings_;
  std::unique_ptr<Prober> prober_;
  bool interrupted_ = false;
  Reach reach_;
};

}  // namespace bothends::run
