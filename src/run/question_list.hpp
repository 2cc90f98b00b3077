// Questions that do not depend on each other, as what the prober asks.
#pragma once

#include <deque>

#include "run/prober.hpp"

namespace bothends::run {

/// Each is asked until there is an answer, at most Survey::attempts times.
class QuestionList final : public Plan {
 public:
  explicit QuestionList(std::vector<policy::Question> questions);
  std::vector<policy::Survey::Numbered> next(std::size_t room) override;
  void absorb(std::size_t number, policy::Answer answer) override;
  bool done() const override { return left_ == 0; }
  void give_up(std::string_view reason) override;

  const std::vector<policy::Question>& questions() const { return questions_; }
  /// In their order; Kind::none for what found no answer, with the reason for what was not asked.
  const std::vector<policy::Answer>& answers() const { return answers_; }

 private:
  std::vector<policy::Question> questions_;
  std::vector<policy::Answer> answers_;
  std::vector<unsigned> attempts_;
  std::deque<std::size_t> waiting_;
  std::size_t left_;  // without an answer yet
};

}  // namespace bothends::run
