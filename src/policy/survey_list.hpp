// Which codes of a list a server accepts, and in whose order: by elimination.
#pragma once

#include "policy/survey_queue.hpp"

namespace bothends::policy {

struct Listed {
  wire::Codes accepted;  // in the order in which the server took them
  Preference by = Preference::unknown;
  wire::Codes unknown;                // the last question about these had no answer
  std::optional<std::uint8_t> alert;  // that refused what is not accepted
};

struct ListTopic {
  wire::Codes candidates;
  std::function<Question(const wire::Codes& left)> question;
  /// Which of them it took; 0: none of them, which counts as refused.
  std::function<std::uint16_t(const Answer&)> chosen;
  std::optional<Answer> first;     // to question(candidates), when that was asked already
  std::optional<Answer> reversed;  // the same to the candidates from the last to the first
  bool ordered = true;             // find out whose order counts, too
  unsigned confirmations = 0;      // how often what was refused is asked again
  unsigned patience = 1;           // so many refusals of one question are believed: in a pool others may accept
  /// Accepted when it was asked again, having been refused; may come after `done`.
  std::function<void(std::uint16_t)> contradicted = [](std::uint16_t) {};
  /// Told of a code that was chosen though it was not offered.
  std::function<void(std::uint16_t)> unoffered = [](std::uint16_t) {};
  /// Told of each code as it is taken, so that nothing is lost when the survey is given up.
  std::function<void(std::uint16_t)> took = [](std::uint16_t) {};
  /// Where the server's order does not count, so many lists side by side; asked when the first answers are here.
  std::function<unsigned()> lists = [] { return 1U; };
};

/// `done` comes once, from inside SurveyQueue::absorb(), unless the queue is cleared before.
void survey_list(SurveyQueue& queue, ListTopic topic, std::function<void(Listed)> done);

}  // namespace bothends::policy
