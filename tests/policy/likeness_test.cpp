#include "policy/likeness.hpp"

#include <doctest/doctest.h>

#include "simulated.hpp"

using namespace bothends;
using namespace bothends::policy;

namespace {

Policy server_of(std::string_view stack) {
  auto policy = web_server();
  policy.stack = stack;
  if (stack == "openssl") {  // its default list, in classes
    policy.groups = {0x11ec, 29, 23, 30, 24, 25, 256, 257};
    policy.server_preference = true;
  }
  policy.suites.insert(policy.suites.end(), {0xc009, 0x009e, 0x009c, 0x002f});
  for (auto& leaf : policy.leaves) leaf.names = {"a.test"};
  return policy;
}

Probed probed_by(const Policy& policy, const std::function<Answer(const Question&)>& server) {
  Probed probed;
  probed.survey = surveyed_by(server, {.sni = "a.test", .names = {}, .sweep = false});
  for (const auto& one : probed.survey.presented) {
    auto& facts = probed.chains.emplace_back().certificates.emplace_back();
    for (const auto& leaf : policy.leaves)
      if (leaf.der == one.chain.front()) {
        facts.key = leaf.key;
        facts.bits = leaf.bits;
        facts.names = leaf.names;
      }
  }
  return probed;
}

Probed probed_of(const Policy& policy) {
  return probed_by(policy, [&](const Question& question) { return answer_from(policy, question); });
}

}  // namespace

TEST_CASE("A server is recognised by its manners") {
  for (const std::string stack : {"openssl-3.0", "openssl", "haproxy", "gnutls", "nss"}) {
    CAPTURE(stack);
    const auto likeness = likeness_of(probed_of(server_of(stack)));
    CHECK(likeness.stack == stack);
    CHECK(likeness.answers > 40);
    CHECK(likeness.explained * 20 >= likeness.answers * 19);
  }
}

TEST_CASE("mbedTLS is recognised by the ServerHello that it sends before it looks for a scheme") {
  const auto policy = server_of("mbedtls");
  const auto server = [&](const Question& question) {
    auto answer = answer_from(policy, question);
    if (answer.kind != Answer::Kind::refused || question.versions.front() < 0x0304 || question.key_shares.empty())
      return answer;
    auto able = question;
    able.schemes = policy.signature_schemes;
    auto objecting = answer_from(policy, able);
    if (question.schemes.empty() || objecting.kind != Answer::Kind::accepted) return answer;
    objecting.alert = answer.alert;
    objecting.chain.clear();
    objecting.scheme = 0;
    return objecting;
  };
  CHECK(likeness_of(probed_by(policy, server)).stack == "mbedtls");
}

TEST_CASE("A server that answers what it likes is not said to be any") {
  const auto policy = server_of("openssl-3.0");
  const std::vector<std::string> stacks{"openssl-3.0", "openssl", "haproxy", "gnutls", "nss"};
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto server = [&](const Question& question) {
      auto answer = answer_from(policy, question);
      if (answer.kind == Answer::Kind::refused && random() % 2 == 0)
        answer.alert = static_cast<std::uint8_t>(random() % 120);
      return answer;
    };
    CHECK(likeness_of(probed_by(policy, server)).stack.empty());
  }
}

TEST_CASE("Without answers there is no likeness, nor of a pool") {
  CHECK(likeness_of({}) == Likeness{});
  auto probed = probed_of(server_of("openssl-3.0"));
  probed.survey.members.emplace_back();
  CHECK(likeness_of(probed) == Likeness{});
}

TEST_CASE("The survey remembers no more than it must, and asks few questions to tell stacks apart") {
  const auto probed = probed_of(server_of("openssl-3.0"));
  std::size_t telling = 0;
  for (const auto& heard : probed.survey.heard) {
    telling += heard.telling ? 1 : 0;
    CHECK(heard.answer.chain.empty());
  }
  CHECK(telling >= 4);
  CHECK(telling <= 8);
  CHECK(probed.survey.heard.size() <= Surveyed::most_heard + telling);
}
