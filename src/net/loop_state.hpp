// What the files of this folder share of the loop. Not for other folders: it includes uv.h.
#pragma once

#include <uv.h>

#include <array>
#include <atomic>
#include <unordered_set>
#include <vector>

#include "base/bytes.hpp"
#include "net/loop.hpp"
#include "net/reaper.hpp"

namespace bothends::net {

struct Loop::State {
  using Task = std::function<void()>;
  struct Delayed;

  State();
  ~State();
  State(const State&) = delete;

  /// Tasks of this folder's own objects: unlike those of post() they still run when the loop is torn down, since
  /// memory hangs on them.
  void post_own(Task task);
  void post(Task task);
  void delay(milliseconds delay, Task task);
  microseconds now() const;
  void run_tasks();

  uv_loop_t uv;
  uv_idle_t idle;
  uv_prepare_t before_waiting;
  const std::function<bool()>* done = nullptr;  // of the run_until that is running
  std::uint64_t made_at = uv_hrtime();
  std::vector<Task> own_tasks, tasks;
  std::unordered_set<Delayed*> delayed;
  std::array<char, 65536> read_buffer;  // of whichever stream is being read: used up before the next one is
  Reaper reaper;
  std::shared_ptr<std::atomic<unsigned>> lookups = std::make_shared<std::atomic<unsigned>>(0);
};

/// For uv_timer_start, whose clock is cut to whole milliseconds: a timer must not come before its time.
inline std::uint64_t ticks(milliseconds delay) {
  return delay.count() <= 0 ? 0 : static_cast<std::uint64_t>(delay.count()) + 1;
}

/// How uv.h wants a handle that lies in a structure of ours.
template <class Handle>
uv_handle_t* handle_of(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

}  // namespace bothends::net
