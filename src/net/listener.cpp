#include <fmt/format.h>

#include "net/connection_state.hpp"

namespace bothends::net {

namespace {
constexpr int backlog = 1024;
}

struct Listener::State {
  Loop::State& loop;
  std::function<std::unique_ptr<tls::Engine>()> engine;
  Deadlines deadlines;
  Accepted accepted;
  uv_tcp_t tcp{};
  std::uint16_t port = 0;
  std::uint64_t count = 0;

  void came();
  void refuse();
  Result<void> open(const Endpoint& at);
};

/// Taken and reset at once: left in the queue it would be offered to us for ever.
void Listener::State::refuse() {
  auto* refused = new uv_tcp_t;
  uv_tcp_init(&loop.uv, refused);
  const auto drop = [](uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); };
  if (uv_accept(reinterpret_cast<uv_stream_t*>(&tcp), reinterpret_cast<uv_stream_t*>(refused)) != 0 ||
      uv_tcp_close_reset(refused, drop) != 0)
    uv_close(handle_of(*refused), drop);
}

/// One connection per call: libuv calls again while there are more.
void Listener::State::came() {
  ++count;
  auto made = engine();
  if (!made) return refuse();
  auto* state = new Connection::State(loop, std::move(made), deadlines);
  std::unique_ptr<Connection> connection(new Connection(state));
  if (uv_accept(reinterpret_cast<uv_stream_t*>(&tcp), state->stream()) != 0) return;
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getpeername(&state->tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    state->peer = endpoint_of(address);
  state->accepted();
  accepted(std::move(connection));
}

Result<void> Listener::State::open(const Endpoint& at) {
  const auto address = address_of(at);
  if (!address) return tl::unexpected(address.error());
  const auto came_in = [](uv_stream_t* server, int status) {
    if (status == 0) static_cast<State*>(server->data)->came();
  };
  auto* stream = reinterpret_cast<uv_stream_t*>(&tcp);
  int status = uv_tcp_bind(&tcp, reinterpret_cast<const sockaddr*>(&*address), 0);
  if (status == 0) status = uv_listen(stream, backlog, came_in);
  if (status != 0)
    return fail(ErrorCode::network, fmt::format("cannot listen on {}: {}", at.text(), uv_strerror(status)));
  sockaddr_storage bound{};
  int size = sizeof bound;
  uv_tcp_getsockname(&tcp, reinterpret_cast<sockaddr*>(&bound), &size);
  port = endpoint_of(bound).port;
  return {};
}

Result<std::unique_ptr<Listener>> Listener::listen(Loop& loop, const Endpoint& at,
                                                   std::function<std::unique_ptr<tls::Engine>()> engine,
                                                   Deadlines deadlines, Accepted accepted) {
  auto* state = new State{loop.state(), std::move(engine), deadlines, std::move(accepted)};
  uv_tcp_init(&state->loop.uv, &state->tcp);
  state->tcp.data = state;
  std::unique_ptr<Listener> listener(new Listener(state));
  if (auto opened = state->open(at); !opened) return tl::unexpected(opened.error());
  return listener;
}

// `accepted` may be running right now: it goes with the handle.
Listener::~Listener() {
  uv_close(handle_of(state_->tcp), [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

std::uint16_t Listener::port() const { return state_->port; }
std::uint64_t Listener::accepted() const { return state_->count; }

}  // namespace bothends::net
