// Octets between the socket and the engine.
#include <algorithm>
#include <utility>

#include "net/connection_state.hpp"

namespace bothends::net {

using State = Connection::State;

namespace {

constexpr std::size_t most_plain = 256 * 1024;    // then nothing is read until it is taken
constexpr std::size_t most_thrown = 1024 * 1024;  // of input after the engine failed
constexpr milliseconds linger_after_break{500};

void give_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  auto& shared = static_cast<State*>(handle->data)->loop.read_buffer;
  *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  auto* state = static_cast<State*>(stream->data);
  if (count == 0) return;
  if (count > 0)
    state->took({reinterpret_cast<const std::uint8_t*>(buffer->base), static_cast<std::size_t>(count)});
  else if (count == UV_EOF)
    state->saw_fin();
  else
    state->read_failed(static_cast<int>(count));
  state->deliver();
}

}  // namespace

/// While we close, the peer's end matters more than what it says: a full buffer or a pause do not keep us from reading.
void State::update_reading() {
  if (life != Life::talking && life != Life::closing) return;
  const bool free = life == Life::closing || broken || (!paused && plain.size() < most_plain);
  const bool wanted = free && !fin_seen;
  if (wanted == reading) return;
  reading = wanted;
  if (reading)
    uv_read_start(stream(), give_buffer, on_read);
  else
    uv_read_stop(stream());
}

void State::took(View octets) {
  received += octets.size();
  if (failed) {
    thrown_away += octets.size();
    if (thrown_away > most_thrown) finish(How::failed);
    return;
  }
  step(octets);
  if (life == Life::talking) update_reading();
  if (broken && plain.size() > 2 * most_plain) finish(How::reset);
}

void State::step(View octets) {
  const std::size_t before = queued();
  engine->clock(since_begun());
  engine->step(octets, out);
  collect_plain();
  look_at_phase();
  look_for_break();
  guard_answers(before);
  if (engine->wakes()) arm();
}

/// A fault that ends the connection itself. What it says before a RST is sent at once: the RST would overtake it.
void State::look_for_break() {
  if (life != Life::talking || engine->breaks() == tls::Engine::Breaks::none) return;
  decide(How::broke_off);
  if (engine->breaks() == tls::Engine::Breaks::fin) return begin_closing(linger_after_break);
  send_queue();
  reset();
}

void State::collect_plain() {
  const Bytes more = engine->take_plain();
  if (more.empty() || (life == Life::closing && plain.size() >= most_plain)) return;
  append(plain, more);
  tell_data = true;
}

void State::look_at_phase() {
  if (life == Life::over) return;
  const tls::Phase phase = engine->phase();
  const bool complete = phase == tls::Phase::open || engine->handshake().complete;
  if (!opened && complete) {
    opened = tell_opened = true;
    arm();
  }
  if (phase == tls::Phase::failed && !failed) return engine_failed();
  if (phase == tls::Phase::closed && !std::exchange(notify_seen, true)) peer_ended(How::closed);
}

void State::saw_fin() {
  fin_seen = true;
  update_reading();
  if (broken && !decided) return finish(How::reset);
  peer_ended(How::eof);
}

void State::read_failed(int status) {
  reading = false;
  uv_read_stop(stream());
  finish(status == UV_ETIMEDOUT      ? How::timed_out
         : status == UV_EHOSTUNREACH ? How::unreachable
                                     : How::reset,
         uv_strerror(status));
}

void State::flush() {
  send_queue();
  if (queued() == 0 && std::exchange(drain_awaited, false)) {
    tell_drained = true;
    schedule();
  }
  if (fin_wanted && !fin_sent && queued() == 0) shut_down();
}

void State::send_queue() {
  if (life == Life::over || write_active || out.empty()) return;
  if (broken || fin_sent) return out.clear();
  uv_buf_t buffer = uv_buf_init(reinterpret_cast<char*>(out.data()), static_cast<unsigned>(out.size()));
  const int taken = uv_try_write(stream(), &buffer, 1);
  if (taken < 0 && taken != UV_EAGAIN) return write_failed(taken);
  const auto count = static_cast<std::size_t>(std::max(taken, 0));
  sent += count;
  if (count == out.size()) return out.clear();
  in_flight = std::exchange(out, {});
  buffer =
      uv_buf_init(reinterpret_cast<char*>(in_flight.data()) + count, static_cast<unsigned>(in_flight.size() - count));
  write_active = true;
  const int status = uv_write(&writing, stream(), &buffer, 1, [](uv_write_t* request, int result) {
    auto* state = static_cast<State*>(request->data);
    state->wrote(result);
    state->deliver();
  });
  if (status != 0) {
    write_active = false;
    write_failed(status);
  } else {
    sent -= count;  // counted as a whole when it is done
  }
}

void State::wrote(int status) {
  write_active = false;
  const Bytes done = std::exchange(in_flight, {});
  if (life == Life::over) return;
  if (status != 0) return write_failed(status);
  sent += done.size();
}

/// The peer's RST or the like. What it said before, an alert above all, may still lie in our receive buffer: it is read
/// on until the system says that there is no more.
void State::write_failed(int) {
  out.clear();
  broken = true;
  update_reading();
  if (!reading) finish(How::reset);
}

void State::shut_down() {
  fin_sent = true;
  const int status = uv_shutdown(&shutting, stream(), [](uv_shutdown_t*, int) {});
  if (status != 0) broken = true;
  linger_until = loop.now() + linger;
  arm();
  check_closed();
}

}  // namespace bothends::net
