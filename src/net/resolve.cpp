#include "net/resolve.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "net/address.hpp"
#include "net/loop_state.hpp"

namespace bothends::net {

namespace {

constexpr unsigned most_lookups = 64;

/// What the thread and the loop share. Whoever finds `wake` empty under the lock has been left alone by the other.
struct Lookup {
  std::mutex lock;
  uv_async_t* wake = nullptr;
  std::string host;
  std::uint16_t port = 0;
  int error = 0;
  std::vector<Endpoint> found;
  std::shared_ptr<std::atomic<unsigned>> running;
};

std::vector<Endpoint> endpoints_of(const addrinfo* list, std::uint16_t port) {
  std::vector<Endpoint> found;
  for (; list; list = list->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, list->ai_addr, std::min<std::size_t>(list->ai_addrlen, sizeof address));
    Endpoint endpoint = endpoint_of(address);
    endpoint.port = port;
    if (!endpoint.host.empty() && std::find(found.begin(), found.end(), endpoint) == found.end())
      found.push_back(std::move(endpoint));
  }
  return found;
}

void look_up(const std::shared_ptr<Lookup>& lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(lookup->host.c_str(), nullptr, &hints, &list);
  auto found = endpoints_of(error == 0 ? list : nullptr, lookup->port);
  if (error == 0) freeaddrinfo(list);
  --*lookup->running;
  const std::lock_guard guard(lookup->lock);
  lookup->error = error;
  lookup->found = std::move(found);
  if (lookup->wake) uv_async_send(lookup->wake);
}

}  // namespace

struct Resolution::State {
  uv_async_t wake;
  uv_timer_t timer;
  Resolved resolved;
  std::shared_ptr<Lookup> lookup = std::make_shared<Lookup>();
  std::optional<Result<std::vector<Endpoint>>> answer;
  unsigned open_handles = 2;

  void start(Loop::State& loop, std::string host, std::uint16_t port, milliseconds deadline);
  void start_thread(Loop::State& loop);
  void finish();
  void take_answer();
  void close();
};

void Resolution::State::start(Loop::State& loop, std::string host, std::uint16_t port, milliseconds deadline) {
  uv_async_init(&loop.uv, &wake, [](uv_async_t* handle) { static_cast<State*>(handle->data)->take_answer(); });
  uv_timer_init(&loop.uv, &timer);
  wake.data = timer.data = this;
  lookup->host = std::move(host);
  lookup->port = port;
  Endpoint numeric{lookup->host, port};
  if (address_of(numeric))
    answer = std::vector{std::move(numeric)};
  else if (lookup->host.empty() || lookup->host.find('\0') != std::string::npos)
    answer = fail(ErrorCode::network, "an empty name has no address");
  else
    start_thread(loop);
  uv_update_time(&loop.uv);
  uv_timer_start(
      &timer, [](uv_timer_t* handle) { static_cast<State*>(handle->data)->finish(); }, answer ? 0 : ticks(deadline), 0);
}

void Resolution::State::start_thread(Loop::State& loop) {
  lookup->wake = &wake;
  lookup->running = loop.lookups;
  if (++*loop.lookups > most_lookups) {
    --*loop.lookups;
    answer = fail(ErrorCode::resource, "too many names are being resolved at once");
    return;
  }
  try {
    std::thread(look_up, lookup).detach();
  } catch (const std::system_error& error) {
    --*loop.lookups;
    answer = fail(ErrorCode::resource, fmt::format("no thread to resolve a name in: {}", error.what()));
  }
}

void Resolution::State::take_answer() {
  {
    const std::lock_guard guard(lookup->lock);
    if (lookup->found.empty())
      answer = fail(ErrorCode::network, fmt::format("{} has no address: {}", printable(lookup->host),
                                                    lookup->error ? gai_strerror(lookup->error) : "none was found"));
    else
      answer = std::move(lookup->found);
  }
  finish();
}

void Resolution::State::finish() {
  uv_timer_stop(&timer);
  uv_unref(handle_of(wake));  // nothing is awaited any more
  if (!resolved) return;
  if (!answer) answer = fail(ErrorCode::network, fmt::format("{} was not resolved in time", printable(lookup->host)));
  const Resolved tell = std::exchange(resolved, nullptr);
  tell(std::move(*answer));
}

void Resolution::State::close() {
  {
    const std::lock_guard guard(lookup->lock);
    lookup->wake = nullptr;
  }
  const auto closed = [](uv_handle_t* handle) {
    auto* state = static_cast<State*>(handle->data);
    if (--state->open_handles == 0) delete state;
  };
  uv_close(handle_of(wake), closed);
  uv_close(handle_of(timer), closed);
}

Resolution::Resolution(Loop& loop, std::string host, std::uint16_t port, milliseconds deadline, Resolved resolved)
    : state_(new State) {
  state_->resolved = std::move(resolved);
  state_->start(loop.state(), std::move(host), port, deadline);
}

Resolution::~Resolution() { state_->close(); }

}  // namespace bothends::net
