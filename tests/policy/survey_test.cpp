#include "policy/survey.hpp"

#include <doctest/doctest.h>

#include "policy/suite.hpp"
#include "simulated.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

const SurveySettings for_a{.sni = "a.test", .names = {}, .sweep = false};

wire::Codes sorted(wire::Codes codes) {
  std::sort(codes.begin(), codes.end());
  return codes;
}

Answer none(Ending::How how) {
  Answer answer;
  answer.how = how;
  return answer;
}

}  // namespace

TEST_CASE("A survey finds the whole policy of a server, with few questions") {
  const auto policy = web_server();
  const auto surveyed = surveyed_by(policy, for_a);
  CHECK(surveyed.unknown == std::vector<std::string>{});
  const auto& tls13 = *surveyed.version(0x0304);
  CHECK(tls13.spoken == Known::yes);
  CHECK(sorted(tls13.suites) == wire::Codes{0x1301, 0x1302, 0x1303});
  CHECK(tls13.suites_by == Preference::client);
  CHECK(sorted(tls13.groups) == wire::Codes{23, 24, 29});
  CHECK(sorted(tls13.schemes) == wire::Codes{0x0403, 0x0804, 0x0805, 0x0806});
  const auto& tls12 = *surveyed.version(0x0303);
  CHECK(sorted(tls12.suites) == wire::Codes{0xc013, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9});
  CHECK(sorted(tls12.groups) == wire::Codes{23, 24, 29});
  CHECK(sorted(tls12.schemes) == wire::Codes{0x0401, 0x0403, 0x0501, 0x0804, 0x0805, 0x0806});
  for (const std::uint16_t version : {0x0300, 0x0301, 0x0302}) {
    CHECK(surveyed.version(version)->spoken == Known::no);
    CHECK(surveyed.version(version)->alert == wire::protocol_version);
  }
  CHECK(surveyed.presented.size() == 2);
  CHECK(surveyed.alpn == policy.alpn);
  CHECK(surveyed.alpn_alert == wire::no_application_protocol);
  CHECK(surveyed.certificate_asked == Known::no);
  CHECK(surveyed.certificate_required == Known::no);
  CHECK(surveyed.secure_renegotiation == Known::yes);
  CHECK(surveyed.compression == Known::no);
  CHECK(surveyed.large_hello == Known::yes);
  CHECK(surveyed.members.empty());
  CHECK(surveyed.questions < 100);
}

TEST_CASE("The server's order is found, suite by suite, and whose order counts") {
  auto policy = web_server();
  policy.server_preference = true;
  const auto surveyed = surveyed_by(policy, for_a);
  CHECK(surveyed.version(0x0303)->suites == wire::Codes{0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013});
  CHECK(surveyed.version(0x0304)->suites == wire::Codes{0x1302, 0x1303, 0x1301});
  CHECK(surveyed.version(0x0304)->groups == policy.groups);
  CHECK(surveyed.version(0x0303)->suites_by == Preference::server);
  CHECK(surveyed.version(0x0304)->groups_by == Preference::server);
}

TEST_CASE("ChaCha20 first for those who put it first is an adaptive order") {
  auto policy = web_server();
  policy.server_preference = true;
  const auto server = [&](const Question& question) {
    auto adapted = policy;
    if (!question.suites.empty() && (question.suites.front() == 0xcca9 || question.suites.front() == 0xcca8))
      std::stable_partition(adapted.suites.begin(), adapted.suites.end(),
                            [](auto code) { return code == 0xcca9 || code == 0xcca8; });
    return answer_from(adapted, question);
  };
  const auto surveyed = surveyed_by(server, for_a);
  CHECK(surveyed.version(0x0303)->suites_by == Preference::adaptive);
  CHECK(surveyed.version(0x0304)->suites_by == Preference::server);
}

TEST_CASE("Old versions, each with its own suites; groups below TLS 1.3 are asked once and checked") {
  Policy policy = web_server();
  policy.versions = {0x0303, 0x0302, 0x0301};
  policy.suites = {0xc02f, 0xc013, 0xc014, 0x002f};
  policy.leaves = {{{"a.test"}, Key::rsa, 2048, {2, 2}}};
  policy.groups = {23, 29};
  const auto surveyed = surveyed_by(policy, for_a);
  CHECK(surveyed.unknown == std::vector<std::string>{});
  CHECK(sorted(surveyed.version(0x0303)->suites) == wire::Codes{0x002f, 0xc013, 0xc014, 0xc02f});
  for (const std::uint16_t version : {0x0301, 0x0302}) {
    CHECK(sorted(surveyed.version(version)->suites) == wire::Codes{0x002f, 0xc013, 0xc014});
    CHECK(sorted(surveyed.version(version)->groups) == wire::Codes{23, 29});
  }
  CHECK(surveyed.version(0x0304)->spoken == Known::no);
}

TEST_CASE("TLS 1.3 only: what belongs to older versions is not there, and that is known") {
  auto policy = web_server();
  policy.versions = {0x0304};
  const auto surveyed = surveyed_by(policy, for_a);
  CHECK(surveyed.complete());
  CHECK(surveyed.resumption.ticket == Known::no);
  CHECK(surveyed.resumption.id == Known::no);
  CHECK(surveyed.resumption.psk == Known::yes);
  CHECK(surveyed.compression == Known::no);
}

TEST_CASE("A version with groups of its own is noticed") {
  Policy policy = web_server();
  policy.versions = {0x0303, 0x0302};
  policy.leaves = {{{"a.test"}, Key::rsa, 2048, {2, 2}}};
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto other = policy;
        if (question.versions.front() < 0x0303) other.groups = {25};
        return answer_from(other, question);
      },
      for_a);
  CHECK(surveyed.version(0x0302)->groups == wire::Codes{25});
  CHECK(surveyed.version(0x0303)->groups.size() == 3);
}

TEST_CASE("A server that refuses the name says nothing of its versions") {
  Policy policy = web_server();
  policy.strict_sni = true;
  const auto lost = surveyed_by(policy);
  CHECK(lost.version(0x0304)->spoken == Known::unknown);
  CHECK_FALSE(lost.complete());
  const auto found = surveyed_by(policy, {.sni = "a.test", .names = {"b.test"}, .sweep = false});
  CHECK(found.complete());
  const auto line = [&](NameAnswer::Case which, const std::string& sni) -> const NameAnswer& {
    for (const auto& one : found.names)
      if (one.which == which && one.sni == sni) return one;
    throw std::runtime_error("no line for " + sni);
  };
  CHECK(line(NameAnswer::Case::given, "a.test").kind == Answer::Kind::accepted);
  CHECK(line(NameAnswer::Case::given, "b.test").alert == wire::unrecognized_name);
  CHECK(line(NameAnswer::Case::none, "").alert == wire::unrecognized_name);
  CHECK(line(NameAnswer::Case::mixed_case, "a.TeSt").kind == Answer::Kind::accepted);
}

TEST_CASE("No answer is not no: asked again, and unknown in the end") {
  const auto policy = web_server();
  SUBCASE("lost now and then") {
    std::mt19937 random(7);
    const auto surveyed = surveyed_by(
        [&](const Question& question) {
          return random() % 10 == 0 ? none(Ending::How::reset) : answer_from(policy, question);
        },
        for_a);
    CHECK(sorted(surveyed.version(0x0303)->suites).size() == 7);
    CHECK(surveyed.version(0x0304)->suites.size() == 3);
  }
  SUBCASE("silent about one group") {
    const auto surveyed = surveyed_by(
        [&](const Question& question) {
          const bool silent =
              question.groups == wire::Codes{30} || (!question.groups.empty() && question.versions.front() == 0x0304 &&
                                                     question.groups.front() != 29 && question.key_shares.empty());
          return silent ? none(Ending::How::timed_out) : answer_from(policy, question);
        },
        for_a);
    CHECK_FALSE(surveyed.complete());
    CHECK_FALSE(surveyed.version(0x0304)->unknown_groups.empty());
    CHECK(surveyed.version(0x0303)->unknown_groups.empty());
  }
  SUBCASE("it never says a word") {
    const auto surveyed = surveyed_by([](const Question&) { return none(Ending::How::timed_out); }, for_a);
    CHECK_FALSE(surveyed.complete());
    for (const auto& version : surveyed.versions) CHECK(version.spoken == Known::unknown);
    CHECK(surveyed.questions < 50);
  }
}

TEST_CASE("A server that refuses by closing is found out to refuse") {
  const auto policy = web_server();
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto answer = answer_from(policy, question);
        return answer.kind == Answer::Kind::refused ? none(Ending::How::reset) : answer;
      },
      for_a);
  CHECK(surveyed.unknown == std::vector<std::string>{});
  CHECK(surveyed.version(0x0302)->spoken == Known::no);
  CHECK_FALSE(surveyed.version(0x0302)->alert.has_value());
  CHECK(surveyed.version(0x0303)->suites.size() == 7);
  CHECK(surveyed.questions < 400);
}

TEST_CASE("Given up in the middle, it says what is not known") {
  Survey survey(for_a);
  const auto policy = web_server();
  for (unsigned turn = 0; turn < 20; ++turn)
    for (const auto& question : survey.next(1)) survey.absorb(question.number, answer_from(policy, question.question));
  survey.give_up("interrupted");
  CHECK(survey.done());
  const auto surveyed = survey.result();
  CHECK_FALSE(surveyed.complete());
  const auto& tls12 = *surveyed.version(0x0303);
  CHECK(tls12.spoken == Known::yes);
  CHECK_FALSE(tls12.suites.empty());
  for (const std::uint16_t code : {0xc02b, 0xc02f, 0xc013, 0x0004}) {
    const auto is_in = [&](const wire::Codes& codes) {
      return std::find(codes.begin(), codes.end(), code) != codes.end();
    };
    CHECK(is_in(tls12.suites) != is_in(tls12.unknown_suites));
  }
  CHECK(std::any_of(surveyed.unknown.begin(), surveyed.unknown.end(),
                    [](const std::string& line) { return line.find("interrupted") != line.npos; }));
}

TEST_CASE("A client certificate: wanted or required") {
  auto policy = web_server();
  policy.client_certificate = ClientCertificate::optional;
  CHECK(surveyed_by(policy, for_a).certificate_asked == Known::yes);
  CHECK(surveyed_by(policy, for_a).certificate_required == Known::no);
  policy.client_certificate = ClientCertificate::required;
  const auto surveyed = surveyed_by(policy, for_a);
  CHECK(surveyed.certificate_required == Known::yes);
  CHECK(surveyed.version(0x0304)->suites.size() == 3);
  CHECK(surveyed.resumption.psk == Known::unknown);
}

TEST_CASE("Several unequal servers are told apart, and never mixed") {
  auto one = web_server(), other = web_server();
  one.leaves = {{{"a.test"}, Key::rsa, 2048, {1}}};
  other.leaves = {{{"a.test"}, Key::rsa, 2048, {9}}};
  one.suites = {0x1301, 0xc02f, 0xc013};
  other.suites = {0x1302, 0xc030, 0xc013};
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    unsigned turn = 0;
    const bool in_turn = seed % 2 == 1;
    const auto surveyed = surveyed_by(
        [&](const Question& question) {
          const bool first = in_turn ? ++turn % 2 == 0 : random() % 2 == 0;
          return answer_from(first ? one : other, question);
        },
        for_a, seed);
    CAPTURE(seed);
    CHECK_FALSE(surveyed.complete());
    REQUIRE(surveyed.members.size() == 2);
    CHECK(surveyed.version(0x0303)->suites == wire::Codes{0xc013});
    const auto suites = [&](std::size_t at) {
      for (const auto& version : surveyed.members[at].versions)
        if (version.version == 0x0303) return sorted(version.suites);
      return wire::Codes{};
    };
    CHECK(surveyed.members[0].leaf == Bytes{1});
    CHECK(suites(0) == wire::Codes{0xc013, 0xc02f});
    CHECK(suites(1) == wire::Codes{0xc013, 0xc030});
  }
}

TEST_CASE("Unequal servers with one certificate: what only some accept is not known") {
  auto one = web_server(), other = web_server();
  other.suites = {0x1301, 0xc02f};
  std::mt19937 random(3);
  const auto surveyed = surveyed_by(
      [&](const Question& question) { return answer_from(random() % 2 == 0 ? one : other, question); }, for_a);
  CHECK_FALSE(surveyed.complete());
  CHECK(surveyed.version(0x0303)->suites == wire::Codes{0xc02f});
  CHECK(sorted(surveyed.version(0x0303)->unknown_suites).size() == 6);
}

TEST_CASE("A sweep finds suites that nobody registered") {
  auto policy = web_server();
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto answer = answer_from(policy, question);
        const auto at = std::find(question.suites.begin(), question.suites.end(), 0xfe42);
        if (question.versions.front() == 0x0303 && at != question.suites.end()) {
          answer = answer_from(policy, Question{.versions = {0x0303},
                                                .suites = {0xc02f},
                                                .groups = {23},
                                                .key_shares = {},
                                                .schemes = {0x0401},
                                                .alpn = {},
                                                .sni = "a.test",
                                                .resume_sni = {}});
          answer.suite = 0xfe42;
        }
        return answer;
      },
      {.sni = "a.test", .names = {}, .sweep = true});
  CHECK(surveyed.version(0x0303)->suites.back() == 0xfe42);
  CHECK(surveyed.version(0x0304)->suites.size() == 3);
}

TEST_CASE("A server that settles for one certificate first hides the suites of the other") {
  const auto policy = web_server();
  const auto is_ecdsa = [](std::uint16_t code) {
    return suite_of(code).authentication == Authentication::ecdsa && suite_of(code).exchange == KeyExchange::ecdhe;
  };
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto other = policy;
        const bool ecdsa = std::any_of(question.suites.begin(), question.suites.end(), is_ecdsa);
        other.leaves.erase(other.leaves.begin() + (ecdsa ? 1 : 0));
        return answer_from(
            question.versions.front() < 0x0304 && question.until != Question::Until::whole ? other : policy, question);
      },
      for_a);
  CHECK(sorted(surveyed.version(0x0303)->suites) ==
        wire::Codes{0xc013, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9});
}

TEST_CASE("Groups of an older version that are more or fewer are noticed") {
  Policy policy = web_server();
  policy.versions = {0x0303, 0x0302};
  policy.leaves = {{{"a.test"}, Key::rsa, 2048, {2, 2}}};
  wire::Codes older;
  SUBCASE("more") { older = {23, 24, 29, 25}; }
  SUBCASE("fewer") { older = {23, 29}; }
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto other = policy;
        if (question.versions.front() < 0x0303) other.groups = older;
        return answer_from(other, question);
      },
      for_a);
  CHECK(sorted(surveyed.version(0x0302)->groups) == sorted(older));
  CHECK(sorted(surveyed.version(0x0303)->groups) == wire::Codes{23, 24, 29});
}

TEST_CASE("With an ECDSA leaf only, its curve is offered with every group") {
  Policy policy = web_server();
  policy.versions = {0x0303};
  policy.leaves = {
      {{"a.test"}, Key::ecdsa_p256, 256, {0x30, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x00}}};
  policy.groups = {23, 29, 24};
  CHECK(sorted(surveyed_by(policy, for_a).version(0x0303)->groups) == wire::Codes{23, 24, 29});
}

TEST_CASE("Servers that differ in one thing only are still seen to differ") {
  auto one = web_server(), other = web_server();
  SUBCASE("who asks for a client certificate") { other.client_certificate = ClientCertificate::optional; }
  SUBCASE("one refuses what is put in one order") {}
  unsigned turn = 0;
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        auto answer = answer_from(++turn % 2 == 0 ? one : other, question);
        const bool refuses = one.client_certificate == other.client_certificate && question.key_shares.empty() &&
                             question.versions.front() == 0x0304 && !question.groups.empty() &&
                             question.groups.front() == 29 && question.suites.size() == 3;
        if (refuses) answer = {.kind = Answer::Kind::refused, .alert = 40};
        return answer;
      },
      for_a);
  CHECK_FALSE(surveyed.complete());
}

TEST_CASE("What a rare member of a pool accepts is not ruled out by its silence") {
  auto one = web_server(), rare = web_server();
  one.leaves = {{{"a.test"}, Key::rsa, 2048, {1}}};
  rare.leaves = {{{"a.test"}, Key::rsa, 2048, {9}}};
  rare.suites = {0x1301, 0xc02f};
  const auto unknown_of = [&](unsigned share) {
    std::mt19937 random(5);
    const auto surveyed = surveyed_by(
        [&](const Question& question) { return answer_from(random() % share == 0 ? rare : one, question); }, for_a);
    REQUIRE(surveyed.members.size() == 2);
    for (const auto& version : surveyed.members[1].versions)
      if (version.version == 0x0303) return version.unknown_suites.size();
    return std::size_t{0};
  };
  CHECK(unknown_of(2) == 0);
  CHECK(unknown_of(20) > 0);
}

TEST_CASE("Silence about one name is said") {
  const auto policy = web_server();
  const auto surveyed = surveyed_by(
      [&](const Question& question) {
        return question.sni == "192.0.2.1" ? none(Ending::How::timed_out) : answer_from(policy, question);
      },
      for_a);
  CHECK_FALSE(surveyed.complete());
  CHECK(surveyed.version(0x0303)->suites.size() == 7);
}
