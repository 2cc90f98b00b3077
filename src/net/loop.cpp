#include "net/loop.hpp"

#include <cassert>
#include <csignal>
#include <utility>

#include "net/loop_state.hpp"

namespace bothends::net {

struct Loop::State::Delayed {
  State& loop;
  uv_timer_t timer;
  Task task;
};

Loop::State::State() {
  [[maybe_unused]] const int made = uv_loop_init(&uv);
  assert(made == 0);
  uv_idle_init(&uv, &idle);
  uv_prepare_init(&uv, &before_waiting);
  uv_unref(handle_of(before_waiting));
  idle.data = before_waiting.data = this;
}

Loop::State::~State() {
  tasks.clear();
  for (Delayed* late : delayed)
    uv_close(handle_of(late->timer), [](uv_handle_t* handle) { delete static_cast<Delayed*>(handle->data); });
  while (!own_tasks.empty()) run_tasks();
  uv_close(handle_of(idle), nullptr);
  uv_close(handle_of(before_waiting), nullptr);
  // Handles that are closing need turns to be let go of; one that is not closing belongs to an object that outlives us.
  int closed = UV_EBUSY;
  for (int turns = 0; turns < 8 && closed != 0; ++turns) {
    uv_run(&uv, UV_RUN_NOWAIT);
    while (!own_tasks.empty()) run_tasks();
    closed = uv_loop_close(&uv);
  }
  assert(closed == 0 && "an object of this loop outlives it");
}

void Loop::State::run_tasks() {
  const auto own = std::exchange(own_tasks, {});
  const auto others = std::exchange(tasks, {});
  for (const Task& task : own) task();
  for (const Task& task : others) task();
  if (own_tasks.empty() && tasks.empty() && !uv_is_closing(handle_of(idle))) uv_idle_stop(&idle);
}

void Loop::State::post_own(Task task) {
  own_tasks.push_back(std::move(task));
  if (!uv_is_closing(handle_of(idle)))
    uv_idle_start(&idle, [](uv_idle_t* handle) { static_cast<State*>(handle->data)->run_tasks(); });
}

void Loop::State::post(Task task) {
  post_own([] {});
  tasks.push_back(std::move(task));
}

void Loop::State::delay(milliseconds delay, Task task) {
  auto* late = new Delayed{*this, {}, std::move(task)};
  delayed.insert(late);
  uv_timer_init(&uv, &late->timer);
  late->timer.data = late;
  uv_update_time(&uv);
  const auto expired = [](uv_timer_t* handle) {
    auto* due = static_cast<Delayed*>(handle->data);
    due->loop.delayed.erase(due);
    uv_close(handle_of(*handle), [](uv_handle_t* closed) { delete static_cast<Delayed*>(closed->data); });
    due->task();
  };
  uv_timer_start(&late->timer, expired, ticks(delay), 0);
}

microseconds Loop::State::now() const {
  return microseconds(static_cast<std::int64_t>((uv_hrtime() - made_at) / 1000));
}

Loop::Loop() : state_(std::make_unique<State>()) { std::signal(SIGPIPE, SIG_IGN); }
Loop::~Loop() = default;

// A turn runs what is due first and waits then: without being asked in between, it would wait although all is done.
bool Loop::run_until(const std::function<bool()>& done) {
  state_->done = &done;
  uv_prepare_start(&state_->before_waiting, [](uv_prepare_t* handle) {
    const auto* state = static_cast<State*>(handle->data);
    if ((*state->done)()) uv_stop(handle->loop);
  });
  while (!done() && uv_run(&state_->uv, UV_RUN_ONCE) != 0) continue;
  uv_prepare_stop(&state_->before_waiting);
  return done();
}

void Loop::turn() { uv_run(&state_->uv, UV_RUN_NOWAIT); }
microseconds Loop::now() const { return state_->now(); }
void Loop::post(std::function<void()> task) { state_->post(std::move(task)); }
void Loop::after(milliseconds delay, std::function<void()> task) { state_->delay(delay, std::move(task)); }

}  // namespace bothends::net
