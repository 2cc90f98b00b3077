// The one event loop. Only src/net includes uv.h; everything here is single-threaded and calls back from run().
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.hpp"

namespace bothends::net {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class Loop {
 public:
  Loop();
  ~Loop();  // everything made on this loop must be gone or ended before
  Loop(const Loop&) = delete;

  /// Turns until `done()` says true (asked after each turn) or nothing is left to wait for. Returns done().
  bool run_until(const std::function<bool()>& done);
  /// Turns once without waiting.
  void turn();
  /// Monotonic, since the loop was made.
  microseconds now() const;

  /// Calls `task` from the loop, never from inside the call; soon, or after `delay`.
  void post(std::function<void()> task);
  void after(milliseconds delay, std::function<void()> task);

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Calls back once after `delay` unless it is destroyed or stopped before.
class Timer {
 public:
  Timer(Loop& loop, milliseconds delay, std::function<void()> expired);
  ~Timer();
  Timer(const Timer&) = delete;
  void stop();
  void restart(milliseconds delay);

 private:
  struct State;
  State* state_;  // owned by the loop until its handle is closed
};

/// Calls back in the loop for SIGINT and SIGTERM while it lives.
class Interrupt {
 public:
  Interrupt(Loop& loop, std::function<void(int signal)> came);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;

 private:
  struct State;
  State* state_;
};

}  // namespace bothends::net
