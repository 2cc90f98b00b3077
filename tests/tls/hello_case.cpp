#include "tests/tls/hello_case.hpp"

#include <algorithm>
#include <numeric>

namespace bothends::test {

Question question(std::uint16_t version, Question::Until until) {
  Question question;
  question.versions = {version};
  const bool tls13 = version >= wire::tls1_3;
  question.suites = tls13 ? wire::Codes{0x1301, 0x1302, 0x1303}
                          : wire::Codes{0xc02b, 0xc02f, 0xc009, 0xc013, 0x009e, 0x0033, 0x002f, 0x000a};
  question.groups = {0x001d, 0x0017, 0x0018};
  if (tls13) question.key_shares = {0x001d};
  if (version >= wire::tls1_2) question.schemes = {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0401, 0x0201};
  question.sni = "shop.test";
  question.until = until;
  return question;
}

tls::HelloSettings settings_of(const Question& question) {
  Bytes random(64);
  std::iota(random.begin(), random.end(), std::uint8_t{1});
  tls::HelloSettings settings;
  for (const auto group : question.key_shares) settings.shares.push_back(tls::key_share(group).value());
  settings.hello = tls::hello_of(question, settings.shares, random);
  settings.until = question.until;
  return settings;
}

policy::Ending ending_of(const tls::Engine& engine) {
  using How = policy::Ending::How;
  const auto& transcript = engine.handshake().transcript;
  policy::Ending ending;
  const auto alert = transcript.fatal_alert(wire::Direction::received);
  ending.how = !transcript.foreign.empty()                 ? How::foreign
               : alert                                     ? How::alert_received
               : !transcript.malformed.empty()             ? How::malformed
               : engine.phase() == tls::Phase::handshaking ? How::timed_out
                                                           : How::closed;
  return ending;
}

Asked ask(const Question& question, const tls::Stack& stack, const tls::ServerSettings& settings, std::size_t piece) {
  Asked asked;
  asked.client = tls::hello(settings_of(question));
  auto server = stack.server(settings);
  REQUIRE_MESSAGE(server, (server ? "" : server.error().what));
  asked.server = (*server)->accept().value();
  Bytes to_server, to_client;
  asked.client->step({}, to_server);
  while (!to_server.empty() || !to_client.empty()) {
    asked.parting = to_server;
    asked.server->step(std::exchange(to_server, {}), to_client);
    append(asked.flight, to_client);
    View rest(to_client);
    while (!rest.empty()) {
      const View now = rest.first(piece == 0 ? rest.size() : std::min(piece, rest.size()));
      rest = rest.subspan(now.size());
      asked.client->step(now, to_server);
    }
    to_client.clear();
  }
  asked.answer = tls::answer_of(asked.client->handshake(), ending_of(*asked.client));
  return asked;
}

std::unique_ptr<tls::Engine> replay(const tls::HelloSettings& settings, View answer, std::size_t piece) {
  auto client = tls::hello(settings);
  Bytes out;
  client->step({}, out);
  while (!answer.empty()) {
    const View now = answer.first(piece == 0 ? answer.size() : std::min(piece, answer.size()));
    answer = answer.subspan(now.size());
    client->step(now, out);
  }
  return client;
}

}  // namespace bothends::test
