#include "run/question_list.hpp"

namespace bothends::run {

using policy::Answer;

QuestionList::QuestionList(std::vector<policy::Question> questions)
    : questions_(std::move(questions)),
      answers_(questions_.size()),
      attempts_(questions_.size()),
      left_(questions_.size()) {
  for (std::size_t number = 0; number < questions_.size(); ++number) waiting_.push_back(number);
}

std::vector<policy::Survey::Numbered> QuestionList::next(std::size_t room) {
  std::vector<policy::Survey::Numbered> questions;
  while (questions.size() < room && !waiting_.empty()) {
    const auto number = waiting_.front();
    waiting_.pop_front();
    ++attempts_[number];
    questions.push_back({number, questions_[number]});
  }
  return questions;
}

void QuestionList::absorb(std::size_t number, Answer answer) {
  if (left_ == 0) return;
  // What could not be put cannot be put a second time, and a handshake that our own stack ended is an answer.
  using How = policy::Ending::How;
  const bool is_ours = answer.how == How::failed || answer.how == How::alert_sent;
  const bool again = answer.kind == Answer::Kind::none && !is_ours && attempts_[number] < policy::Survey::attempts;
  answers_[number] = std::move(answer);
  if (again)
    waiting_.push_back(number);
  else
    --left_;
}

void QuestionList::give_up(std::string_view reason) {
  for (auto& answer : answers_)
    if (answer.kind == Answer::Kind::none && answer.note.empty()) answer.note = reason;
  left_ = 0;
}

}  // namespace bothends::run
