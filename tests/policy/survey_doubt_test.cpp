// What a survey must not claim: servers that mislead, and surveys cut short.
#include <doctest/doctest.h>

#include "policy/survey.hpp"
#include "simulated.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

const SurveySettings for_a{.sni = "a.test", .names = {}, .sweep = false};

Answer refused(std::optional<std::uint8_t> alert) {
  Answer answer;
  answer.kind = Answer::Kind::refused;
  answer.how = Ending::How::alert_received;
  answer.alert = alert;
  return answer;
}

bool says(const Surveyed& surveyed, std::string_view words) {
  return std::any_of(surveyed.unknown.begin(), surveyed.unknown.end(),
                     [&](const std::string& line) { return line.find(words) != line.npos; });
}

bool has(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

TEST_CASE("A server that refuses a name by whatever alert is not called one without TLS") {
  const auto policy = web_server();
  for (const std::uint8_t alert : {wire::handshake_failure, wire::internal_error, wire::access_denied}) {
    const auto server = [&](const Question& question) {
      return question.sni == "a.test" ? answer_from(policy, question) : refused(alert);
    };
    const auto lost = surveyed_by(server, {.sni = "b.test", .names = {"a.test"}, .sweep = false});
    CHECK_FALSE(lost.complete());
    CHECK(lost.version(0x0304)->spoken == Known::unknown);
    CHECK(lost.version(0x0303)->spoken == Known::unknown);
    bool is_found = false;
    for (const auto& line : lost.names)
      is_found = is_found || (line.sni == "a.test" && line.kind == Answer::Kind::accepted);
    CHECK(is_found);
    CHECK(surveyed_by(server, for_a).complete());
  }
}

TEST_CASE("A server of old versions only says so by protocol_version, and that is no doubt") {
  auto policy = web_server();
  policy.versions = {0x0302};
  const auto surveyed = surveyed_by(policy, for_a);
  CHECK(surveyed.version(0x0304)->spoken == Known::no);
  CHECK(surveyed.version(0x0303)->spoken == Known::no);
  CHECK(surveyed.version(0x0302)->spoken == Known::yes);
}

TEST_CASE("An unheard-of version is told, not taken for a no") {
  auto policy = web_server();
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto answer = answer_from(policy, question);
        answer.kind = Answer::Kind::accepted;
        answer.version = 0x0305;
        return answer;
      },
      for_a);
  CHECK_FALSE(surveyed.complete());
  CHECK(says(surveyed, "0x0305"));
  CHECK(surveyed.version(0x0304)->spoken == Known::unknown);
}

TEST_CASE("A suite that was not offered is told") {
  auto policy = web_server();
  policy.versions = {0x0303};
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto answer = answer_from(policy, question);
        if (answer.kind == Answer::Kind::accepted) answer.suite = 0x002f;
        return answer;
      },
      for_a);
  CHECK(says(surveyed, "not offered"));
}

TEST_CASE("A new certificate in every answer costs neither memory nor patience") {
  const auto policy = web_server();
  unsigned number = 0;
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto answer = answer_from(policy, question);
        ++number;
        if (!answer.chain.empty())
          answer.chain = {Bytes{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)},
                          Bytes(60000, 7)};
        return answer;
      },
      for_a);
  CHECK_FALSE(surveyed.complete());
  CHECK(surveyed.presented.size() <= 32);
  std::size_t octets = 0;
  for (const auto& one : surveyed.presented)
    for (const auto& der : one.chain) octets += der.size();
  CHECK(octets <= (1U << 20));
  CHECK(surveyed.members.size() <= 32);
  CHECK(surveyed.questions < 200);
}

TEST_CASE("A pool that was not asked to the end claims nothing for all") {
  auto one = web_server(), other = web_server();
  one.leaves = {{{"a.test"}, Key::rsa, 2048, {1}}};
  other.leaves = {{{"a.test"}, Key::rsa, 2048, {9}}};
  one.suites = {0x1301, 0xc02f, 0xc013};
  other.suites = {0x1302, 0xc030, 0xc013};
  for (const unsigned most : {60U, 100U, 140U, 200U, 260U}) {
    Survey survey(for_a);
    unsigned turn = 0;
    while (!survey.done() && turn < most)
      for (const auto& question : survey.next(1))
        survey.absorb(question.number, answer_from(++turn % 2 == 0 ? one : other, question.question));
    survey.give_up("the time was up");
    const auto surveyed = survey.result();
    CAPTURE(most);
    CHECK_FALSE(surveyed.complete());
    if (surveyed.members.empty()) continue;
    for (const std::uint16_t code : {0xc02f, 0xc030}) CHECK_FALSE(has(surveyed.version(0x0303)->suites, code));
    for (const std::uint16_t code : {0x1301, 0x1302}) CHECK_FALSE(has(surveyed.version(0x0304)->suites, code));
  }
}

TEST_CASE("What a member with another kind of certificate would say is not claimed for all") {
  auto one = web_server(), other = web_server();
  one.leaves = {{{"a.test"}, Key::rsa, 2048, {1}}};
  other.leaves = {{{"a.test"}, Key::ecdsa_p256, 256, {9}}};
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random(seed);
    const auto surveyed = surveyed_by(
        [&](const Question& question) { return answer_from(random() % 5 < 2 ? other : one, question); }, for_a, seed);
    CAPTURE(seed);
    CHECK_FALSE(surveyed.complete());
    CHECK_FALSE(has(surveyed.version(0x0303)->suites, 0xc02f));
  }
}

TEST_CASE("Two servers with the same two certificates are not told apart by them") {
  auto one = web_server(), other = web_server();
  one.suites = {0x1301, 0xc02b, 0xc02f};
  other.suites = {0x1302, 0xc02c, 0xc030};
  unsigned turn = 0;
  const auto surveyed = surveyed_by(
      [&](const Question& question) { return answer_from(++turn % 2 == 0 ? one : other, question); }, for_a);
  CHECK_FALSE(surveyed.complete());
  CHECK(surveyed.members.empty());
  CHECK(says(surveyed, "same certificates"));
  CHECK(surveyed.version(0x0303)->suites.empty());
}

TEST_CASE("One server that fails now and then is not two") {
  const auto policy = web_server();
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random(seed);
    const auto surveyed = surveyed_by(
        [&](const Question& question) {
          return random() % 20 == 0 ? refused(wire::internal_error) : answer_from(policy, question);
        },
        for_a, seed);
    CAPTURE(seed);
    CHECK(surveyed.members.empty());
    CHECK(surveyed.version(0x0303)->suites.size() == 7);
    CHECK(surveyed.large_hello == Known::yes);
  }
}

TEST_CASE("Resets at random do not shorten a list unnoticed") {
  const auto policy = web_server();
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto surveyed = surveyed_by(
        [&](const Question& question) {
          Answer lost;
          lost.how = Ending::How::reset;
          return random() % 10 < 3 ? lost : answer_from(policy, question);
        },
        for_a, seed);
    CAPTURE(seed);
    const auto& tls12 = *surveyed.version(0x0303);
    const bool is_whole = tls12.suites.size() == 7 && tls12.groups.size() == 3 && tls12.schemes.size() == 6;
    CHECK((is_whole || !surveyed.complete()));
  }
}

TEST_CASE("A sweep that was not finished says so, and keeps what it found") {
  Survey survey({.sni = "a.test", .names = {}, .sweep = true});
  const auto policy = web_server();
  const auto answer = [&](const Question& question) {
    const bool swept =
        question.versions.front() == 0x0303 && has(question.suites, 0xfe42) && !has(question.suites, 0xc02f);
    if (!swept) return answer_from(policy, question);
    auto plain = question;
    plain.suites = {0xc02f};
    auto accepted = answer_from(policy, plain);
    accepted.suite = 0xfe42;
    return accepted;
  };
  bool is_swept = false;
  for (unsigned turn = 0; !survey.done() && !is_swept && turn < 2000; ++turn)
    for (const auto& question : survey.next(1)) {
      is_swept = question.question.versions.front() == 0x0303 && has(question.question.suites, 0xfe42) &&
                 !has(question.question.suites, 0xc02f);
      survey.absorb(question.number, answer(question.question));
    }
  survey.give_up("the time was up");
  CHECK(says(survey.result(), "unregistered cipher suites"));
  CHECK(has(survey.result().version(0x0303)->suites, 0xfe42));
}

TEST_CASE("The same server is told of in the same words, in whatever order its answers come") {
  const auto policy = web_server();
  const auto server = [&](const Question& question) { return answer_from(policy, question); };
  const auto first = surveyed_by(server, for_a, 1);
  for (unsigned seed = 2; seed <= 40; ++seed) {
    const auto again = surveyed_by(server, for_a, seed);
    CAPTURE(seed);
    CHECK((again.versions == first.versions));
    CHECK((again.presented == first.presented));
  }
}

TEST_CASE("Intolerance of large hellos is told only of a server that answers others") {
  const auto policy = web_server();
  const auto intolerant = surveyed_by(
      [&](const Question& question) {
        Answer silent;
        silent.how = Ending::How::timed_out;
        return question.padded_to > 0 ? silent : answer_from(policy, question);
      },
      for_a);
  CHECK(intolerant.large_hello == Known::no);
  CHECK(intolerant.grease == Known::yes);
  const auto ours = surveyed_by(
      [&](const Question& question) {
        Answer failed;
        failed.how = Ending::How::failed;
        return question.padded_to > 0 ? failed : answer_from(policy, question);
      },
      for_a);
  CHECK(ours.large_hello == Known::unknown);
  CHECK_FALSE(ours.complete());
}
