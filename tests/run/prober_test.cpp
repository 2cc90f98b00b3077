#include "run/prober.hpp"

#include <deque>
#include <map>
#include <optional>

#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

using policy::Answer;
using policy::Question;
using How = policy::Ending::How;

Answer yes() { return {.kind = Answer::Kind::accepted, .took = net::microseconds{700}}; }
Answer nothing(How how) { return {.kind = Answer::Kind::none, .how = how}; }

/// So many questions that do not depend on each other, at most `wide` of them out at once, each tried four times.
class FakePlan : public Plan {
 public:
  explicit FakePlan(std::size_t count, std::size_t wide = 1000) : count_(count), wide_(wide) {
    for (std::size_t i = 0; i < count; ++i) left_.push_back(i);
  }

  std::vector<policy::Survey::Numbered> next(std::size_t room) override {
    std::vector<policy::Survey::Numbered> questions;
    while (questions.size() < room && !left_.empty() && out_ < wide_) {
      Question question;
      question.padded_to = left_.front();
      question.resume = resume;
      questions.push_back({left_.front(), question});
      left_.pop_front();
      widest = std::max(widest, ++out_);
    }
    return questions;
  }
  void absorb(std::size_t number, Answer answer) override {
    --out_;
    if (++absorbed == 1) first_to_come = answer.kind;
    foreign += answer.how == How::foreign;
    if (answer.kind == Answer::Kind::none && ++attempts_[number] < 4)
      left_.push_back(number);
    else
      answers[number] = std::move(answer);
  }
  bool done() const override { return !reason.empty() || answers.size() == count_; }
  void give_up(std::string_view why) override { reason = why; }

  std::size_t answered() const {
    return static_cast<std::size_t>(std::count_if(
        answers.begin(), answers.end(), [](const auto& one) { return one.second.kind != Answer::Kind::none; }));
  }

  Question::Resume resume = Question::Resume::no;
  std::map<std::size_t, Answer> answers;
  std::string reason;
  unsigned absorbed = 0, foreign = 0;
  Answer::Kind first_to_come = Answer::Kind::none;
  std::size_t widest = 0;

 private:
  std::size_t count_, wide_, out_ = 0;
  std::deque<std::size_t> left_;
  std::map<std::size_t, unsigned> attempts_;
};

/// A target whose answers a test decides: nullopt is silence. They come a turn or two after the question.
struct Target {
  using Decide = std::function<std::optional<Answer>(const Question&)>;
  net::Loop& loop;
  Decide decide;
  unsigned asked = 0, open = 0, widest = 0;
  std::vector<net::microseconds> times;

  Prober::Ask ask() {
    return [this](const Question& question, Prober::Answered answered) {
      ++asked;
      times.push_back(loop.now());
      widest = std::max(widest, ++open);
      auto answer = decide(question);
      if (!answer) return;
      loop.post([this, answer = std::move(*answer), answered = std::move(answered)] {
        --open;
        answered(answer);
      });
    };
  }
};

struct Run {
  net::Loop loop;
  FakePlan plan;
  Target target;
  Pace pace;
  std::vector<std::string> said;
  std::optional<Paced> paced;
  unsigned ended = 0;
  std::unique_ptr<Prober> prober;

  Run(std::size_t questions, Target::Decide decide, Pace with = {}, std::size_t wide = 1000)
      : plan(questions, wide), target{loop, std::move(decide)}, pace(with) {}

  void begin() {
    prober = std::make_unique<Prober>(loop, plan, target.ask(), pace,
                                      Prober::Callbacks{[this](const std::string& text) { said.push_back(text); },
                                                        [this](const Paced& how) {
                                                          paced = how;
                                                          ++ended;
                                                          prober.reset();
                                                        }});
  }
  const Paced& operator()() {
    begin();
    turn_until(loop, [this] { return paced.has_value(); });
    for (int i = 0; i < 5; ++i) loop.turn();
    CHECK(ended == 1);
    return *paced;
  }
};

constexpr Pace quick = {.question = milliseconds{2000}, .total = milliseconds{2000}, .first_wait = milliseconds{10}};

/// Takes so many connections in a window of time that slides, and resets those above. They count too.
struct Limiter {
  net::Loop*& loop;
  std::size_t most;
  net::milliseconds window;
  std::deque<net::microseconds> seen;
  unsigned turned_away = 0;

  bool takes() {
    const auto now = loop->now();
    while (!seen.empty() && now - seen.front() >= window) seen.pop_front();
    seen.push_back(now);
    if (seen.size() <= most) return true;
    ++turned_away;
    return false;
  }
};

}  // namespace

TEST_CASE("no more is asked than there is room for, and all goes on when more is told") {
  Run run(50, [](const Question&) { return yes(); });
  unsigned there = 0, widest = 0;  // connections that are answered stay until a test says that they are gone
  run.target.decide = [&](const Question&) {
    widest = std::max(widest, ++there);
    return yes();
  };
  run.prober = std::make_unique<Prober>(run.loop, run.plan, run.target.ask(), run.pace,
                                        Prober::Callbacks{.progress = {},
                                                          .ended = [&](const Paced& how) { run.paced = how; },
                                                          .room = [&] { return 3 - std::min(3U, there); }});
  while (!run.paced) {
    turn_until(run.loop, [&] { return run.paced || (run.target.open == 0 && there == 3); });
    there = 0;
    run.prober->go_on();
  }
  CHECK(run.plan.answered() == 50);
  CHECK(widest == 3);
}

TEST_CASE("all is asked, never more at once than allowed, few until the first answer") {
  Run run(200, [](const Question&) { return yes(); }, {.connections = 7});
  unsigned first_width = 0;
  run.target.decide = [&](const Question&) {
    if (run.plan.absorbed == 0) first_width = run.target.open;
    return yes();
  };
  const auto& paced = run();
  CHECK(paced.gave_up.empty());
  CHECK(paced.reached);
  CHECK(paced.connections == 200);
  CHECK(paced.throttled == 0);
  CHECK(paced.round_trip == net::microseconds{700});
  CHECK(run.plan.answered() == 200);
  CHECK(run.target.widest == 7);
  CHECK(first_width == 4);
  CHECK(run.said.empty());
}

TEST_CASE("a rate is kept, and a question with two handshakes counts twice") {
  for (const bool twice : {false, true}) {
    Run run(9, [](const Question&) { return yes(); }, {.per_second = 250});
    if (twice) run.plan.resume = Question::Resume::ticket;
    const auto& paced = run();
    CHECK(paced.connections == (twice ? 18 : 9));
    for (std::size_t i = 1; i < run.target.times.size(); ++i)
      CHECK(run.target.times[i] - run.target.times[i - 1] >= net::microseconds{twice ? 8000 : 4000});
  }
}

TEST_CASE("at a rate of next to nothing nothing more is asked, and the time of all counts") {
  for (const double rate : {1e-300, 1e-12}) {
    Run run(9, [](const Question&) { return yes(); }, {.per_second = rate, .total = milliseconds{30}});
    CHECK(run().connections == 1);
    CHECK(run.paced->gave_up == "the time of 0.03 s was up");
  }
}

TEST_CASE("an answer may come from inside the call") {
  net::Loop loop;
  FakePlan plan(50);
  bool ended = false;
  const Prober prober(loop, plan, [](const Question&, const Prober::Answered& answered) { answered(yes()); }, {},
                      {{}, [&](const Paced&) { ended = true; }});
  turn_until(loop, [&] { return ended; });
  CHECK(plan.answered() == 50);
}

TEST_CASE("questions without an answer among others with one are the plan's to repeat") {
  Run run(60, [](const Question& question) { return question.padded_to % 7 == 3 ? nothing(How::reset) : yes(); });
  const auto& paced = run();
  CHECK(paced.gave_up.empty());
  CHECK(paced.throttled == 0);
  CHECK(run.plan.answers.size() == 60);
  CHECK(run.plan.answers[3].kind == Answer::Kind::none);
  CHECK(run.plan.answered() == 60 - 9);
  CHECK(run.plan.widest < 20);  // they are not held back for long
}

TEST_CASE("a server that resets whatever it does not speak is not throttling, however much that is") {
  for (const std::size_t wide : {1U, 5U, 1000U}) {
    Run run(
        120, [](const Question& question) { return question.padded_to < 30 ? yes() : nothing(How::eof); }, {}, wide);
    const auto& paced = run();
    CHECK(paced.gave_up.empty());
    CHECK(paced.throttled == 0);
    CHECK(run.plan.answered() == 30);
    CHECK(paced.connections < 30 + 90 * 4 + 60);
  }
}

TEST_CASE("under a limit of connections in a window the plan is completed, after few were turned away") {
  for (const std::size_t wide : {1U, 1000U}) {
    net::Loop* loop = nullptr;
    Limiter limiter{loop, 20, net::milliseconds{300}};
    Run run(
        45, [&](const Question&) { return limiter.takes() ? yes() : nothing(How::reset); },
        {.total = milliseconds{4500}, .first_wait = milliseconds{40}}, wide);
    loop = &run.loop;
    const auto& paced = run();
    CHECK(paced.gave_up.empty());
    CHECK(run.plan.answered() == 45);
    CHECK(paced.throttled == 1);  // at the rate learned then it is never turned away again
    REQUIRE_FALSE(run.said.empty());
    CHECK(limiter.turned_away < 40);
    CHECK(run.said.front().starts_with("stopped answering after "));
    CHECK(run.said.back().starts_with("answers again: going on with "));
    // Apart from the one or two that the plan repeats by itself, what was turned away does not count as asked.
    CHECK(run.plan.absorbed <= 49);
  }
}

TEST_CASE("a limit whose window is over when its silence is noticed is learned too") {
  net::Loop* loop = nullptr;
  Limiter limiter{loop, 20, net::milliseconds{60}, {}};
  Run run(70, [&](const Question&) { return limiter.takes() ? std::optional(yes()) : std::nullopt; },
          {.question = milliseconds{100}, .total = milliseconds{4500}, .first_wait = milliseconds{40}});
  loop = &run.loop;
  const auto& paced = run();
  CHECK(paced.gave_up.empty());
  CHECK(run.plan.answered() == 70);
  CHECK(paced.throttled >= 1);
}

TEST_CASE("the wait is doubled while there is no answer, and nothing else is asked meanwhile") {
  unsigned others = 0;
  std::vector<net::microseconds> again;  // when the first question was asked once more
  Run run(40, {}, quick);
  run.target.decide = [&](const Question& question) {
    if (run.target.asked <= 10) return yes();
    if (question.padded_to == 0) again.push_back(run.loop.now());
    if (question.padded_to != 0 && !again.empty()) ++others;
    return nothing(How::reset);
  };
  const auto& paced = run();
  CHECK(paced.throttled == 1);
  CHECK(paced.gave_up.starts_with("the target stopped answering after "));
  CHECK(run.plan.reason == paced.gave_up);
  CHECK(run.plan.answered() == 10);
  CHECK(others == 0);
  REQUIRE(again.size() >= 4);
  for (std::size_t i = 1; i < again.size(); ++i) CHECK(again[i] - again[i - 1] >= quick.first_wait * (1 << (i - 1)));
}

TEST_CASE("a target that takes few at once is asked fewer at once") {
  Run run(80, {}, {});
  run.target.decide = [&](const Question&) { return run.target.open <= 4 ? yes() : nothing(How::reset); };
  const auto& paced = run();
  CHECK(paced.gave_up.empty());
  CHECK(run.plan.answered() == 80);
  CHECK(paced.throttled >= 1);
  REQUIRE_FALSE(run.said.empty());
  CHECK(run.said.front().find("at a time") != std::string::npos);
}

TEST_CASE("silence from the start ends after four questions") {
  Run run(100, [](const Question&) { return std::nullopt; },
          {.question = milliseconds{15}, .total = milliseconds{60000}});
  const auto& paced = run();
  CHECK(paced.gave_up == "no answer to the first 4 questions (timed out)");
  CHECK(paced.connections == 4);
  CHECK_FALSE(paced.reached);
}

TEST_CASE("nobody listens, or something else does: the end at once") {
  Run closed(100, [](const Question&) { return nothing(How::connection_refused); });
  CHECK(closed().gave_up == "nobody listens there (connection refused)");
  CHECK(closed.paced->connections <= 4);
  Run foreign(100, [](const Question&) { return nothing(How::foreign); });
  CHECK(foreign().gave_up == "it does not speak TLS");
  CHECK(foreign.plan.absorbed == 4);
  CHECK(foreign.plan.answers.empty());
}

TEST_CASE("one foreign answer among the first is none, and all goes on") {
  for (const unsigned which : {1U, 3U}) {
    Run run(100, {});
    run.target.decide = [&](const Question&) { return run.target.asked == which ? nothing(How::foreign) : yes(); };
    CHECK(run().gave_up.empty());
    CHECK(run.plan.answered() == 100);
    CHECK(run.plan.first_to_come == Answer::Kind::accepted);  // who has heard TLS takes no other answer for a verdict
  }
  Run mixed(100, {});
  mixed.target.decide = [&](const Question&) { return nothing(mixed.target.asked == 1 ? How::foreign : How::eof); };
  CHECK(mixed().gave_up == "no answer to the first 4 questions (eof)");
  CHECK(mixed.plan.foreign == 0);
}

TEST_CASE("a plan of one question is answered by one that does not speak TLS") {
  Run run(1, [](const Question&) { return nothing(How::foreign); });
  CHECK_FALSE(run().reached);
  CHECK(run.plan.foreign > 0);
}

TEST_CASE("the time of all: what is still out is not waited for, and comes too late") {
  std::vector<Prober::Answered> late;
  net::Loop loop;
  FakePlan plan(100);
  std::optional<Paced> paced;
  auto prober = std::make_unique<Prober>(
      loop, plan,
      [&](const Question&, Prober::Answered answered) {
        if (late.empty() && plan.absorbed == 0) return answered(yes());
        late.push_back(std::move(answered));
      },
      Pace{.total = milliseconds{40}}, Prober::Callbacks{{}, [&](const Paced& how) { paced = how; }});
  turn_until(loop, [&] { return paced.has_value(); });
  CHECK(paced->gave_up == "the time of 0.04 s was up");
  const auto absorbed = plan.absorbed;
  late.at(0)(yes());
  prober.reset();
  late.at(1)(yes());
  CHECK(plan.absorbed == absorbed);
}

TEST_CASE("interrupted: it ends from the loop, as far as it came") {
  Run run(1000, {});
  run.target.decide = [&](const Question&) {
    if (run.target.asked == 50) run.prober->interrupt();
    return yes();
  };
  const auto& paced = run();
  CHECK(paced.interrupted);
  CHECK(paced.gave_up == "interrupted");
  CHECK(run.plan.answered() > 0);
  CHECK(run.target.asked < 100);
}

TEST_CASE("destroyed in the middle it says nothing more") {
  Run run(1000, [](const Question&) { return yes(); });
  run.begin();
  turn_until(run.loop, [&] { return run.plan.absorbed > 20; });
  run.prober.reset();
  const auto absorbed = run.plan.absorbed;
  for (int i = 0; i < 10; ++i) run.loop.turn();
  CHECK(run.plan.absorbed == absorbed);
  CHECK(run.ended == 0);
}

}  // namespace bothends::run::test
