// What the tests of the prober's engine share: questions in a few words, put to a server in memory.
#pragma once

#include "tests/tls/openssl_case.hpp"
#include "tls/hello/hello.hpp"

namespace bothends::test {

using policy::Answer;
using policy::Question;

/// A question of one version, as a usual client asks it.
Question question(std::uint16_t version, Question::Until until = Question::Until::flight);

struct Asked {
  std::unique_ptr<tls::Engine> client, server;
  Bytes flight;   // what the server said to the hello
  Bytes parting;  // what went to it last
  Answer answer;
};
/// Shares are made for `question.key_shares`; `piece` octets of the answer at a time go over, 0: all there are.
Asked ask(const Question& question, const tls::Stack& stack, const tls::ServerSettings& settings,
          std::size_t piece = 0);
tls::HelloSettings settings_of(const Question& question);
policy::Ending ending_of(const tls::Engine& engine);
/// To a recorded answer.
std::unique_ptr<tls::Engine> replay(const tls::HelloSettings& settings, View answer, std::size_t piece = 0);

}  // namespace bothends::test
