#include "run/question_list.hpp"

#include <doctest/doctest.h>

namespace bothends::run::test {

namespace {

using policy::Answer;
using How = policy::Ending::How;

Answer yes() { return {.kind = Answer::Kind::accepted}; }
Answer nothing(How how) { return {.kind = Answer::Kind::none, .how = how}; }

}  // namespace

TEST_CASE("a list's questions are handed out in order, each until it has an answer") {
  QuestionList list(std::vector<policy::Question>(3));
  const auto two = list.next(2);
  REQUIRE(two.size() == 2);
  CHECK(two[1].number == 1);
  list.absorb(0, yes());
  list.absorb(1, nothing(How::timed_out));
  const auto rest = list.next(10);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].number == 2);
  CHECK(rest[1].number == 1);
  list.absorb(2, yes());
  CHECK_FALSE(list.done());
  list.absorb(1, yes());
  CHECK(list.done());
  CHECK(list.answers()[1].kind == Answer::Kind::accepted);
}

TEST_CASE("what is never answered is given up after some attempts, what we cannot put at once") {
  QuestionList list(std::vector<policy::Question>(2));
  unsigned asked = 0;
  while (!list.done()) {
    for (const auto& one : list.next(1)) {
      asked += one.number == 0;
      list.absorb(one.number, nothing(one.number == 0 ? How::reset : How::failed));
    }
  }
  CHECK(asked == policy::Survey::attempts);
  CHECK(list.answers()[0].how == How::reset);
  CHECK(list.answers()[1].how == How::failed);
}

TEST_CASE("a list that is given up keeps its answers, and says why there are no more") {
  QuestionList list(std::vector<policy::Question>(2));
  list.next(2);
  list.absorb(0, yes());
  list.give_up("there was no time left");
  CHECK(list.done());
  CHECK(list.answers()[0].note.empty());
  CHECK(list.answers()[1].note == "there was no time left");
  list.absorb(1, yes());
  CHECK(list.answers()[1].kind == Answer::Kind::none);
}

}  // namespace bothends::run::test
