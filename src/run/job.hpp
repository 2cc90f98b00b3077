// The tries of one stage, one after the other, so that an origin connection belongs to exactly one of them: also when
// no HTTP octet passed. Jobs of different stages run side by side on one loop.
#pragma once

#include <functional>
#include <memory>

#include "run/stage.hpp"

namespace bothends::run {

class Job {
 public:
  /// `done` comes once, from the loop, with an outcome for each try, in their order. The tries must outlive the job.
  /// Destroying it earlier stops everything of it and calls nothing.
  Job(Workshop& workshop, std::vector<const TrySpec*> tries, std::function<void(std::vector<path::TryOutcome>)> done);
  /// The same on a stage that stands already.
  Job(Workshop& workshop, std::vector<const TrySpec*> tries, std::unique_ptr<Stage> stage,
      std::function<void(std::vector<path::TryOutcome>)> done);
  ~Job();

  /// The outcomes of the tries that have ended so far.
  std::vector<path::TryOutcome> take_outcomes() { return std::move(outcomes_); }
  std::size_t ended() const { return outcomes_.size(); }
  /// The proxy ended by itself, which spoiled a try: maybe another one's that shared it.
  bool lost_proxy() const { return lost_proxy_; }
  /// nullptr when all is over.
  const Stage* stage() const { return stage_.get(); }

 private:
  void ready(std::optional<Unready> problem);
  void begin_next();
  std::string no_fault(const TrySpec& one) const;
  void get_session();
  void offer_session();
  void ask(const TrySpec& one, std::shared_ptr<const tls::Session> session, void (Job::*then)());
  Result<net::Endpoint> address_for(const ClientSpec& client);
  void settle(unsigned turn);
  void conclude();
  void finish();
  void add(path::TryOutcome outcome);
  void add_unready(Unready why);
  const TrySpec& current() const { return *tries_[outcomes_.size()]; }

  Workshop& workshop_;
  std::vector<const TrySpec*> tries_;
  std::function<void(std::vector<path::TryOutcome>)> done_;
  std::vector<path::TryOutcome> outcomes_;
  net::microseconds begun_{0};
  net::microseconds settle_begun_{0};
  path::Observation client_seen_;
  bool lost_proxy_ = false;
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<Client> client_;
  void (Job::*then_)() = nullptr;                // what comes when the client has ended and the origins are quiet
  std::shared_ptr<const tls::Session> session_;  // of the client that has ended
  std::optional<net::ReservedPort> nobody_;      // where a client asks that is to find nobody
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // tasks posted to the loop ask it
};

/// Verdicts, findings and the status they come to.
path::TryOutcome judge_try(const TrySpec& one, path::PathRecord record);

}  // namespace bothends::run
