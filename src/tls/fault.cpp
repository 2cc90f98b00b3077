#include "tls/fault.hpp"

#include <algorithm>
#include <utility>

#include "tls/record_watch.hpp"

namespace bothends::tls {

namespace {

using std::chrono::microseconds;
using wire::Direction;

constexpr std::size_t kept = 64;             // octets of what was said instead of TLS
constexpr std::size_t most_heard = 1 << 16;  // of the peer's, by an end that no longer is one

/// Reads records in the clear, both ways, for an end that has no TLS library behind it.
class Clear {
 public:
  void saw(Direction direction, View octets, microseconds now, wire::Transcript& transcript) {
    Way& way = ways_[direction == Direction::sent ? 0 : 1];
    octets = octets.first(std::min(octets.size(), most_heard - way.octets));
    way.octets += octets.size();
    if (direction == Direction::received) watch_.feed(octets, transcript);
    way.records.feed(octets);
    while (const auto record = way.records.next()) read(way, direction, *record, now, transcript);
  }

 private:
  struct Way {
    wire::RecordReader records;
    wire::MessageReader messages;
    std::size_t octets = 0;
    bool encrypted = false;
  };

  static void read(Way& way, Direction direction, const wire::Record& record, microseconds now,
                   wire::Transcript& transcript) {
    const auto add = [&](std::uint8_t type, Bytes bytes) {
      transcript.events.push_back({direction, type, std::move(bytes), false, now});
    };
    if (record.type == wire::change_cipher_spec) way.encrypted = true;
    if (record.type == wire::alert && record.fragment.size() == 2) add(record.type, record.fragment);
    if (record.type != wire::handshake || way.encrypted) return;
    way.messages.feed(record.fragment);
    while (auto message = way.messages.next()) add(wire::handshake, std::move(message->whole));
  }

  RecordWatch watch_;
  Way ways_[2];
};

/// Handshake records in the clear, each cut into records of at most `size` octets. From the first ChangeCipherSpec on
/// what is called handshake may be encrypted, and is left alone.
class Fragmenter {
 public:
  Bytes cut(View octets, std::size_t size) {
    records_.feed(octets);
    Bytes cut;
    while (const auto record = records_.next()) {
      over_ = over_ || record->type != wire::handshake;
      append(cut,
             over_ ? wire::encode(*record) : wire::in_records(record->type, record->version, record->fragment, size));
    }
    return cut;
  }

 private:
  wire::RecordReader records_;
  bool over_ = false;
};

class FaultEngine : public Engine {
 public:
  FaultEngine(std::unique_ptr<Engine> engine, const Fault& fault) : engine_(std::move(engine)), fault_(fault) {}

  Phase step(View from_peer, Bytes& to_peer) override {
    if (struck_) return hear(from_peer);
    if (fault_.when == Fault::When::start) return start(to_peer);
    if (fault_.when == Fault::When::hello) return await_hello(from_peer, to_peer);
    Bytes made;
    engine_->step(delivered(from_peer), made);
    send(std::move(made), to_peer);
    add_before();
    if (fault_.when == Fault::When::opened && engine_->handshake().complete) strike(to_peer);
    if (fault_.record_octets > 0) {
      fragmented_ = engine_->handshake();
      fragmented_->fragmented = true;
    }
    return phase();
  }
  void write(View plain, Bytes& to_peer) override {
    if (struck_) return;
    Bytes made;
    engine_->write(plain, made);
    send(std::move(made), to_peer);
  }
  void close(Bytes& to_peer) override {
    if (struck_ || stalled()) return;
    Bytes made;
    engine_->close(made);
    send(std::move(made), to_peer);
    add_before();
  }
  Bytes take_plain() override { return struck_ ? Bytes{} : engine_->take_plain(); }
  Phase phase() const override {
    if (!struck_) return engine_->phase();
    return fault_.when == Fault::When::opened ? Phase::open : Phase::handshaking;
  }
  const policy::Handshake& handshake() const override {
    if (scripted()) return own_;
    if (silent_) return *silent_;
    return with_before_ ? *with_before_ : fragmented_ ? *fragmented_ : engine_->handshake();
  }
  std::shared_ptr<const Session> session() const override { return engine_->session(); }
  void clock(microseconds now) override {
    now_ = now;
    engine_->clock(now);
  }
  std::optional<microseconds> wakes() const override { return wakes_; }
  Breaks breaks() const override {
    if (!struck_ || fault_.then == Fault::Then::silence) return Breaks::none;
    return fault_.then == Fault::Then::fin ? Breaks::fin : Breaks::reset;
  }

 private:
  /// There is no TLS library behind what went over.
  bool scripted() const { return fault_.when == Fault::When::start || fault_.when == Fault::When::hello; }
  bool stalled() const { return !held_.empty() && !wakes_; }

  Phase start(Bytes& to_peer) {
    Bytes hello;
    if (fault_.own_hello) engine_->step({}, hello);
    if (fault_.hello_octets > 0) hello.resize(std::min(hello.size(), fault_.hello_octets));
    say(hello, to_peer);
    strike(to_peer);
    return phase();
  }
  Phase await_hello(View from_peer, Bytes& to_peer) {
    hear(from_peer);
    const bool there = own_.transcript.message(wire::client_hello) || !own_.transcript.foreign.empty();
    if (there) strike(to_peer);
    return phase();
  }
  Phase hear(View from_peer) {
    if (scripted()) clear_.saw(Direction::received, from_peer, now_, own_.transcript);
    return phase();
  }
  void say(View octets, Bytes& to_peer) {
    append(to_peer, octets);
    if (scripted()) clear_.saw(Direction::sent, octets, now_, own_.transcript);
  }
  void strike(Bytes& to_peer) {
    struck_ = true;
    say(fault_.says, to_peer);
    if (!scripted() && fault_.then == Fault::Then::silence) silent_ = engine_->handshake();
    if (silent_) silent_->fell_silent = true;
    own_.fell_silent = fault_.then == Fault::Then::silence;
    if (!fault_.says.empty()) own_.spoke = bytes_of(View(fault_.says).first(std::min(fault_.says.size(), kept)));
  }

  /// What the engine gets of what the peer sent: its first record's header says whether that is lost.
  View delivered(View octets) {
    if (fault_.takes == 0) return octets;
    append(header_, octets.first(std::min(octets.size(), header_octets - header_.size())));
    const bool lost = header_.size() == header_octets && header_octets + (header_[3] << 8 | header_[4]) > fault_.takes;
    const std::size_t room = fault_.takes - std::min(heard_, fault_.takes);
    heard_ += octets.size();
    return lost ? octets.first(std::min(room, octets.size())) : octets;
  }

  void send(Bytes made, Bytes& to_peer) {
    if (wakes_ && now_ >= *wakes_) {
      append(to_peer, std::exchange(held_, {}));
      wakes_.reset();
    }
    if (made.empty()) return;
    if (std::exchange(first_, false)) {
      append(to_peer, fault_.before);
      begun_ = now_;
      if (fault_.record_octets == 0 && fault_.pause.count() > 0) return pause(made, to_peer);
    }
    if (fault_.record_octets > 0) made = fragmenter_.cut(made, fault_.record_octets);
    append(wakes_ || stalled() ? held_ : to_peer, made);
  }
  void pause(const Bytes& made, Bytes& to_peer) {
    const bool by_record = fault_.pause_after == first_record && made.size() >= 5;
    const std::size_t at = by_record ? 5u + (made[3] << 8 | made[4]) : fault_.pause_after;
    const View all(made);
    append(to_peer, all.first(std::min(at, all.size())));
    held_ = bytes_of(all.subspan(std::min(at, all.size())));
    if (held_.empty()) return;
    if (fault_.pause < forever)
      wakes_ = now_ + fault_.pause;
    else
      remember_first_message();
  }
  /// The engine believes that it has sent all; the transcript shows what went out.
  void remember_first_message() {
    silent_ = engine_->handshake();
    bool passed = false;
    std::erase_if(silent_->transcript.events, [&](const wire::Event& event) {
      return event.direction == Direction::sent && std::exchange(passed, true);
    });
    silent_->complete = false;
    silent_->fell_silent = true;
  }

  /// What was sent before the engine's first octets is in no transcript of its own.
  void add_before() {
    if (fault_.before.empty() || first_) return;
    with_before_ = engine_->handshake();
    auto& events = with_before_->transcript.events;
    auto at = std::ranges::find(events, Direction::sent, &wire::Event::direction);
    wire::RecordReader records;
    records.feed(fault_.before);
    while (auto record = records.next())
      at = std::next(events.insert(at, {Direction::sent, record->type, std::move(record->fragment), false, begun_}));
  }

  static constexpr std::chrono::milliseconds forever = std::chrono::hours(1);
  static constexpr std::size_t header_octets = 5;  // of a record

  std::unique_ptr<Engine> engine_;
  const Fault fault_;
  microseconds now_{0};
  policy::Handshake own_;  // with scripted()
  std::optional<policy::Handshake> fragmented_;
  std::optional<policy::Handshake> silent_;  // what had gone over when a real engine fell silent
  std::optional<policy::Handshake> with_before_;
  microseconds begun_{0};  // of its own octets
  Clear clear_;
  Fragmenter fragmenter_;
  Bytes held_;
  std::optional<microseconds> wakes_;
  Bytes header_;  // of the peer's first record
  std::size_t heard_ = 0;
  bool first_ = true;
  bool struck_ = false;
};

}  // namespace

std::unique_ptr<Engine> with_fault(std::unique_ptr<Engine> engine, const Fault& fault) {
  if (fault == Fault{}) return engine;
  return std::make_unique<FaultEngine>(std::move(engine), fault);
}

}  // namespace bothends::tls
