// Ends that do something wrong on purpose, each against a sound one: what the peer gets, and what the faulty end tells.
#include "tls/fault.hpp"

#include <algorithm>

#include "tests/tls/openssl_case.hpp"

using namespace bothends;
using test::OpensslCase;
using test::Pair;
using tls::Fault;
using tls::Phase;
using Breaks = tls::Engine::Breaks;
using When = Fault::When;
using Then = Fault::Then;
using std::chrono::milliseconds;
using wire::Direction;

namespace {

enum class Role { client, server };
constexpr Role roles[] = {Role::client, Role::server};
constexpr Then endings[] = {Then::silence, Then::fin, Then::reset};
const Bytes refusal{21, 3, 3, 0, 2, wire::fatal, wire::handshake_failure};

/// A faulty end and a sound one, and everything that the faulty one has said.
struct Meeting {
  Pair pair;
  Role role;
  Bytes said;

  Meeting(Role faulty, const Fault& fault, const OpensslCase& settings = {},
          const tls::Stack& faulty_stack = tls::openssl(), const tls::Stack& sound_stack = tls::openssl())
      : role(faulty) {
    const bool client = faulty == Role::client;
    pair = test::connect(client ? faulty_stack : sound_stack, settings.client, client ? sound_stack : faulty_stack,
                         settings.server, settings.peer);
    end() = tls::with_fault(std::move(end()), fault);
  }
  std::unique_ptr<tls::Engine>& end() { return role == Role::client ? pair.client : pair.server; }
  tls::Engine& peer() { return role == Role::client ? *pair.server : *pair.client; }
  const policy::Handshake& told() { return end()->handshake(); }
  const std::vector<wire::Event>& events() { return told().transcript.events; }

  /// Until nobody has anything to say; what the peer says arrives in pieces.
  Meeting& run(std::size_t piece = 0) {
    Bytes to_peer, to_end;
    end()->step({}, to_peer);
    peer().step({}, to_end);
    while (!to_peer.empty() || !to_end.empty()) {
      append(said, to_peer);
      if (!to_peer.empty()) peer().step(std::exchange(to_peer, {}), to_end);
      const std::size_t count = piece == 0 ? to_end.size() : std::min(piece, to_end.size());
      const Bytes now(to_end.begin(), to_end.begin() + static_cast<std::ptrdiff_t>(count));
      to_end.erase(to_end.begin(), to_end.begin() + static_cast<std::ptrdiff_t>(count));
      if (!now.empty()) end()->step(now, to_peer);
    }
    return *this;
  }
};

unsigned count(const std::vector<wire::Event>& events, Direction direction) {
  return static_cast<unsigned>(std::ranges::count(events, direction, &wire::Event::direction));
}

bool only_alert_sent(const std::vector<wire::Event>& events) {
  return count(events, Direction::sent) == 1 && std::ranges::any_of(events, [](const wire::Event& event) {
           return event.direction == Direction::sent && event.type == wire::alert &&
                  event.bytes == Bytes{wire::fatal, wire::handshake_failure};
         });
}

void check_ended(Meeting& meeting, Then then) {
  const Breaks wanted = then == Then::silence ? Breaks::none : then == Then::fin ? Breaks::fin : Breaks::reset;
  CHECK(meeting.end()->breaks() == wanted);
  CHECK(meeting.told().fell_silent == (then == Then::silence));
  CHECK_FALSE(meeting.end()->wakes());
  // Whatever the peer still says, nothing more comes.
  Bytes more;
  meeting.end()->step(view_of("\x17\x03\x03\x00\x01x"), more);
  meeting.end()->write(view_of("late"), more);
  meeting.end()->close(more);
  CHECK(more.empty());
  CHECK(meeting.end()->take_plain().empty());
}

OpensslCase tls12() {
  OpensslCase settings;
  settings.client.max_version = wire::tls1_2;
  return settings;
}

/// The records of a stream, as far as they are in the clear.
std::vector<wire::Record> clear_records(const Bytes& stream) {
  wire::RecordReader reader;
  reader.feed(stream);
  std::vector<wire::Record> records;
  while (auto record = reader.next()) {
    if (record->type != wire::handshake) break;
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace

TEST_CASE("without a fault the engine is the stack's own") {
  auto engine = tls::openssl().client({}).value()->connect({}).value();
  const tls::Engine* before = engine.get();
  CHECK(tls::with_fault(std::move(engine), {}).get() == before);
}

TEST_CASE("at once: the peer gets what is said and no TLS, and the transcript has no more") {
  for (const Role role : roles)
    for (const Then then : endings) {
      Meeting meeting(role, {.when = When::start, .then = then, .says = refusal});
      meeting.run();
      CHECK(meeting.said == refusal);
      CHECK(meeting.end()->phase() == Phase::handshaking);
      CHECK(test::alert_received(meeting.peer()) == std::optional<std::uint8_t>(wire::handshake_failure));
      CHECK(only_alert_sent(meeting.events()));
      CHECK((meeting.told().transcript.message(wire::client_hello) != nullptr) == (role == Role::server));
      CHECK_FALSE(meeting.told().complete);
      CHECK(meeting.told().spoke == refusal);
      check_ended(meeting, then);
    }
}

TEST_CASE("at once and without a word") {
  for (const Role role : roles)
    for (const Then then : endings) {
      Meeting meeting(role, {.when = When::start, .then = then});
      meeting.run();
      CHECK(meeting.said.empty());
      CHECK(meeting.told().spoke.empty());
      CHECK(count(meeting.events(), Direction::sent) == 0);
      check_ended(meeting, then);
    }
}

TEST_CASE("a client's own ClientHello goes before what it says, whole or cut") {
  for (const Then then : endings) {
    Meeting whole(Role::client, {.when = When::start, .then = then, .says = refusal, .own_hello = true});
    whole.run();
    CHECK(whole.said.size() > refusal.size() + 100);
    CHECK(whole.peer().handshake().transcript.client_hello());
    REQUIRE(whole.told().transcript.client_hello());
    CHECK(whole.told().transcript.client_hello()->sni() == std::optional<std::string>("shop.test"));
    CHECK(count(whole.events(), Direction::sent) == 2);
    check_ended(whole, then);

    Meeting cut(Role::client, {.when = When::start, .then = then, .own_hello = true, .hello_octets = 100});
    cut.run();
    CHECK(cut.said.size() == 100);
    CHECK(cut.events().empty());
    CHECK_FALSE(cut.peer().handshake().transcript.client_hello());
    CHECK(cut.told().spoke.empty());
    check_ended(cut, then);
  }
}

TEST_CASE("after the ClientHello: it is in the transcript, and the stack's answer is not") {
  for (const Then then : endings)
    for (const std::size_t piece : {std::size_t{0}, std::size_t{1}}) {
      Meeting meeting(Role::server, {.when = When::hello, .then = then, .says = refusal});
      meeting.run(piece);
      CHECK(meeting.said == refusal);
      REQUIRE(meeting.events().size() >= 2);
      CHECK(meeting.events()[0].direction == Direction::received);
      CHECK(meeting.told().transcript.client_hello()->sni() == std::optional<std::string>("shop.test"));
      CHECK(only_alert_sent(meeting.events()));
      CHECK_FALSE(meeting.told().transcript.server_hello());
      CHECK(meeting.told().spoke == refusal);
      check_ended(meeting, then);
    }
}

TEST_CASE("a peer without a ClientHello gets the same: what it says is kept") {
  Meeting meeting(Role::server, {.when = When::hello, .then = Then::fin, .says = refusal});
  Bytes out;
  meeting.end()->step(view_of("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"), out);
  CHECK(out == refusal);
  CHECK(text_of(meeting.told().transcript.foreign).starts_with("GET / "));
  CHECK(meeting.end()->breaks() == Breaks::fin);
}

TEST_CASE("before the ClientHello is whole nothing happens") {
  Meeting meeting(Role::server, {.when = When::hello, .then = Then::reset, .says = refusal});
  Bytes hello, out;
  meeting.pair.client->step({}, hello);
  meeting.end()->step({}, out);
  meeting.end()->step(View(hello).first(hello.size() - 1), out);
  CHECK(out.empty());
  CHECK(meeting.end()->breaks() == Breaks::none);
  meeting.end()->step(View(hello).last(1), out);
  CHECK(out == refusal);
}

TEST_CASE("after the handshake: both have finished it, and then there is nothing") {
  for (const auto& settings : {OpensslCase{}, tls12()})
    for (const Role role : roles)
      for (const Then then : endings) {
        Meeting meeting(role, {.when = When::opened, .then = then}, settings);
        meeting.run();
        CHECK(meeting.peer().phase() == Phase::open);
        CHECK(meeting.end()->phase() == Phase::open);
        CHECK(meeting.told().complete);
        CHECK(meeting.told().transcript.finished());
        CHECK(meeting.told().agreement());
        CHECK(meeting.told().spoke.empty());
        const std::size_t seen = meeting.events().size();
        check_ended(meeting, then);
        CHECK(meeting.events().size() == seen);
      }
}

TEST_CASE("what is said instead of TLS is kept as evidence, its first 64 octets") {
  Meeting meeting(Role::server, {.when = When::start, .says = Bytes(1000, 'x')});
  meeting.run();
  CHECK(meeting.said.size() == 1000);
  CHECK(meeting.told().spoke == Bytes(64, 'x'));
}

TEST_CASE("records of one octet: the same handshake, for every peer that takes them") {
  for (const auto* stack : {&tls::openssl(), tls::stack_named("mbedtls")}) {
    CAPTURE(stack->name());
    for (const Role role : roles) {
      Meeting meeting(role, {.record_octets = 1}, {}, *stack);
      meeting.run();
      REQUIRE(meeting.pair.open());
      CHECK(meeting.pair.say_to_server("ping") == "ping");
      CHECK(meeting.pair.say_to_client("pong") == "pong");
      const auto records = clear_records(meeting.said);
      CHECK(records.size() > 80);
      for (const auto& record : records) CHECK(record.fragment.size() == 1);
      CHECK(meeting.told().transcript.finished());
    }
  }
  // mbedTLS wants a message's four-octet header in one piece.
  for (const Role role : roles)
    for (const std::size_t octets : {std::size_t{1}, std::size_t{4}}) {
      Meeting meeting(role, {.record_octets = octets}, {}, tls::openssl(), *tls::stack_named("mbedtls"));
      CHECK(meeting.run().pair.open() == (octets == 4));
    }
}

TEST_CASE("records are cut for TLS 1.2 as well, and only those in the clear") {
  Meeting meeting(Role::server, {.record_octets = 7}, tls12());
  meeting.run();
  REQUIRE(meeting.pair.open());
  for (const auto& record : clear_records(meeting.said)) CHECK(record.fragment.size() <= 7);
  CHECK(meeting.pair.say_to_client(std::string(5000, 'x')) == std::string(5000, 'x'));
}

TEST_CASE("a pause: what comes before it goes out, the rest when its time has come") {
  for (const Role role : roles)
    for (const std::size_t after : {std::size_t{20}, tls::first_record}) {
      OpensslCase settings;
      if (role == Role::client && after == tls::first_record) continue;  // its ClientHello is one record
      Meeting meeting(role, {.pause_after = after, .pause = milliseconds(50)}, settings);
      meeting.end()->clock(milliseconds(3));
      meeting.run();
      const std::size_t first = meeting.said.size();
      CHECK((after == 20 ? first == 20 : clear_records(meeting.said).size() == 1));
      CHECK(meeting.end()->wakes() == std::optional<std::chrono::microseconds>(milliseconds(53)));
      meeting.end()->clock(milliseconds(52));
      meeting.run();
      CHECK(meeting.said.size() == first);
      meeting.end()->clock(milliseconds(53));
      meeting.run();
      CHECK(meeting.pair.open());
      CHECK_FALSE(meeting.end()->wakes());
      CHECK_FALSE(meeting.told().fell_silent);
      CHECK(meeting.pair.say_to_server("ping") == "ping");
      CHECK(meeting.pair.say_to_client("pong") == "pong");
    }
}

TEST_CASE("a pause for ever is silence: the transcript ends with what went out") {
  for (const auto& settings : {OpensslCase{}, tls12()}) {
    Meeting meeting(Role::server, {.pause_after = tls::first_record, .pause = std::chrono::hours(24)}, settings);
    meeting.run();
    CHECK(clear_records(meeting.said).size() == 1);
    CHECK_FALSE(meeting.end()->wakes());
    CHECK(meeting.told().fell_silent);
    CHECK_FALSE(meeting.told().complete);
    CHECK(count(meeting.events(), Direction::sent) == 1);
    CHECK(meeting.told().transcript.server_hello());
    CHECK_FALSE(meeting.told().transcript.server_certificate());
    CHECK(meeting.peer().phase() == Phase::handshaking);
    Bytes more;
    meeting.end()->clock(std::chrono::hours(48));
    meeting.end()->step({}, more);
    meeting.end()->close(more);
    CHECK(more.empty());
  }
}

TEST_CASE("a large first record is lost after so many octets, a small one is not") {
  OpensslCase large;
  large.client.groups = {0x11ec};
  OpensslCase small;
  small.client.groups = {0x001d};
  for (const std::size_t piece : {std::size_t{0}, std::size_t{3}, std::size_t{1000}}) {
    CAPTURE(piece);
    Meeting lost(Role::server, {.takes = 1000}, large);
    lost.run(piece);
    CHECK(lost.said.empty());
    CHECK(lost.events().empty());
    CHECK(lost.end()->phase() == Phase::handshaking);
    REQUIRE(lost.told().transcript.unfinished);
    CHECK(lost.told().transcript.unfinished->announced > 1200);
    CHECK(lost.told().transcript.unfinished->here == 1000 - 5);

    Meeting taken(Role::server, {.takes = 1000}, small);
    CHECK(taken.run(piece).pair.open());
    CHECK(taken.pair.say_to_server(std::string(5000, 'x')) == std::string(5000, 'x'));
  }
}

TEST_CASE("only the first record counts: a large one later is taken") {
  OpensslCase settings = tls12();
  settings.client.certificate = OpensslCase::shop(policy::Key::rsa);
  settings.server.client_certificate = policy::ClientCertificate::required;
  settings.server.trust = {OpensslCase::root().der};
  Meeting meeting(Role::server, {.takes = 600}, settings);
  CHECK(meeting.run().pair.open());
}

TEST_CASE("a warning goes before the server's own octets, and is told in that order; it is no refusal") {
  const Bytes warning{21, 3, 3, 0, 2, wire::warning, wire::unrecognized_name};
  for (const auto& settings : {OpensslCase{}, tls12()}) {
    Meeting meeting(Role::server, {.before = warning}, settings);
    meeting.run();
    CHECK(std::equal(warning.begin(), warning.end(), meeting.said.begin()));
    CHECK(meeting.pair.open());
    REQUIRE(meeting.events().size() > 3);
    CHECK(meeting.events()[0].direction == Direction::received);
    CHECK(meeting.events()[1].type == wire::alert);
    CHECK(meeting.events()[1].bytes == Bytes{wire::warning, wire::unrecognized_name});
    CHECK(meeting.events()[2].type == wire::handshake);
    CHECK_FALSE(meeting.told().transcript.fatal_alert(Direction::sent));
    CHECK(meeting.told().complete);
    CHECK(meeting.pair.say_to_client("pong") == "pong");
  }
}

TEST_CASE("what a peer sends to an end that is none any more is bounded") {
  const auto flooded = [](const Bytes& piece) {
    Meeting meeting(Role::server, {.when = When::start, .says = refusal});
    Bytes out;
    meeting.end()->step({}, out);
    for (int i = 0; i < 200; ++i) meeting.end()->step(piece, out);
    CHECK(out == refusal);
    std::size_t kept = meeting.told().transcript.foreign.size();
    for (const wire::Event& event : meeting.events()) kept += event.bytes.size() + sizeof event;
    CHECK(meeting.told().transcript.foreign.size() <= 64);
    return kept;
  };
  CHECK(flooded(Bytes(100000, 'x')) < 1000);
  Bytes alerts, hellos;
  for (int i = 0; i < 20000; ++i) append(alerts, Bytes{21, 3, 3, 0, 2, 1, 90});
  for (int i = 0; i < 20; ++i) append(hellos, wire::in_records(wire::handshake, 0x0303, Bytes{1, 0, 64, 0}, 16384));
  CHECK(flooded(alerts) < 1 << 20);
  CHECK(flooded(hellos) < 1 << 20);
}

TEST_CASE("a ClientHello without an end is not waited for in memory") {
  Meeting meeting(Role::server, {.when = When::hello, .then = Then::fin, .says = refusal});
  Bytes out, endless{1, 0xff, 0xff, 0xff};
  endless.resize(16000);
  const Bytes record = wire::in_records(wire::handshake, 0x0303, endless);
  for (int i = 0; i < 500; ++i) meeting.end()->step(record, out);
  CHECK(meeting.end()->phase() == Phase::handshaking);
  CHECK(meeting.events().size() < 2);
}
