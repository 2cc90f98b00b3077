#include "policy/survey_queue.hpp"

#include <memory>

namespace bothends::policy {

namespace {

bool is_closed(const Answer& answer) { return answer.how == Ending::How::eof || answer.how == Ending::How::reset; }

/// Nothing that asking again could change: no TLS, or not the peer's doing.
bool is_final(const Answer& answer) {
  return answer.how == Ending::How::foreign || answer.how == Ending::How::failed || answer.how == Ending::How::stopped;
}

/// internal_error is no answer to what was asked, unless it comes again.
bool is_accident(unsigned tries, const Answer& answer) {
  return answer.kind == Answer::Kind::refused && answer.alert == wire::internal_error && tries < 3;
}

/// Waiting is dear, so a silent peer is asked less often than one that closes.
unsigned tries_for(const Answer& answer) {
  return answer.how == Ending::How::timed_out || answer.how == Ending::How::malformed ? 2 : Survey::attempts;
}

}  // namespace

void SurveyQueue::ask(Question question, Then then) { waiting_.push_back({std::move(question), std::move(then)}); }

std::vector<Survey::Numbered> SurveyQueue::next(std::size_t room) {
  std::vector<Survey::Numbered> questions;
  while (questions.size() < room && !waiting_.empty()) {
    Pending pending = std::move(waiting_.front());
    waiting_.pop_front();
    ++asked_;
    ++pending.tries;
    questions.push_back({++number_, pending.question});
    out_.emplace(number_, std::move(pending));
  }
  return questions;
}

void SurveyQueue::absorb(std::size_t number, Answer answer) {
  const auto at = out_.find(number);
  if (at == out_.end()) return;
  Pending pending = std::move(at->second);
  out_.erase(at);
  if (heard) heard(pending.question, answer);
  if (answer.kind == Answer::Kind::none) return unanswered(std::move(pending), std::move(answer));
  if (is_accident(pending.tries, answer)) return unanswered(std::move(pending), std::move(answer));
  if (answer.kind == Answer::Kind::refused && answer.alert) ++alerts_;
  if (answer.kind == Answer::Kind::accepted) {
    ++accepted_;
    if (!canary_ && pending.question.until != Question::Until::whole) canary_ = pending.question;
  }
  pending.then(answer);
}

void SurveyQueue::unanswered(Pending pending, Answer answer) {
  if (is_silent_refusal(pending, answer)) {
    ++silent_refusals_;
    answer.kind = Answer::Kind::refused;
    return pending.then(answer);
  }
  if (pending.is_canary || is_final(answer) || pending.tries >= tries_for(answer)) return pending.then(answer);
  if (!canary_) return waiting_.push_back(std::move(pending));
  // What was answered before is asked in between: then it shows whether the peer lives.
  auto again = std::make_shared<Pending>(std::move(pending));
  ask(*canary_, [this, again](const Answer&) { waiting_.push_back(std::move(*again)); });
  waiting_.back().is_canary = true;
}

bool SurveyQueue::is_silent_refusal(Pending& pending, const Answer& answer) {
  if (!is_closed(answer) || (answer.how == Ending::How::reset && alerts_ > 0)) return false;
  if (pending.tries > 1 && accepted_ > pending.answered_before) ++pending.closed_while_alive;
  pending.answered_before = accepted_;
  // One that has refused by an alert hardly closes to refuse: more is asked for.
  const unsigned needed = alerts_ > 0 ? 3 : silent_refusals_ >= 2 ? 1 : 2;
  return pending.closed_while_alive >= needed;
}

void SurveyQueue::clear() {
  waiting_.clear();
  out_.clear();
}

}  // namespace bothends::policy
