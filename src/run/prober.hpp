// The pace at which a survey's questions go out to one target: so many at a time, so many a second, and less when the
// target begins to turn us away. What does not answer is told from what does not answer any more.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/loop.hpp"
#include "policy/survey.hpp"

namespace bothends::run {

using net::microseconds;
using net::milliseconds;

/// What there is to ask, by the contract of policy::Survey; survey_plan.hpp makes one of that.
class Plan {
 public:
  virtual ~Plan() = default;
  virtual std::vector<policy::Survey::Numbered> next(std::size_t room) = 0;
  virtual void absorb(std::size_t number, policy::Answer answer) = 0;
  virtual bool done() const = 0;
  virtual void give_up(std::string_view reason) = 0;
};

struct Pace {
  unsigned connections = 16;      // side by side at most
  double per_second = 0;          // connections; 0: as many as there are answers
  milliseconds question{5000};    // for each connection of a question
  milliseconds total{60000};      // for all
  milliseconds first_wait{1000};  // when the target turns us away; doubled while it does
};

/// How it went.
struct Paced {
  unsigned connections = 0;    // begun
  unsigned throttled = 0;      // how often the target made us back off
  microseconds round_trip{0};  // the shortest answer; 0: there was none
  milliseconds took{0};
  unsigned at_once = 0;   // how many connections, and at what rate, it would have gone on with
  double per_second = 0;  // 0: at no rate
  bool interrupted = false;
  bool reached = false;  // it answered at least once
  std::string gave_up;   // why the plan was given up; empty: it was done
};

/// Asks all that a plan has to ask. Until the first answer, few questions are out at once; when none of those is
/// answered the plan is given up. Once the target has answered, questions that suddenly find no answer are held back,
/// and one that had been answered is asked again:
/// - it is answered: the others are asked a second time, fewer at once, and what they come to then counts. Where that
///   is an answer, all goes on with half as many at once, and from the second such time on at a rate too;
/// - it is not: the target has had enough of us. Nothing is asked for first_wait, then twice as long, and so on, but
///   that one question after each wait. When it is answered, all goes on at a rate below what the target has taken, and
///   with half as many at once. What was turned away meanwhile does not count as asked.
class Prober {
 public:
  using Answered = std::function<void(policy::Answer)>;
  /// Asks one question (its second handshake too, where there is one), with Pace::question for each connection, and
  /// calls back once, at any time, also when this is gone. Half as long again after that time no answer is waited for.
  using Ask = std::function<void(const policy::Question&, Answered)>;
  struct Callbacks {
    std::function<void(const std::string&)> progress;  // for people: "stopped answering after 30 connections: …"
    std::function<void(const Paced&)> ended;           // once, from the loop; may destroy the Prober
    /// How many connections there may be besides those that there are: also such as are answered and not gone yet.
    /// Tell go_on() when that grows without an answer. Not set: only those that are not answered yet count.
    std::function<unsigned()> room = {};
  };

  /// `plan` must outlive it. Nothing is asked before the loop turns.
  Prober(net::Loop& loop, Plan& plan, Ask ask, const Pace& pace, Callbacks callbacks);
  ~Prober();  // answers that are still to come are dropped
  Prober(const Prober&) = delete;

  /// To be called from the loop when there is more room.
  void go_on();
  /// Gives the plan up ("interrupted"); `ended` follows from the loop.
  void interrupt();

  class State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace bothends::run
