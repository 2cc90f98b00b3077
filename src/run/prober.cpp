#include "run/prober.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "run/unanswered.hpp"

namespace bothends::run {

namespace {

using policy::Answer;
using policy::Question;
using How = policy::Ending::How;

constexpr unsigned first_questions = 4;      // out at once before the first answer, and without one the last
constexpr unsigned first_patience = 3;       // unanswered in a row before it is looked into
constexpr unsigned window_per_patience = 5;  // of these answers, half must be missing
constexpr double below = 0.8;                // of what the target took before it turned us away

unsigned connections_of(const Question& question) { return question.resume == Question::Resume::no ? 1 : 2; }

std::string seconds_text(microseconds time) {
  return fmt::format("{:.3g} s", std::chrono::duration<double>(time).count());
}

/// Until so many connections more may begin; years, where that would be longer.
microseconds time_for(double connections, double rate) {
  constexpr double longest = 1e15;
  return microseconds(static_cast<std::int64_t>(std::min(1e6 * connections / rate, longest)));
}

}  // namespace

class Prober::State : public std::enable_shared_from_this<Prober::State> {
 public:
  State(net::Loop& loop, Plan& plan, Ask ask, const Pace& pace, Callbacks callbacks)
      : loop_(loop), plan_(plan), ask_(std::move(ask)), pace_(pace), callbacks_(std::move(callbacks)) {
    limit_ = std::max(1U, pace_.connections);
    rate_ = std::max(0.0, pace_.per_second);
    begun_ = cycle_begun_ = next_at_ = loop_.now();
  }

  void begin() {
    tick_ = std::make_unique<net::Timer>(loop_, milliseconds{0}, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->pump();
    });
  }
  void interrupt() {
    interrupted_ = true;
    if (tick_) tick_->restart(milliseconds{0});
  }
  void go_on() { pump(); }
  void forget() {
    mode_ = Mode::ended;
    tick_.reset();
  }

 private:
  enum class Mode { asking, draining, testing, waiting, ended };
  enum class Purpose { first, again, canary };  // `again`: held back once, and asked more gently now
  struct Asked {
    std::size_t number = 0;
    Question question;
    Purpose purpose = Purpose::first;
    microseconds deadline{0};
  };
  struct Held {
    unsigned serial;
    Asked asked;
    Answer answer;
  };

  void pump();
  void watch_the_clock();
  void ask_more();
  bool ask_next();
  void ask_canary();
  void ask(Asked asked);
  bool may_ask_now() const { return rate_ <= 0 || loop_.now() >= next_at_; }
  std::size_t room() const;

  void came(unsigned serial, Answer answer);
  void answered(unsigned serial, Asked asked, Answer answer);
  void unanswered(unsigned serial, Asked asked, Answer answer);
  void unanswered_at_first(unsigned serial, Asked asked, Answer answer);
  bool is_suspicious(How how) const;
  void release(unsigned before);
  void ask_held_again(Purpose purpose);

  void canary_came(const Answer& answer);
  void back_off();
  void learn_rate();
  void slow_down();
  void ask_less_at_once();

  void finish(std::string reason);
  void schedule();
  void say(const std::string& text) const {
    if (callbacks_.progress) callbacks_.progress(text);
  }

  net::Loop& loop_;
  Plan& plan_;
  Ask ask_;
  Pace pace_;
  Callbacks callbacks_;
  std::unique_ptr<net::Timer> tick_;

  Mode mode_ = Mode::asking;
  bool pumping_ = false, interrupted_ = false;
  Paced paced_;
  unsigned limit_ = 1;
  double rate_ = 0;          // connections a second; 0: not limited
  microseconds next_at_{0};  // with a rate: when the next may begin
  microseconds begun_{0}, wake_at_{0};
  unsigned last_serial_ = 0;
  std::map<unsigned, Asked> flying_;
  std::deque<Asked> again_;  // to be asked before anything new
  std::vector<Held> held_;   // unanswered; whether that is an answer is not known yet
  std::optional<Question> canary_;
  bool canary_is_cheap_ = false;

  unsigned first_unanswered_ = 0, first_foreign_ = 0;
  unsigned patience_ = first_patience, in_a_row_ = 0;
  std::deque<bool> recent_;  // of the last answers: was it one?
  unsigned waits_ = 0;       // since the canary fell silent
  microseconds cycle_begun_{0};
  unsigned taken_ = 0;  // answered since then
};

void Prober::State::pump() {
  if (pumping_ || !tick_) return;
  const auto alive = shared_from_this();
  pumping_ = true;
  if (mode_ != Mode::ended) watch_the_clock();
  if (mode_ == Mode::draining && plan_.done()) finish({});
  if (mode_ == Mode::draining && flying_.empty()) ask_canary();
  if (mode_ == Mode::waiting && loop_.now() >= wake_at_) ask_canary();
  if (mode_ == Mode::asking) ask_more();
  pumping_ = false;
  if (mode_ != Mode::ended) return schedule();
  tick_.reset();
  flying_.clear();
  if (const auto ended = std::exchange(callbacks_.ended, nullptr)) ended(paced_);
}

void Prober::State::watch_the_clock() {
  const auto now = loop_.now();
  std::vector<unsigned> late;
  for (const auto& [serial, asked] : flying_)
    if (asked.deadline <= now) late.push_back(serial);
  for (const auto serial : late) {
    Answer answer;
    answer.how = How::timed_out;
    came(serial, answer);
  }
  if (mode_ == Mode::ended) return;
  if (interrupted_) {
    paced_.interrupted = true;
    return finish("interrupted");
  }
  if (now - begun_ >= pace_.total) finish("the time of " + seconds_text(pace_.total) + " was up");
}

std::size_t Prober::State::room() const {
  std::size_t limit = limit_;
  if (!paced_.reached) limit = std::min<std::size_t>(limit, first_questions);
  if (!again_.empty()) limit = std::max<std::size_t>(1, limit / 2);
  const std::size_t left = limit > flying_.size() ? limit - flying_.size() : 0;
  return callbacks_.room ? std::min<std::size_t>(left, callbacks_.room()) : left;
}

void Prober::State::ask_more() {
  while (mode_ == Mode::asking) {
    if (plan_.done()) return finish({});
    if (room() == 0 || !may_ask_now()) return;
    if (ask_next()) continue;
    if (!flying_.empty()) return;
    // What the plan waits for is held back by us: without a later answer to compare with, it counts as it is.
    if (held_.empty()) return finish("there was nothing left to ask");
    release(last_serial_ + 1);
  }
}

bool Prober::State::ask_next() {
  if (!again_.empty()) {
    auto asked = std::move(again_.front());
    again_.pop_front();
    ask(std::move(asked));
    return true;
  }
  auto questions = plan_.next(rate_ > 0 ? 1 : room());
  for (auto& [number, question] : questions) ask({number, std::move(question)});
  return !questions.empty();
}

void Prober::State::ask_canary() {
  if (!may_ask_now() || room() == 0) return;
  mode_ = Mode::testing;
  ask({0, *canary_, Purpose::canary});
}

void Prober::State::ask(Asked asked) {
  const auto now = loop_.now();
  const auto count = connections_of(asked.question);
  if (rate_ > 0) next_at_ = std::max(next_at_, now) + time_for(count, rate_);
  paced_.connections += count;
  asked.deadline = now + pace_.question * count * 3 / 2;
  const auto question = asked.question;
  const auto serial = ++last_serial_;
  flying_.emplace(serial, std::move(asked));
  ask_(question, [weak = weak_from_this(), serial](Answer answer) {
    const auto self = weak.lock();
    if (!self) return;
    self->came(serial, std::move(answer));
    self->pump();
  });
}

void Prober::State::came(unsigned serial, Answer answer) {
  const auto found = flying_.find(serial);
  if (found == flying_.end() || mode_ == Mode::ended) return;
  auto asked = std::move(found->second);
  flying_.erase(found);
  const bool is_one = answer.kind != Answer::Kind::none;
  if (is_one && answer.took.count() > 0 && (paced_.round_trip.count() == 0 || answer.took < paced_.round_trip))
    paced_.round_trip = answer.took;
  if (asked.purpose == Purpose::canary) return canary_came(answer);
  recent_.push_back(is_one);
  if (recent_.size() > patience_ * window_per_patience) recent_.pop_front();
  if (is_one) return answered(serial, std::move(asked), std::move(answer));
  if (!paced_.reached) return unanswered_at_first(serial, std::move(asked), std::move(answer));
  unanswered(serial, std::move(asked), std::move(answer));
}

void Prober::State::answered(unsigned serial, Asked asked, Answer answer) {
  paced_.reached = true;
  ++taken_;
  in_a_row_ = 0;
  const bool is_cheap = answer.kind == Answer::Kind::accepted && asked.question.until == Question::Until::hello;
  if (!canary_ || (is_cheap && !canary_is_cheap_)) {
    canary_ = asked.question;
    canary_is_cheap_ = is_cheap;
  }
  plan_.absorb(asked.number, std::move(answer));
  release(serial);  // it was asked later than those and found an answer
  if (asked.purpose == Purpose::again) ask_less_at_once();
}

/// One that does not speak TLS may stand behind the same address as others that do: all first answers must say so.
void Prober::State::unanswered_at_first(unsigned serial, Asked asked, Answer answer) {
  const auto how = answer.how;
  if (how == How::failed) return plan_.absorb(asked.number, std::move(answer));  // we could not put it
  ++first_unanswered_;
  if (how == How::foreign) {
    ++first_foreign_;
    held_.push_back({serial, std::move(asked), std::move(answer)});
  } else {
    plan_.absorb(asked.number, std::move(answer));
  }
  if (nobody_listens(how)) return finish("nobody listens there (" + words_of(how) + ")");
  if (first_unanswered_ < first_questions) return;
  release(last_serial_ + 1);
  if (first_foreign_ == first_unanswered_) return finish(plan_.done() ? "" : "it does not speak TLS");
  finish(fmt::format("no answer to the first {} questions ({})", first_unanswered_, words_of(how)));
}

void Prober::State::unanswered(unsigned serial, Asked asked, Answer answer) {
  const auto how = answer.how;
  if (asked.purpose == Purpose::again || !may_be_throttling(how)) return plan_.absorb(asked.number, std::move(answer));
  ++in_a_row_;
  held_.push_back({serial, std::move(asked), std::move(answer)});
  if (mode_ == Mode::asking && is_suspicious(how)) mode_ = Mode::draining;
}

bool Prober::State::is_suspicious(How how) const {
  if (nobody_listens(how) || in_a_row_ >= patience_) return true;
  const auto missing = static_cast<std::size_t>(std::count(recent_.begin(), recent_.end(), false));
  return recent_.size() >= patience_ * window_per_patience && missing * 2 >= recent_.size();
}

void Prober::State::release(unsigned before) {
  const bool is_mixed = !paced_.reached && first_foreign_ < first_unanswered_;
  for (auto& held : std::exchange(held_, {})) {
    if (is_mixed) held.answer.how = How::malformed;  // foreign to TLS it is only where all are
    if (held.serial < before)
      plan_.absorb(held.asked.number, std::move(held.answer));
    else
      held_.push_back(std::move(held));
  }
}

void Prober::State::ask_held_again(Purpose purpose) {
  for (auto& held : std::exchange(held_, {})) {
    held.asked.purpose = purpose;
    again_.push_back(std::move(held.asked));
  }
  recent_.clear();
  in_a_row_ = 0;
  waits_ = 0;
  mode_ = Mode::asking;
}

void Prober::State::canary_came(const Answer& answer) {
  if (answer.kind == Answer::Kind::none) return back_off();
  if (waits_ > 0) return slow_down();
  // Either it does not take as many at once, or it leaves much unanswered: look into that less and less often.
  if (patience_ > first_patience) release(last_serial_ + 1);
  patience_ *= 2;
  ask_held_again(Purpose::again);
}

void Prober::State::back_off() {
  const auto wait = pace_.first_wait * (1 << std::min(waits_, 16U));
  if (waits_ == 0) {
    ++paced_.throttled;
    say(fmt::format("stopped answering after {} connections: waiting for {}", paced_.connections, seconds_text(wait)));
  }
  wake_at_ = loop_.now() + wait;
  ++waits_;
  mode_ = Mode::waiting;
  if (wake_at_ - begun_ >= pace_.total)
    return finish(fmt::format("the target stopped answering after {} connections, and did not begin again within {}",
                              paced_.connections, seconds_text(loop_.now() - begun_)));
  if (waits_ > 1) say("no answer yet: waiting for " + seconds_text(wait));
}

// Counted from the first question on, or from when it last answered again: the time for which it was silent is in it.
void Prober::State::learn_rate() {
  const auto now = loop_.now();
  const auto cycle = std::max(std::chrono::duration<double>(now - cycle_begun_).count(), 1e-3);
  const double learned = below * std::max(taken_, 1U) / cycle;
  rate_ = rate_ > 0 ? std::min(rate_ * below, learned) : learned;
  next_at_ = now + time_for(1, rate_);
  cycle_begun_ = now;
  taken_ = 1;  // the question that was just answered
}

void Prober::State::slow_down() {
  learn_rate();
  limit_ = std::max(1U, limit_ / 2);
  patience_ = first_patience;
  say(fmt::format("answers again: going on with {:.2g} connections a second", rate_));
  ask_held_again(Purpose::first);
}

void Prober::State::ask_less_at_once() {
  if (patience_ == first_patience) return;
  patience_ = first_patience;  // once for each time that it was looked into
  limit_ = std::max(1U, limit_ / 2);
  if (++paced_.throttled > 1) learn_rate();
  say(fmt::format("does not answer all that is asked at once: going on with {} connections at a time", limit_));
}

void Prober::State::finish(std::string reason) {
  if (mode_ == Mode::ended) return;
  mode_ = Mode::ended;
  if (!reason.empty()) {
    release(last_serial_ + 1);
    plan_.give_up(reason);
  }
  paced_.gave_up = std::move(reason);
  paced_.at_once = limit_;
  paced_.per_second = rate_;
  paced_.took = std::chrono::duration_cast<milliseconds>(loop_.now() - begun_);
}

void Prober::State::schedule() {
  const auto now = loop_.now();
  auto at = begun_ + pace_.total;
  for (const auto& [serial, asked] : flying_) at = std::min(at, asked.deadline);
  if (mode_ == Mode::waiting && (wake_at_ > now || room() > 0))
    at = std::min(at, std::max(wake_at_, rate_ > 0 ? next_at_ : wake_at_));
  const bool has_more = mode_ == Mode::asking ? room() > 0 : mode_ == Mode::draining && flying_.empty() && room() > 0;
  if (rate_ > 0 && has_more && next_at_ > now) at = std::min(at, next_at_);
  tick_->restart(std::chrono::ceil<milliseconds>(std::max(at - now, microseconds{0})));
}

Prober::Prober(net::Loop& loop, Plan& plan, Ask ask, const Pace& pace, Callbacks callbacks)
    : state_(std::make_shared<State>(loop, plan, std::move(ask), pace, std::move(callbacks))) {
  state_->begin();
}

Prober::~Prober() { state_->forget(); }

void Prober::go_on() { state_->go_on(); }

void Prober::interrupt() { state_->interrupt(); }

}  // namespace bothends::run
