#include "run/run_scenarios.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "run/job.hpp"

namespace bothends::run {

namespace {

// One scenario file of one round: its tries, and after them the control twins that they share.
struct Work {
  Scenario scenario;
  path::ScenarioOutcome outcome;
  std::vector<const TrySpec*> specs;
  std::vector<std::size_t> twin_of;  // index into specs; of a try without one its own
  std::vector<std::optional<path::TryOutcome>> outcomes;
  std::size_t open = 0;  // specs without an outcome yet

  std::size_t tries() const { return scenario.tries.size(); }
};

/// A text that is equal for tries that ask the same in the same way on equal stages.
std::string request_key(const TrySpec& one) {
  std::string key = one.stage.key + '\n' + settings_key(one.client) + '\n' + one.client.sni.fixed + '\n' +
                    std::to_string(static_cast<int>(one.client.sni.from)) + '\n' + one.method + ' ' + one.url + '\n' +
                    one.host_field + '\n' + one.body;
  for (const http::Field& field : one.headers) key += '\n' + field.name + ": " + field.value;
  return key;
}

void add_twins(Work& work) {
  std::map<std::string, std::size_t> known;
  for (const TrySpec& one : work.scenario.tries) work.specs.push_back(&one);
  for (std::size_t i = 0; i < work.tries(); ++i) {
    const TrySpec* twin = work.specs[i]->control.get();
    work.twin_of.push_back(i);
    if (!twin) continue;
    const auto [at, fresh] = known.emplace(request_key(*twin), work.specs.size());
    if (fresh) work.specs.push_back(twin);
    work.twin_of[i] = at->second;
  }
  work.outcomes.resize(work.specs.size());
  work.open = work.specs.size();
}

/// A verdict without a control that passed is void.
void weigh(Work& work, std::size_t i) {
  path::TryOutcome& outcome = *work.outcomes[i];
  if (work.twin_of[i] == i) return;
  outcome.control = path::control_of(*work.outcomes[work.twin_of[i]], work.specs[i]->fault->leg);
  const bool judged = outcome.status == path::Status::passed || outcome.status == path::Status::failed;
  if (!judged || outcome.control->passed) return;
  outcome.status = path::Status::error;
  outcome.reason = "the verdict is void: " + outcome.control->problem;
}

// The tries of one stage of one work.
struct Group {
  Work* work;
  std::vector<std::size_t> tries;
  bool alone = false;                 // shares no proxy process with other groups
  std::unique_ptr<Stage> stage = {};  // stands already

  const TrySpec& first() const { return *work->specs[tries.front()]; }
};

// How many stages share a proxy process at most. Each is made at once, and the loop waits for that.
constexpr std::size_t most_sites = 32;

bool may_share(const Group& one, const Group& other) {
  return !one.alone && !other.alone && one.work == other.work &&
         one.first().stage.proxy_key == other.first().stage.proxy_key;
}

class Run {
 public:
  Run(RunOptions options, std::vector<std::filesystem::path> files, Workshop& workshop,
      const std::function<void(path::ScenarioOutcome)>& finished)
      : options_(std::move(options)), files_(std::move(files)), workshop_(workshop), finished_(finished) {}

  RunSummary perform();

 private:
  struct Active {
    Group group;
    std::unique_ptr<Job> job;
    bool shared = false;  // the proxy process serves other groups too
  };
  // Groups whose common proxy process is about to be ready.
  struct Party {
    std::vector<Group> groups;
  };

  void add_round();
  void add(const std::filesystem::path& file);
  bool wants_round() const;
  void start_jobs();
  std::vector<Group> take_waiting();
  void start(std::vector<Group> groups);
  void start(Group group);
  void joined(Party* party, std::optional<Unready> problem);
  void job_done(Active* active, std::vector<path::TryOutcome> outcomes);
  void keep(const Group& group, std::vector<path::TryOutcome> outcomes);
  void tell_finished();
  void stop();
  /// A real proxy that we start; the built-in one costs nothing.
  bool has_process(const TrySpec& one) const {
    return one.stage.proxy.address.empty() && (workshop_.own_driver || one.stage.proxy.use != "builtin");
  }

  const RunOptions options_;
  const std::vector<std::filesystem::path> files_;
  Workshop& workshop_;
  const std::function<void(path::ScenarioOutcome)>& finished_;
  std::deque<Work> works_;  // in the order of the files; stable addresses
  std::deque<Group> waiting_;
  std::vector<std::unique_ptr<Party>> parties_;
  std::deque<Group> standing_;  // groups with a stage, to be run next
  std::vector<std::unique_ptr<Active>> active_;
  RunSummary summary_;
  unsigned rounds_ = 0;       // added so far
  std::size_t in_round_ = 0;  // tries of one round
  std::size_t ended_ = 0;
};

void Run::add_round() {
  ++rounds_;
  in_round_ = 0;
  for (const auto& file : files_) add(file);
  tell_finished();
}

void Run::add(const std::filesystem::path& file) {
  Work& work = works_.emplace_back();
  work.outcome.file = file.string();
  auto scenario = read_scenario(file, options_.read);
  if (!scenario) {
    work.outcome.error = scenario.error();
    return;
  }
  work.scenario = std::move(*scenario);
  std::erase_if(work.scenario.tries,
                [&](const TrySpec& one) { return one.name.find(options_.name) == std::string::npos; });
  work.outcome.title = work.scenario.title;
  if (rounds_ > 1) work.outcome.title += " (round " + std::to_string(rounds_) + ")";
  add_twins(work);
  in_round_ += work.tries();
  std::map<std::string, std::size_t> groups;  // by stage, index into waiting_
  for (std::size_t i = 0; i < work.specs.size(); ++i) {
    const std::string own = work.specs[i]->fresh ? "|fresh " + std::to_string(i) : "";
    const auto [at, first] = groups.emplace(work.specs[i]->stage.key + own, waiting_.size());
    if (first) waiting_.push_back({&work, {}});
    waiting_[at->second].tries.push_back(i);
    waiting_[at->second].alone = waiting_[at->second].alone || work.specs[i]->fresh || !has_process(*work.specs[i]);
  }
}

// A round is read when the one before it is nearly over, and all before that are told: memory stays flat. One without
// tries would be the same again.
bool Run::wants_round() const {
  return waiting_.empty() && standing_.empty() && in_round_ > 0 && rounds_ < options_.repeat &&
         works_.size() <= files_.size();
}

void Run::start_jobs() {
  while (active_.size() + parties_.size() < options_.jobs && !summary_.interrupted) {
    if (!standing_.empty()) {
      Group group = std::move(standing_.front());
      standing_.pop_front();
      start(std::move(group));
      continue;
    }
    if (wants_round()) add_round();
    if (waiting_.empty()) return;
    start(take_waiting());
  }
}

/// The next group, and those that may share its proxy process.
std::vector<Group> Run::take_waiting() {
  std::vector<Group> taken;
  for (auto it = waiting_.begin(); it != waiting_.end() && taken.size() < most_sites;) {
    const bool fits = taken.empty() || may_share(taken.front(), *it);
    if (fits) taken.push_back(std::move(*it));
    it = fits ? waiting_.erase(it) : std::next(it);
  }
  return taken;
}

void Run::start(std::vector<Group> groups) {
  if (groups.size() == 1) return start(std::move(groups.front()));
  auto party = std::make_unique<Party>();
  std::string key;
  for (Group& group : groups) {
    group.stage = Stage::prepare(workshop_, group.first().stage);
    const std::string own = group.stage->share_key();
    if (key.empty()) key = own;
    if (!own.empty() && own == key) {
      party->groups.push_back(std::move(group));
      continue;
    }
    group.alone = true;  // its origins' ports are not yet known to any proxy: it begins anew
    group.stage.reset();
    waiting_.push_front(std::move(group));
  }
  if (party->groups.empty()) return start_jobs();
  std::vector<Stage*> guests;
  for (const Group& group : party->groups) guests.push_back(group.stage.get());
  Stage* host = guests.front();
  guests.erase(guests.begin());
  Party* known = parties_.emplace_back(std::move(party)).get();
  host->start(std::move(guests), [this, known](std::optional<Unready> problem) { joined(known, std::move(problem)); });
}

void Run::joined(Party* party, std::optional<Unready> problem) {
  // The stages may not be destroyed from inside the host's own call.
  workshop_.loop.post([this, party, problem = std::move(problem)] {
    for (Group& group : party->groups) {
      group.alone = problem.has_value();
      if (problem) group.stage.reset();
      (problem ? waiting_ : standing_).push_back(std::move(group));
    }
    std::erase_if(parties_, [&](const auto& one) { return one.get() == party; });
    start_jobs();
  });
}

void Run::start(Group group) {
  Active* active = active_.emplace_back(std::make_unique<Active>()).get();
  active->group = std::move(group);
  active->shared = active->group.stage != nullptr;
  std::vector<const TrySpec*> tries;
  for (const std::size_t i : active->group.tries) tries.push_back(active->group.work->specs[i]);
  auto done = [this, active](std::vector<path::TryOutcome> outcomes) { job_done(active, std::move(outcomes)); };
  if (active->shared)
    active->job = std::make_unique<Job>(workshop_, std::move(tries), std::move(active->group.stage), std::move(done));
  else
    active->job = std::make_unique<Job>(workshop_, std::move(tries), std::move(done));
}

void Run::job_done(Active* active, std::vector<path::TryOutcome> outcomes) {
  // A shared process that has ended may have been another try's victim: this one gets its own.
  const bool again = active->shared && active->job->lost_proxy();
  if (!again) keep(active->group, std::move(outcomes));
  // The job may not be destroyed from inside its own call.
  workshop_.loop.post([this, active, again] {
    active->group.alone = true;
    if (again) waiting_.push_front(std::move(active->group));
    std::erase_if(active_, [&](const auto& one) { return one.get() == active; });
    start_jobs();
  });
}

void Run::keep(const Group& group, std::vector<path::TryOutcome> outcomes) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    group.work->outcomes[group.tries[i]] = std::move(outcomes[i]);
    --group.work->open;
    if (group.tries[i] < group.work->tries()) ++ended_;
  }
  tell_finished();
  if (options_.progress)
    options_.progress(std::to_string(ended_) + " of " + std::to_string(in_round_ * options_.repeat) + " tries");
}

void Run::tell_finished() {
  while (!works_.empty() && works_.front().open == 0) {
    Work& work = works_.front();
    for (std::size_t i = 0; i < work.tries(); ++i) {
      if (!work.outcomes[i]) continue;
      weigh(work, i);
      work.outcome.tries.push_back(std::move(*work.outcomes[i]));
    }
    const path::Counts counts = path::count(work.outcome);
    summary_.counts.passed += counts.passed;
    summary_.counts.failed += counts.failed;
    summary_.counts.errors += counts.errors;
    summary_.counts.skipped += counts.skipped;
    if (counts.total() > 0) finished_(std::move(work.outcome));
    works_.pop_front();
  }
}

// What has ended is told; what has not is counted.
void Run::stop() {
  for (const auto& active : active_)
    if (active->job) keep(active->group, active->job->take_outcomes());
  active_.clear();
  parties_.clear();
  standing_.clear();
  waiting_.clear();
  std::size_t open = in_round_ * (options_.repeat - rounds_);
  for (Work& work : works_) {
    for (std::size_t i = 0; i < work.tries(); ++i) {
      if (!work.outcomes[work.twin_of[i]]) work.outcomes[i].reset();  // never told without its control
      if (!work.outcomes[i]) ++open;
    }
    work.open = 0;
  }
  summary_.not_run = static_cast<unsigned>(std::min<std::size_t>(open, std::numeric_limits<unsigned>::max()));
  tell_finished();
}

RunSummary Run::perform() {
  net::Interrupt interrupt(workshop_.loop, [this](int) { summary_.interrupted = true; });
  add_round();
  start_jobs();
  workshop_.loop.run_until([this] {
    return summary_.interrupted || (active_.empty() && parties_.empty() && waiting_.empty() && standing_.empty());
  });
  stop();
  return summary_;
}

}  // namespace

Result<RunSummary> run_scenarios(const RunOptions& options,
                                 const std::function<void(path::ScenarioOutcome)>& finished) {
  const auto files = scenario_files(options.paths);
  if (!files) return tl::unexpected(files.error());
  net::Loop loop;
  auto mint = certs::Mint::create(std::chrono::system_clock::now());
  if (!mint) return tl::unexpected(mint.error());
  Workshop workshop{loop, **mint, std::nullopt};
  RunOptions settled = options;
  if (!options.driver.empty()) {
    auto driver = proxy::read_driver(options.driver);
    if (!driver) return tl::unexpected(driver.error());
    settled.read.proxy = driver->name;  // as with --proxy: a matrix of proxies is not run several times on this one
    workshop.own_driver = std::move(*driver);
  }
  RunSummary summary = Run(settled, *files, workshop, finished).perform();
  summary.proxy = settled.read.proxy;
  summary.took = loop.now();
  return summary;
}

}  // namespace bothends::run
