// The questions of a survey on their way: which are to be asked, which are out, and what a missing answer means.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "policy/survey.hpp"

namespace bothends::policy {

class SurveyQueue {
 public:
  using Then = std::function<void(const Answer&)>;

  /// `then` comes once, from inside absorb(): with an answer, or with the last of several failures to get one.
  void ask(Question question, Then then);
  std::vector<Survey::Numbered> next(std::size_t room);
  void absorb(std::size_t number, Answer answer);
  bool empty() const { return waiting_.empty() && out_.empty(); }
  /// Forgets everything that was to be asked; answers that are still out count for nothing.
  void clear();
  unsigned asked() const { return asked_; }

  /// Called with every answer that came, before whoever asked.
  std::function<void(const Question&, const Answer&)> heard;

 private:
  struct Pending {
    Question question;
    Then then;
    unsigned tries = 0;
    unsigned closed_while_alive = 0;  // how often it was closed although others were answered since the last time
    unsigned answered_before = 0;     // accepted_ when it was closed last
    bool is_canary = false;           // only asked to see whether the peer lives
  };

  void unanswered(Pending pending, Answer answer);
  /// Closing is how some servers refuse (mbedTLS, IIS): known when they do so again and again, being alive in between.
  bool is_silent_refusal(Pending& pending, const Answer& answer);

  std::deque<Pending> waiting_;
  std::map<std::size_t, Pending> out_;
  std::optional<Question> canary_;  // a question that was accepted
  unsigned accepted_ = 0;
  unsigned silent_refusals_ = 0;
  unsigned alerts_ = 0;  // refusals by one
  unsigned asked_ = 0;
  std::size_t number_ = 0;
};

}  // namespace bothends::policy
