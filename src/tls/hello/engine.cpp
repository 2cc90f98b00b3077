#include <algorithm>
#include <utility>

#include "tls/hello/hello.hpp"
#include "tls/openssl/schedule13.hpp"
#include "tls/record_watch.hpp"
#include "wire/codes.hpp"
#include "wire/reader.hpp"

namespace bothends::tls {

namespace {

using policy::Question;
using wire::Direction;

constexpr unsigned most_warnings = 16;  // more than anybody needs; looking at each costs a walk through the transcript

/// Of a ServerHello's key_share.
View key_exchange_of(const wire::ServerHello& hello) {
  const auto* extension = wire::find(hello.extensions, wire::key_share);
  wire::Reader reader(extension ? View(extension->data) : View{});
  reader.u16();
  return reader.vector16();
}

class HelloEngine : public Engine {
 public:
  explicit HelloEngine(HelloSettings settings)
      : settings_(std::move(settings)), sent_(wire::encode(settings_.hello)), messages_(settings_.limit) {}

  Phase step(View from_peer, Bytes& to_peer) override;
  void write(View, Bytes&) override {}
  void close(Bytes&) override {}
  Bytes take_plain() override { return {}; }
  Phase phase() const override { return phase_; }
  const policy::Handshake& handshake() const override { return handshake_; }
  void clock(std::chrono::microseconds now) override { now_ = now; }

 private:
  bool over() const { return phase_ != Phase::handshaking; }
  bool tls13() const { return version_ >= wire::tls1_3; }
  wire::Transcript& transcript() { return handshake_.transcript; }

  void begin(Bytes& to_peer);
  void take(View octets);
  void read(const wire::Record& record);
  void read_sealed(const wire::Record& record);
  void read_content(std::uint8_t type, View content, bool encrypted);
  void read_message(wire::Message message, bool encrypted);
  void read_server_hello(const Bytes& message);
  void prepare_traffic(const wire::ServerHello& hello, const Bytes& message);
  void read_alert(View fragment);
  void judge();
  void part(Bytes& to_peer);

  void add(Direction direction, std::uint8_t type, Bytes bytes, bool encrypted) {
    transcript().events.push_back({direction, type, std::move(bytes), encrypted, now_});
  }
  void make_nothing_of(std::string why) {
    if (transcript().malformed.empty()) transcript().malformed = std::move(why);
    refused_ = true;
  }

  const HelloSettings settings_;
  const Bytes sent_;
  policy::Handshake handshake_;
  RecordWatch watch_;
  wire::RecordReader records_;
  wire::MessageReader messages_;
  std::unique_ptr<HandshakeTraffic> traffic_;
  std::chrono::microseconds now_{0};
  Phase phase_ = Phase::handshaking;
  std::size_t received_ = 0;
  unsigned warnings_ = 0;
  std::uint16_t version_ = 0;  // 0: there is no ServerHello yet
  bool begun_ = false;
  bool retry_ = false;     // a HelloRetryRequest came: the server waits for a second ClientHello
  bool whole_ = false;     // its flight is here to the end
  bool sealed_ = false;    // what follows cannot be read
  bool notified_ = false;  // close_notify came
  bool refused_ = false;   // a fatal alert came, or nonsense
};

void HelloEngine::begin(Bytes& to_peer) {
  const bool ssl3 = settings_.hello.legacy_version <= wire::ssl3;
  const std::uint16_t usual = ssl3 ? wire::ssl3 : wire::tls1_0;
  const std::uint16_t version = settings_.record_version != 0 ? settings_.record_version : usual;
  append(to_peer, wire::in_records(wire::handshake, version, sent_));
  add(Direction::sent, wire::handshake, sent_, false);
}

Phase HelloEngine::step(View from_peer, Bytes& to_peer) {
  if (!std::exchange(begun_, true)) begin(to_peer);
  if (over() || from_peer.empty()) return phase_;
  const std::size_t room = settings_.limit - std::min(received_, settings_.limit);
  const bool endless = from_peer.size() > room;
  from_peer = from_peer.first(std::min(room, from_peer.size()));
  received_ += from_peer.size();
  take(from_peer);
  judge();
  if (endless && !over()) {
    make_nothing_of("the answer goes on after " + std::to_string(settings_.limit) + " octets");
    phase_ = Phase::failed;
  }
  if (phase_ == Phase::closed) part(to_peer);
  return phase_;
}

void HelloEngine::take(View octets) {
  watch_.feed(octets, transcript());
  if (watch_.foreign() || watch_.malformed()) refused_ = true;
  records_.feed(octets);
  while (!whole_ && !sealed_ && !notified_ && !refused_) {
    const auto record = records_.next();
    if (!record) break;
    read(*record);
    if (!messages_.malformed().empty()) return make_nothing_of(messages_.malformed());
  }
}

void HelloEngine::read(const wire::Record& record) {
  if (traffic_ && record.type == wire::application_data) return read_sealed(record);
  if (record.type == wire::change_cipher_spec) {
    add(Direction::received, wire::change_cipher_spec, record.fragment, false);
    sealed_ = version_ != 0 && !tls13();
    return;
  }
  if (record.type == wire::application_data) {
    sealed_ = tls13();
    return sealed_ ? void() : make_nothing_of("application data before the end of the handshake");
  }
  read_content(record.type, record.fragment, false);
}

void HelloEngine::read_sealed(const wire::Record& record) {
  const auto inner = traffic_->open(record);
  if (!inner) return make_nothing_of("a record does not decrypt");
  read_content(inner->type, inner->content, true);
}

void HelloEngine::read_content(std::uint8_t type, View content, bool encrypted) {
  if (type == wire::alert) {
    add(Direction::received, wire::alert, bytes_of(content.first(std::min<std::size_t>(content.size(), 2))), encrypted);
    return read_alert(content);
  }
  if (type != wire::handshake) return;  // a heartbeat, or what no TLS knows: nothing to learn from
  messages_.feed(content);
  while (auto message = messages_.next()) read_message(std::move(*message), encrypted);
}

void HelloEngine::read_alert(View fragment) {
  const auto alert = wire::parse_alert(fragment).value;
  if (!alert) return make_nothing_of("an alert has two octets, not " + std::to_string(fragment.size()));
  if (alert->description == wire::close_notify)
    notified_ = true;
  else if (transcript().fatal_alert(Direction::received))
    refused_ = true;
  else if (++warnings_ > most_warnings)
    make_nothing_of("more than " + std::to_string(most_warnings) + " warnings");
}

void HelloEngine::read_message(wire::Message message, bool encrypted) {
  // Once it all is here, or after a HelloRetryRequest, a server has nothing more to say.
  if (whole_ || message.type == wire::hello_request) return;
  add(Direction::received, wire::handshake, message.whole, encrypted);
  if (version_ == 0 && message.type == wire::server_hello) return read_server_hello(message.whole);
  if (version_ == 0) return make_nothing_of("a message before the ServerHello");
  whole_ = message.type == (tls13() ? wire::finished : wire::server_hello_done);
}

void HelloEngine::read_server_hello(const Bytes& message) {
  const auto parsed = wire::parse_server_hello(message);
  if (!parsed.complete())
    return make_nothing_of(parsed.malformed.empty() ? "the ServerHello is cut off" : parsed.malformed);
  version_ = parsed.value->version();
  retry_ = parsed.value->is_hello_retry_request();
  if (tls13() && !retry_ && settings_.until == Question::Until::flight) prepare_traffic(*parsed.value, message);
}

void HelloEngine::prepare_traffic(const wire::ServerHello& hello, const Bytes& message) {
  const auto share = std::ranges::find(settings_.shares, hello.group(), [](const auto& s) { return s->group(); });
  if (share == settings_.shares.end()) return;
  const auto secret = (*share)->secret(key_exchange_of(hello));
  if (!secret) return make_nothing_of(secret.error().what);
  Bytes hellos = sent_;
  append(hellos, message);
  auto traffic = handshake_traffic(hello.cipher_suite, *secret, hellos);
  if (!traffic) return make_nothing_of(traffic.error().what);
  traffic_ = std::move(*traffic);
}

void HelloEngine::judge() {
  const bool enough =
      settings_.until == Question::Until::hello ? version_ != 0 : whole_ || retry_ || sealed_ || (tls13() && !traffic_);
  if (refused_)
    phase_ = Phase::failed;
  else if (enough || notified_)
    phase_ = Phase::closed;
}

/// In TLS 1.3 an alert in the clear would be an error after the ServerHello, and without keys there is none to send:
/// FIN must do.
void HelloEngine::part(Bytes& to_peer) {
  const bool clear = version_ == 0 || !tls13() || retry_;
  if (!clear && !traffic_) return;
  const Bytes alert = wire::encode(wire::Alert{wire::warning, wire::close_notify});
  const std::uint16_t version = tls13() || version_ == 0 ? std::uint16_t{wire::tls1_2} : version_;
  append(to_peer, clear ? wire::in_records(wire::alert, version, alert) : traffic_->seal(wire::alert, alert));
  add(Direction::sent, wire::alert, alert, !clear);
}

}  // namespace

std::unique_ptr<Engine> hello(HelloSettings settings) { return std::make_unique<HelloEngine>(std::move(settings)); }

}  // namespace bothends::tls
