// Starting, ending, deadlines and the calls to the user.
#include "net/connection_state.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.hpp"

namespace bothends::net {

using State = Connection::State;
using policy::Ending;

namespace {

constexpr std::size_t most_answers = 256 * 1024;
constexpr milliseconds linger_after_failure{500};

/// Which of the two fatal alerts of a transcript came first: that one says who refused.
std::optional<std::pair<Ending::How, std::uint8_t>> first_alert(const wire::Transcript& transcript) {
  const auto sent = transcript.fatal_alert(wire::Direction::sent);
  const auto received = transcript.fatal_alert(wire::Direction::received);
  if (!sent && !received) return std::nullopt;
  const auto ours = std::pair{Ending::How::alert_sent, sent ? sent->description : std::uint8_t{0}};
  const auto theirs = std::pair{Ending::How::alert_received, received ? received->description : std::uint8_t{0}};
  if (!sent || !received) return sent ? ours : theirs;
  for (const wire::Event& event : transcript.events) {
    if (event.type != wire::alert || event.bytes.size() != 2) continue;
    const auto& candidate = event.direction == wire::Direction::sent ? ours : theirs;
    if (event.bytes[1] == candidate.second) return candidate;
  }
  return theirs;
}

Ending::How how_of(int status) {
  switch (status) {
    case UV_ECONNREFUSED:
      return Ending::How::connection_refused;
    case UV_ECONNRESET:
    case UV_EPIPE:
    case UV_ECONNABORTED:
      return Ending::How::reset;
    case UV_ETIMEDOUT:
      return Ending::How::timed_out;
    case UV_ENETUNREACH:
    case UV_EHOSTUNREACH:
    case UV_ENETDOWN:
    case UV_EHOSTDOWN:
    case UV_EADDRNOTAVAIL:
    case UV_EACCES:
    case UV_EPERM:
    case UV_EINVAL:
    case UV_EAFNOSUPPORT:
      return Ending::How::unreachable;
    default:
      return Ending::How::failed;
  }
}

/// Without an address of our own (no IPv6, say) the target is as good as unreachable; but so it is without a free port.
bool is_ours(int status) {
  return status == UV_EMFILE || status == UV_ENFILE || status == UV_ENOBUFS || status == UV_ENOMEM ||
         status == UV_EADDRNOTAVAIL;
}

}  // namespace

State::State(Loop::State& of, std::unique_ptr<tls::Engine> with, Deadlines deadlines)
    : loop(of), engine(std::move(with)), begun(of.now()) {
  uv_tcp_init(&loop.uv, &tcp);
  uv_timer_init(&loop.uv, &timer);
  tcp.data = timer.data = connecting.data = writing.data = shutting.data = this;
  handshake_until = begun + deadlines.handshake;
  if (deadlines.total.count() > 0) total_until = begun + deadlines.total;
  arm();
}

void State::connect(const Endpoint& to) {
  peer = to;
  life = Life::connecting;
  const auto address = address_of(to);
  if (!address) return finish(How::unreachable, address.error().what);
  const int status = uv_tcp_connect(&connecting, &tcp, reinterpret_cast<const sockaddr*>(&*address),
                                    [](uv_connect_t* request, int result) {
                                      auto* state = static_cast<State*>(request->data);
                                      if (state->life == Life::connecting) state->connected(result);
                                    });
  if (status != 0) not_connected(status);
}

void State::not_connected(int status) {
  starved = is_ours(status);
  finish(how_of(status), uv_strerror(status));
}

void State::connected(int status) {
  if (status != 0)
    not_connected(status);
  else
    talk();
  deliver();
}

void State::accepted() {
  talk();
  schedule();
}

void State::talk() {
  life = Life::talking;
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getsockname(&tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) local = endpoint_of(address);
  uv_tcp_nodelay(&tcp, 1);
  step({});
  update_reading();
}

void State::arm() {
  if (life == Life::over) return;
  std::optional<microseconds> next = total_until;
  const auto consider = [&](const std::optional<microseconds>& at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (!opened && life != Life::closing) consider(handshake_until);
  consider(linger_until);
  if (const auto wakes = engine->wakes(); wakes && life == Life::talking) consider(begun + *wakes);
  if (!next) {
    uv_timer_stop(&timer);
    return;
  }
  const auto wait = std::chrono::ceil<milliseconds>(std::max(microseconds{0}, *next - loop.now()));
  uv_update_time(&loop.uv);
  uv_timer_start(
      &timer,
      [](uv_timer_t* handle) {
        auto* state = static_cast<State*>(handle->data);
        state->expired();
        state->deliver();
      },
      ticks(wait), 0);
}

void State::expired() {
  const auto now = loop.now();
  const bool opening = !opened && life != Life::closing;
  if ((total_until && now >= *total_until) || (opening && handshake_until && now >= *handshake_until) ||
      (linger_until && now >= *linger_until))
    return finish(How::timed_out);
  if (life == Life::talking && engine->wakes()) step({});
  arm();
}

Ending State::ending_of(How how, std::string note) const {
  const policy::Handshake& seen = engine->handshake();
  Ending ending{how, std::nullopt, policy::stage_of(seen.transcript), since_begun(), printable(note)};
  if (ending.note.empty()) ending.note = seen.note;
  if (how == How::stopped || how == How::timed_out) return ending;
  const auto alert = first_alert(seen.transcript);
  if (!seen.transcript.foreign.empty())
    ending.how = How::foreign;
  else if (alert && (alert->first == How::alert_received || seen.transcript.malformed.empty()))
    std::tie(ending.how, ending.alert) = std::pair{alert->first, std::optional(alert->second)};
  else if (!seen.transcript.malformed.empty())
    ending.how = How::malformed;
  return ending;
}

void State::decide(How how, std::string note) {
  if (decided) return;
  decided = ending_of(how, std::move(note));
  tell_decided = true;
}

void State::begin_closing(milliseconds patience) {
  if (life == Life::over || fin_wanted) return;
  life = Life::closing;
  linger = patience;
  fin_wanted = true;
  engine->clock(since_begun());
  engine->close(out);
  arm();
  update_reading();
}

void State::peer_ended(How how) {
  if (life == Life::closing) return check_closed();
  if (!opened) {
    decide(how);
    return how == How::closed ? begin_closing(linger_after_failure) : finish(how);
  }
  if (decided) return;
  decide(how);
  if (callbacks.peer_closed)
    tell_peer_closed = true;
  else
    begin_closing(linger_after_failure);
}

/// Its last octets, which hold the alert, still go out; then the peer gets time to take them before our socket is
/// closed: unread input at that moment would make the system send a RST, which may overtake the alert.
void State::engine_failed() {
  failed = true;
  tell_decided = tell_decided || !decided;
  decided = ending_of(How::failed, {});
  fin_wanted = false;
  begin_closing(linger_after_failure);
}

void State::check_closed() {
  if (life != Life::closing) return;
  if (broken && !reading) return finish(How::reset);
  if (fin_seen && (fin_sent || broken)) finish(How::closed);
}

void State::finish(How how, std::string note) {
  if (life == Life::over) return;
  decide(how, std::move(note));
  life = Life::over;
  tell_ended = true;
  out.clear();
  close_handles();
  schedule();
}

void State::close_handles() {
  const auto closed = [](uv_handle_t* handle) {
    auto* state = static_cast<State*>(handle->data);
    --state->open_handles;
    state->release();
  };
  reading = false;
  uv_close(handle_of(tcp), closed);
  uv_close(handle_of(timer), closed);
}

void State::release() {
  if (gone && open_handles == 0 && !scheduled && !delivering) delete this;
}

void State::schedule() {
  if (std::exchange(scheduled, true)) return;
  loop.post_own([this] {
    scheduled = false;
    deliver();
  });
}

/// The only place that calls the user, and only the loop's own calls lead here.
void State::deliver() {
  if (delivering) return;
  delivering = true;
  const auto call = [this](bool& due, const std::function<void()>& callback) {
    if (std::exchange(due, false) && !gone && callback) callback();
  };
  call(tell_opened, callbacks.opened);
  call(tell_data, callbacks.data);
  call(tell_drained, callbacks.drained);
  if (std::exchange(tell_decided, false) && !gone && callbacks.decided) callbacks.decided(*decided);
  call(tell_peer_closed, callbacks.peer_closed);
  if (life != Life::over) flush();
  if (tell_ended && !gone) {
    tell_ended = false;
    const auto ended = std::exchange(callbacks, {}).ended;  // what it holds is let go of with it
    if (ended) ended(*decided);
  }
  delivering = false;
  release();
}

/// A connection whose peer only ever makes the engine answer, and takes no answer, would grow without bound.
void State::guard_answers(std::size_t queued_before) {
  const std::size_t now = queued();
  if (queued_before == 0) answers = 0;
  if (now > queued_before) answers += now - queued_before;
  if (opened && answers > most_answers) finish(How::failed, "the peer demands answers and does not read them");
}

}  // namespace bothends::net
