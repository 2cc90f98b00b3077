#include <csignal>

#include "net/loop_state.hpp"

namespace bothends::net {

struct Timer::State {
  uv_timer_t timer;
  std::function<void()> expired;
};

Timer::Timer(Loop& loop, milliseconds delay, std::function<void()> expired)
    : state_(new State{{}, std::move(expired)}) {
  uv_timer_init(&loop.state().uv, &state_->timer);
  state_->timer.data = state_;
  restart(delay);
}

// The function may be running right now: it goes with the handle, when the loop is back in its own hands.
Timer::~Timer() {
  uv_close(handle_of(state_->timer), [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

void Timer::stop() { uv_timer_stop(&state_->timer); }

void Timer::restart(milliseconds delay) {
  uv_update_time(state_->timer.loop);
  const auto expired = [](uv_timer_t* handle) { static_cast<State*>(handle->data)->expired(); };
  uv_timer_start(&state_->timer, expired, ticks(delay), 0);
}

struct Interrupt::State {
  uv_signal_t handles[2];
  unsigned open = 2;
  std::function<void(int)> came;
};

Interrupt::Interrupt(Loop& loop, std::function<void(int)> came) : state_(new State{{}, 2, std::move(came)}) {
  const int numbers[] = {SIGINT, SIGTERM};
  for (int i = 0; i < 2; ++i) {
    uv_signal_t& handle = state_->handles[i];
    uv_signal_init(&loop.state().uv, &handle);
    handle.data = state_;
    uv_signal_start(
        &handle, [](uv_signal_t* signal, int number) { static_cast<State*>(signal->data)->came(number); }, numbers[i]);
    uv_unref(handle_of(handle));  // waiting for a signal is no reason to go on
  }
}

Interrupt::~Interrupt() {
  for (uv_signal_t& handle : state_->handles)
    uv_close(handle_of(handle), [](uv_handle_t* closed) {
      auto* state = static_cast<State*>(closed->data);
      if (--state->open == 0) delete state;
    });
}

}  // namespace bothends::net
