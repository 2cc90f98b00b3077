// The user's side of a connection: everything here may be called from anywhere, so nothing here calls back.
#include "net/connection.hpp"

#include "net/connection_state.hpp"

namespace bothends::net {

std::unique_ptr<Connection> Connection::connect(Loop& loop, const Endpoint& to, std::unique_ptr<tls::Engine> engine,
                                                Deadlines deadlines, Callbacks callbacks) {
  auto* state = new State(loop.state(), std::move(engine), deadlines);
  std::unique_ptr<Connection> connection(new Connection(state));
  state->callbacks = std::move(callbacks);
  state->connect(to);
  return connection;
}

Connection::~Connection() { state_->abandon(); }

void Connection::write(View plain) { state_->write(plain); }
void Connection::close(milliseconds linger) { state_->close(linger); }
void Connection::reset() { state_->reset(); }
void Connection::pause() { state_->set_paused(true); }
void Connection::resume() { state_->set_paused(false); }
Bytes Connection::take_plain() { return state_->take_plain(); }
std::size_t Connection::queued() const { return state_->queued(); }
const tls::Engine& Connection::engine() const { return *state_->engine; }
const policy::Handshake& Connection::handshake() const { return state_->engine->handshake(); }
bool Connection::opened() const { return state_->opened; }
bool Connection::is_starved() const { return state_->starved; }
Endpoint Connection::peer() const { return state_->peer; }
Endpoint Connection::local() const { return state_->local; }
std::uint64_t Connection::received() const { return state_->received; }
std::uint64_t Connection::sent() const { return state_->sent; }
microseconds Connection::begun() const { return state_->begun; }
void Connection::extend(milliseconds total) { state_->extend(total); }

void on(Connection& connection, Callbacks callbacks) { connection.set(std::move(callbacks)); }
void Connection::set(Callbacks callbacks) { state_->callbacks = std::move(callbacks); }

using State = Connection::State;

void State::write(View plain_octets) {
  if (life != Life::talking || broken || plain_octets.empty()) return;
  engine->clock(since_begun());
  engine->write(plain_octets, out);
  drain_awaited = true;
  schedule();
}

void State::close(milliseconds patience) {
  if (life == Life::over || (life == Life::closing && fin_wanted)) return;
  if (life != Life::talking || !opened) return finish(How::stopped);
  decide(How::closed);
  begin_closing(patience);
  schedule();
}

void State::reset() {
  if (life == Life::over) return;
  out.clear();
  if (life != Life::created) {
    uv_os_fd_t fd;
    const struct linger at_once { 1, 0 };
    if (uv_fileno(handle_of(tcp), &fd) == 0) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  finish(How::stopped);
}

Bytes State::take_plain() {
  Bytes taken = std::exchange(plain, {});
  tell_data = false;
  update_reading();
  return taken;
}

void State::set_paused(bool wanted) {
  paused = wanted;
  if (!paused && !plain.empty()) {
    tell_data = true;
    schedule();
  }
  update_reading();
}

void State::extend(milliseconds total) {
  total_until = loop.now() + total;
  arm();
}

std::size_t State::queued() const { return out.size() + (write_active ? uv_stream_get_write_queue_size(stream()) : 0); }

void State::abandon() {
  gone = true;
  reset();
  release();
}

}  // namespace bothends::net
