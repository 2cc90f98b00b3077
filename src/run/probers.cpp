#include "run/probers.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace bothends::run {

class Probers::State : public std::enable_shared_from_this<Probers::State> {
 public:
  State(net::Loop& loop, unsigned jobs, Callbacks callbacks)
      : loop_(loop), jobs_(std::max(1U, jobs)), callbacks_(std::move(callbacks)) {}

  void begin_later() {
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->turn();
    });
  }
  void interrupt() {
    exhausted_ = true;
    std::vector<Running*> all;  // of which any may end at once; it is destroyed later all the same
    for (auto& [id, job] : running_)
      if (job.running) all.push_back(job.running.get());
    for (auto* running : all) running->interrupt();
    begin_later();
  }
  void forget() {
    gone_ = true;
    running_.clear();
    ended_.clear();
  }

 private:
  struct Job {
    Target target;
    std::unique_ptr<Running> running;
  };

  void turn();
  void begin(Target target);
  void end(std::size_t id, policy::Probed probed);

  net::Loop& loop_;
  std::size_t jobs_;
  Callbacks callbacks_;
  bool exhausted_ = false, gone_ = false;
  std::size_t last_id_ = 0;
  std::map<std::size_t, Job> running_;
  std::vector<std::unique_ptr<Running>> ended_;  // until the loop is back in our hands
};

void Probers::State::turn() {
  ended_.clear();
  while (!gone_ && !exhausted_ && running_.size() < jobs_) {
    auto target = callbacks_.next();
    if (!target) exhausted_ = true;
    if (target) begin(std::move(*target));
  }
  if (gone_ || !exhausted_ || !running_.empty()) return;
  if (const auto done = std::exchange(callbacks_.done, nullptr)) done();
}

void Probers::State::begin(Target target) {
  const auto id = ++last_id_;
  running_.emplace(id, Job{target, nullptr});
  auto running = callbacks_.start(target, [weak = weak_from_this(), id](policy::Probed probed) {
    if (const auto self = weak.lock()) self->end(id, std::move(probed));
  });
  const auto found = running_.find(id);
  if (found != running_.end()) found->second.running = std::move(running);
}

void Probers::State::end(std::size_t id, policy::Probed probed) {
  const auto found = running_.find(id);
  if (gone_ || found == running_.end()) return;
  const auto target = std::move(found->second.target);
  if (found->second.running) ended_.push_back(std::move(found->second.running));
  running_.erase(found);
  begin_later();
  callbacks_.result(target, std::move(probed));
}

Probers::Probers(net::Loop& loop, unsigned jobs, Callbacks callbacks)
    : state_(std::make_shared<State>(loop, jobs, std::move(callbacks))) {
  state_->begin_later();
}

Probers::~Probers() { state_->forget(); }

void Probers::interrupt() { state_->interrupt(); }

}  // namespace bothends::run
