// The prober's engine and servers that mean harm, or are merely odd.
#include <random>

#include "tests/tls/hello_case.hpp"

using namespace bothends;
using namespace bothends::test;
using Until = Question::Until;
using Kind = Answer::Kind;

namespace {

/// A recorded answer, and the hello and shares it answers.
struct Recording {
  tls::HelloSettings settings;
  Bytes flight;
};

Recording record(const Question& question, const tls::ServerSettings& server) {
  Recording recording{settings_of(question), {}};
  auto engine = tls::openssl().server(server).value()->accept().value();
  Bytes out;
  tls::hello(recording.settings)->step({}, out);
  engine->step(out, recording.flight);
  return recording;
}

const std::vector<Recording>& recordings() {
  static const auto all = [] {
    tls::ServerSettings server;
    server.certificates = {OpensslCase::shop()};
    server.min_version = wire::tls1_0;
    server.client_certificate = policy::ClientCertificate::optional;
    server.alpn = {"h2"};
    server.trust = {OpensslCase::root().der};
    auto retry = question(wire::tls1_3);
    retry.key_shares.clear();
    auto protocol = question(wire::tls1_3);
    protocol.alpn = {"h2"};
    auto hybrid = question(wire::tls1_3);
    hybrid.groups = hybrid.key_shares = {0x11ec};
    return std::vector<Recording>{record(question(wire::tls1_2), server), record(question(wire::tls1_0), server),
                                  record(protocol, server), record(retry, server), record(hybrid, server)};
  }();
  return all;
}

/// Bounded, and harmless whatever came before.
void check_sane(tls::Engine& engine, const tls::HelloSettings& settings) {
  const auto& transcript = engine.handshake().transcript;
  CHECK(transcript.foreign.size() <= 64);
  std::size_t kept = 0;
  for (const auto& event : transcript.events) kept += event.bytes.size();
  CHECK(kept <= settings.limit + 20000);
  const auto answer = tls::answer_of(engine.handshake(), ending_of(engine));
  CHECK((answer.kind != Kind::refused || answer.alert));
  CHECK((answer.kind != Kind::accepted || answer.version != 0));
  Bytes out;
  const auto phase = engine.phase();
  if (phase != tls::Phase::failed && phase != tls::Phase::closed) return;
  CHECK(engine.step(view_of("more"), out) == phase);
  engine.write(view_of("x"), out);
  engine.close(out);
  CHECK(out.empty());
}

Bytes alert_record(std::uint8_t level, std::uint8_t description) {
  return wire::in_records(wire::alert, wire::tls1_2, wire::encode(wire::Alert{level, description}));
}

}  // namespace

TEST_CASE("the recordings are whole by themselves") {
  for (const auto& recording : recordings()) {
    const auto engine = replay(recording.settings, recording.flight);
    CHECK(engine->phase() == tls::Phase::closed);
    CHECK(engine->handshake().transcript.malformed.empty());
    const auto answer = tls::answer_of(engine->handshake(), ending_of(*engine));
    CHECK(answer.kind == Kind::accepted);
    CHECK((answer.flight || answer.retry));
  }
}

TEST_CASE("every prefix of an answer waits for more") {
  for (const auto& recording : recordings()) {
    const bool retry = tls::answer_of(replay(recording.settings, recording.flight)->handshake(), {}).retry;
    for (std::size_t size = 0; size < recording.flight.size(); ++size) {
      auto engine = replay(recording.settings, View(recording.flight).first(size));
      if (!retry) CHECK(engine->phase() == tls::Phase::handshaking);
      CHECK(engine->phase() != tls::Phase::failed);
      CHECK(engine->handshake().transcript.malformed.empty());
      check_sane(*engine, recording.settings);
    }
  }
}

TEST_CASE("no octet that is flipped does harm") {
  for (const auto& recording : recordings()) {
    for (std::size_t at = 0; at < recording.flight.size(); ++at) {
      for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
        Bytes flight = recording.flight;
        flight[at] ^= flip;
        check_sane(*replay(recording.settings, flight), recording.settings);
      }
    }
  }
}

TEST_CASE("no splice does harm") {
  std::mt19937 random(5);
  const auto pick = [&](std::size_t below) { return below == 0 ? 0 : random() % below; };
  for (int i = 0; i < 6000; ++i) {
    const auto& one = recordings()[pick(recordings().size())];
    const auto& other = recordings()[pick(recordings().size())];
    Bytes flight = one.flight;
    const std::size_t cut = pick(flight.size()), from = pick(other.flight.size());
    const std::size_t size = pick(other.flight.size() - from);
    flight.erase(flight.begin() + long(cut), flight.begin() + long(cut + pick(flight.size() - cut)));
    flight.insert(flight.begin() + long(cut), other.flight.begin() + long(from),
                  other.flight.begin() + long(from + size));
    check_sane(*replay(one.settings, flight, pick(300)), one.settings);
  }
}

TEST_CASE("a flipped octet under encryption is found out") {
  const auto& recording = recordings()[2];
  Bytes flight = recording.flight;
  flight.back() ^= 1;
  const auto engine = replay(recording.settings, flight);
  CHECK(engine->phase() == tls::Phase::failed);
  CHECK(engine->handshake().transcript.malformed == "a record does not decrypt");
  const auto answer = tls::answer_of(engine->handshake(), ending_of(*engine));
  CHECK(answer.kind == Kind::accepted);
  CHECK_FALSE(answer.flight);
}

TEST_CASE("a warning before the ServerHello is borne up to TLS 1.2") {
  const auto& recording = recordings()[0];
  Bytes flight = alert_record(wire::warning, wire::unrecognized_name);
  append(flight, recording.flight);
  const auto engine = replay(recording.settings, flight);
  const auto answer = tls::answer_of(engine->handshake(), ending_of(*engine));
  CHECK(answer.kind == Kind::accepted);
  CHECK(answer.flight);
  CHECK_FALSE(answer.alert);
}

TEST_CASE("a warning and then the end is a refusal, silence after it is none") {
  const auto engine = replay(recordings()[0].settings, alert_record(wire::warning, wire::unrecognized_name));
  CHECK(engine->phase() == tls::Phase::handshaking);
  policy::Ending ending;
  ending.how = policy::Ending::How::eof;
  const auto hung_up = tls::answer_of(engine->handshake(), ending);
  CHECK(hung_up.kind == Kind::refused);
  CHECK(hung_up.alert == wire::unrecognized_name);
  ending.how = policy::Ending::How::timed_out;
  CHECK(tls::answer_of(engine->handshake(), ending).kind == Kind::none);
}

TEST_CASE("an alert after the ServerHello leaves it accepted") {
  const auto& recording = recordings()[0];
  wire::RecordReader records;
  records.feed(recording.flight);
  Bytes flight = wire::encode(*records.next());
  append(flight, alert_record(wire::fatal, wire::internal_error));
  for (const auto until : {Until::hello, Until::flight}) {
    auto settings = recording.settings;
    settings.until = until;
    const auto engine = replay(settings, flight);
    const auto answer = tls::answer_of(engine->handshake(), ending_of(*engine));
    CHECK(answer.kind == Kind::accepted);
    CHECK(answer.alert == wire::internal_error);
    CHECK(answer.how == policy::Ending::How::alert_received);
  }
}

TEST_CASE("close_notify instead of an answer is neither yes nor no") {
  const auto engine = replay(recordings()[0].settings, alert_record(wire::warning, wire::close_notify));
  CHECK(engine->phase() == tls::Phase::closed);
  CHECK(tls::answer_of(engine->handshake(), ending_of(*engine)).kind == Kind::none);
}

TEST_CASE("endless answers end at the limit") {
  auto settings = recordings()[0].settings;
  const Bytes useless[] = {alert_record(wire::warning, wire::user_canceled),
                           wire::in_records(wire::handshake, wire::tls1_2, Bytes{0, 0, 0, 0}),
                           wire::encode(wire::Record{wire::handshake, wire::tls1_2, {}}),
                           wire::encode(wire::Record{wire::heartbeat, wire::tls1_2, Bytes(100, 1)}),
                           wire::encode(wire::Record{wire::change_cipher_spec, wire::tls1_2, Bytes{1}})};
  for (const auto& piece : useless) {
    Bytes flood;
    while (flood.size() <= settings.limit) append(flood, piece);
    for (const std::size_t step : {std::size_t{0}, std::size_t{4096}}) {
      const auto engine = replay(settings, flood, step);
      CHECK(engine->phase() == tls::Phase::failed);
      CHECK_FALSE(engine->handshake().transcript.malformed.empty());
      check_sane(*engine, settings);
    }
  }
}

TEST_CASE("what is kept of an endless answer is bounded, however it comes") {
  const auto& recording = recordings()[0];
  wire::RecordReader records;
  records.feed(recording.flight);
  Bytes flood = wire::encode(*records.next());
  Bytes certificate{wire::certificate, 0, 0x10, 0};
  certificate.resize(4 + 0x1000);
  while (flood.size() < 4 * recording.settings.limit)
    append(flood, wire::in_records(wire::handshake, wire::tls1_2, certificate));
  for (const std::size_t step : {std::size_t{0}, std::size_t{65536}}) {
    const auto engine = replay(recording.settings, flood, step);
    CHECK(engine->phase() == tls::Phase::failed);
    check_sane(*engine, recording.settings);
  }
}

TEST_CASE("a handful of warnings is borne, and no more") {
  Bytes few, many;
  for (int i = 0; i < 16; ++i) append(few, alert_record(wire::warning, wire::unrecognized_name));
  many = few;
  append(many, alert_record(wire::warning, wire::unrecognized_name));
  CHECK(replay(recordings()[0].settings, few)->phase() == tls::Phase::handshaking);
  CHECK(replay(recordings()[0].settings, many)->phase() == tls::Phase::failed);
}

TEST_CASE("a chain of 200 certificates fits") {
  tls::ServerSettings server;
  server.certificates = {OpensslCase::shop()};
  auto& chain = server.certificates.front().chain;
  while (chain.size() < 200) chain.push_back(OpensslCase::intermediate().der);
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    const auto asked = ask(question(version), tls::openssl(), server, 1400);
    CHECK(asked.answer.chain.size() == 200);
    CHECK(asked.answer.flight);
  }
}

TEST_CASE("a message that claims to be enormous is refused before it is collected") {
  const auto engine =
      replay(recordings()[0].settings, wire::in_records(wire::handshake, wire::tls1_2, Bytes{2, 0xff, 0xff, 0xff}));
  CHECK(engine->phase() == tls::Phase::failed);
  CHECK(engine->handshake().transcript.malformed.find("too long") != std::string::npos);
}

TEST_CASE("who does not speak TLS is quoted") {
  for (const std::size_t piece : {0, 1}) {
    const auto engine = replay(recordings()[0].settings, view_of("SSH-2.0-OpenSSH_9.2\r\n"), piece);
    const auto answer = tls::answer_of(engine->handshake(), ending_of(*engine));
    CHECK(engine->phase() == tls::Phase::failed);
    CHECK(answer.kind == Kind::none);
    CHECK(answer.how == policy::Ending::How::foreign);
    CHECK(answer.note.starts_with("SSH-2"));
    CHECK(answer.note.find('\r') == std::string::npos);
  }
}
