#include "run/open_files.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "run/asking.hpp"
#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace {

using How = policy::Ending::How;

/// While it lives no descriptor can be had.
class Scarcity {
 public:
  Scarcity() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    const rlimit now{static_cast<rlim_t>(next), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~Scarcity() { setrlimit(RLIMIT_NOFILE, &before_); }
  Scarcity(const Scarcity&) = delete;

 private:
  rlimit before_{};
};

policy::Question question() {
  policy::Question question;
  question.versions = {wire::tls1_2};
  question.suites = {0xc02f};
  return question;
}

}  // namespace

TEST_CASE("only as many targets and connections as there may be open files") {
  CHECK(load_within(1'000'000, {64, 16}) == Load{64, 16});
  CHECK(load_within(1088, {64, 16}) == Load{64, 16});
  CHECK(load_within(1024, {64, 16}) == Load{60, 16});
  CHECK(load_within(256, {1, 256}) == Load{1, 192});
  CHECK(load_within(20, {64, 16}) == Load{1, 10});
  CHECK(load_within(0, {64, 16}) == Load{1, 1});
}

TEST_CASE("the limit is raised, never lowered") {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto before = limit.rlim_cur;
  CHECK(raise_open_files(1) == 1);
  getrlimit(RLIMIT_NOFILE, &limit);
  CHECK(limit.rlim_cur == before);
  CHECK(raise_open_files(before) >= before);
}

TEST_CASE("without a descriptor nothing is asked, and that is not the target's doing") {
  net::Loop loop;
  AskingTools tools(loop);
  const net::test::RawServer mute;
  const Scarcity scarcity;
  std::optional<policy::Answer> answer;
  const Asking asking(tools, {.to = mute.at()}, question(), [&](policy::Answer came) { answer = std::move(came); });
  turn_until(loop, [&] { return answer.has_value(); });
  CHECK(answer->kind == policy::Answer::Kind::none);
  CHECK(answer->how == How::failed);
  CHECK(answer->note == "too many open files");
}

TEST_CASE("a question without a descriptor waits for one") {
  net::Loop loop;
  AskingTools tools(loop);
  const net::test::RawServer mute;
  std::optional<policy::Answer> first, second;
  const auto into = [](auto& answer) { return [&answer](policy::Answer came) { answer = std::move(came); }; };
  const Asking one(tools, {.to = mute.at(), .timeout = milliseconds{100}}, question(), into(first));
  const Scarcity scarcity;  // of which the first has what it needs already
  const Asking other(tools, {.to = mute.at(), .timeout = milliseconds{1600}}, question(), into(second));
  turn_until(loop, [&] { return first && second && tools.parting() == 0; });
  CHECK(first->how == How::timed_out);
  CHECK(second->how == How::timed_out);  // it was put after all
}

}  // namespace bothends::run::test
