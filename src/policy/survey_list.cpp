#include "policy/survey_list.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace bothends::policy {

namespace {

constexpr unsigned doubts = 5;

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

wire::Codes without(wire::Codes codes, const wire::Codes& gone) {
  std::erase_if(codes, [&](std::uint16_t code) { return contains(gone, code); });
  return codes;
}

/// Kept alive by the continuations of its questions.
class ListSurvey : public std::enable_shared_from_this<ListSurvey> {
 public:
  ListSurvey(SurveyQueue& queue, ListTopic topic, std::function<void(Listed)> done)
      : queue_(queue), topic_(std::move(topic)), done_(std::move(done)) {}

  void begin();

 private:
  using Step = void (ListSurvey::*)(const Answer&);

  void ask(const wire::Codes& codes, Step step) {
    queue_.ask(topic_.question(codes),
               [self = shared_from_this(), step](const Answer& answer) { (self.get()->*step)(answer); });
  }
  std::uint16_t taken(const Answer& answer, const wire::Codes& left) const;
  void first(const Answer& answer);
  void reversed(const Answer& answer);
  void eliminate();
  void step(std::size_t list);
  void stepped(std::size_t list, const Answer& answer);
  void insist(std::size_t list);
  void insisted(std::size_t list, const Answer& answer);
  void confirm();
  void doubt();
  void finish();
  void contradict(std::uint16_t code) { topic_.contradicted(code); }
  wire::Codes in_order(const wire::Codes& codes) const;
  Preference preference() const;

  SurveyQueue& queue_;
  ListTopic topic_;
  std::function<void(Listed)> done_;
  Listed listed_;
  std::uint16_t first_ = 0, reversed_ = 0;
  wire::Codes insisted_;                   // what was taken of those copies
  std::vector<wire::Codes> left_, taken_;  // of each list
  unsigned insisting_ = 0;                 // copies of a question that are out
  std::size_t open_ = 0;                   // first questions, then lists that are under way
  bool asks_both_ = false, is_as_offered_ = true;
};

void ListSurvey::begin() {
  if (topic_.candidates.empty()) return done_({});
  asks_both_ = topic_.ordered && topic_.candidates.size() > 1;
  open_ = 2;
  if (asks_both_ && topic_.reversed)
    reversed(*topic_.reversed);
  else if (asks_both_)
    ask({topic_.candidates.rbegin(), topic_.candidates.rend()}, &ListSurvey::reversed);
  else
    --open_;
  if (topic_.first) return first(*topic_.first);
  ask(topic_.candidates, &ListSurvey::first);
}

std::uint16_t ListSurvey::taken(const Answer& answer, const wire::Codes& left) const {
  if (answer.kind != Answer::Kind::accepted) return 0;
  const auto code = topic_.chosen(answer);
  if (code == 0 || contains(left, code)) return code;
  topic_.unoffered(code);
  return 0;
}

void ListSurvey::first(const Answer& answer) {
  first_ = taken(answer, topic_.candidates);
  if (first_ != 0) topic_.took(first_);
  if (answer.kind == Answer::Kind::none) listed_.unknown = topic_.candidates;
  if (answer.kind != Answer::Kind::none && first_ == 0) {
    listed_.alert = answer.alert;
    if (topic_.patience > 1) return insist(0);
  }
  if (--open_ == 0) eliminate();
}

void ListSurvey::reversed(const Answer& answer) {
  reversed_ = taken(answer, topic_.candidates);
  if (--open_ == 0) eliminate();
}

/// The server's order shows only when all that is left is offered at once; where it does not count, several lists can
/// be asked about side by side, each with every so-many-th code, so that they take equally long.
void ListSurvey::eliminate() {
  if (first_ == 0 && reversed_ != 0) contradict(reversed_);
  if (first_ == 0) return finish();
  const bool any_order = !topic_.ordered || (reversed_ != 0 && reversed_ != first_);
  const auto rest = without(topic_.candidates, {first_});
  const std::size_t lists =
      any_order ? std::clamp<std::size_t>(topic_.lists(), 1, std::max<std::size_t>(rest.size(), 1)) : 1;
  left_.resize(lists);
  taken_.resize(lists);
  for (std::size_t at = 0; at < rest.size(); ++at) left_[at % lists].push_back(rest[at]);
  open_ = lists;
  for (std::size_t list = 0; list < lists; ++list) step(list);
}

void ListSurvey::step(std::size_t list) {
  if (!left_[list].empty())
    return queue_.ask(topic_.question(left_[list]),
                      [self = shared_from_this(), list](const Answer& answer) { self->stepped(list, answer); });
  if (--open_ > 0) return;
  listed_.accepted.push_back(first_);
  for (const auto& codes : taken_) {
    is_as_offered_ = is_as_offered_ && codes == in_order(codes);
    listed_.accepted.insert(listed_.accepted.end(), codes.begin(), codes.end());
  }
  if (taken_.size() > 1) listed_.accepted = in_order(listed_.accepted);
  finish();
}

void ListSurvey::stepped(std::size_t list, const Answer& answer) {
  const auto code = taken(answer, left_[list]);
  if (code != 0) {
    taken_[list].push_back(code);
    topic_.took(code);
    std::erase(left_[list], code);
  } else if (answer.kind == Answer::Kind::refused && topic_.patience > 1) {
    return insist(list);
  } else {
    if (answer.kind == Answer::Kind::none)
      listed_.unknown.insert(listed_.unknown.end(), left_[list].begin(), left_[list].end());
    else if (answer.kind == Answer::Kind::refused)
      listed_.alert = answer.alert;
    left_[list].clear();
  }
  step(list);
}

/// The same question many times at once: with servers that take turns, each gets it, whatever else is asked meanwhile.
void ListSurvey::insist(std::size_t list) {
  const auto& left = left_.empty() ? topic_.candidates : left_[list];
  insisting_ = topic_.patience;
  for (unsigned copy = 0; copy < topic_.patience; ++copy)
    queue_.ask(topic_.question(left),
               [self = shared_from_this(), list](const Answer& answer) { self->insisted(list, answer); });
}

/// What several of them took counts once each; when none took anything, the list is at its end.
void ListSurvey::insisted(std::size_t list, const Answer& answer) {
  const auto& left = left_.empty() ? topic_.candidates : left_[list];
  if (const auto code = taken(answer, left); code != 0 && !contains(insisted_, code)) insisted_.push_back(code);
  if (--insisting_ > 0) return;
  const auto codes = std::exchange(insisted_, {});
  for (const auto code : codes) topic_.took(code);
  if (left_.empty()) {  // it was the first question
    first_ = codes.empty() ? 0 : codes.front();
    if (--open_ == 0) eliminate();
    return;
  }
  taken_[list].insert(taken_[list].end(), codes.begin(), codes.end());
  left_[list] = codes.empty() ? wire::Codes{} : without(left_[list], codes);
  step(list);
}

/// Nobody waits for this: what comes of it is told when it comes.
void ListSurvey::confirm() {
  const auto refused = without(without(topic_.candidates, listed_.accepted), listed_.unknown);
  if (refused.empty()) return;
  for (unsigned again = 0; again < topic_.confirmations; ++again)
    queue_.ask(topic_.question(refused),
               [contradicted = topic_.contradicted, chosen = topic_.chosen, refused](const Answer& answer) {
                 if (answer.kind != Answer::Kind::accepted) return;
                 if (const auto code = chosen(answer); contains(refused, code)) contradicted(code);
               });
}

/// An order that is neither the server's nor the client's may be that of several servers: then the first question has
/// more than one answer.
void ListSurvey::doubt() {
  for (unsigned again = 0; again < doubts; ++again)
    queue_.ask(topic_.question(topic_.candidates),
               [contradicted = topic_.contradicted, chosen = topic_.chosen, first = first_](const Answer& answer) {
                 if (answer.kind == Answer::Kind::refused) contradicted(first);
                 if (answer.kind == Answer::Kind::accepted && chosen(answer) != first) contradicted(chosen(answer));
               });
}

/// What is taken of the list, as the candidates stand.
wire::Codes ListSurvey::in_order(const wire::Codes& codes) const {
  auto ordered = topic_.candidates;
  std::erase_if(ordered, [&](std::uint16_t code) { return !contains(codes, code); });
  return ordered;
}

Preference ListSurvey::preference() const {
  if (!topic_.ordered || listed_.accepted.empty()) return Preference::unknown;
  if (listed_.accepted.size() == 1) return Preference::none;
  if (reversed_ == 0) return Preference::unknown;
  if (reversed_ == first_) return Preference::server;
  const auto offered = in_order(listed_.accepted);
  const bool as_offered = is_as_offered_ && offered == listed_.accepted && reversed_ == offered.back();
  return as_offered ? Preference::client : Preference::adaptive;
}

void ListSurvey::finish() {
  listed_.by = preference();
  confirm();
  if (listed_.by == Preference::adaptive) doubt();
  done_(std::move(listed_));
}

}  // namespace

void survey_list(SurveyQueue& queue, ListTopic topic, std::function<void(Listed)> done) {
  std::make_shared<ListSurvey>(queue, std::move(topic), std::move(done))->begin();
}

}  // namespace bothends::policy
