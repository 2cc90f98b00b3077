// Many targets side by side on one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "net/loop.hpp"
#include "policy/probed.hpp"
#include "run/targets.hpp"

namespace bothends::run {

class Probers {
 public:
  /// One target's probe while it runs. Destroying it ends it without a word.
  class Running {
   public:
    virtual ~Running() = default;
    /// It ends soon, as far as it came; at once, too.
    virtual void interrupt() = 0;
  };
  using Ended = std::function<void(policy::Probed)>;
  /// Begins to probe. `Ended` is to be called once, from the loop or interrupt(); the Running is destroyed after that,
  /// not inside it.
  using Start = std::function<std::unique_ptr<Running>(const Target&, Ended)>;
  struct Callbacks {
    std::function<std::optional<Target>()> next;  // the targets, asked for one by one as there is room
    Start start;
    /// As the probes end, which is not the order of the targets: to keep that, one slow target would make all that
    /// come after it wait in memory. What is not taken here is gone.
    std::function<void(const Target&, policy::Probed)> result;
    std::function<void()> done;  // once, from the loop, after the last result; may destroy the Probers
  };

  /// At most `jobs` at a time. The first begin when the loop turns.
  Probers(net::Loop& loop, unsigned jobs, Callbacks callbacks);
  ~Probers();
  Probers(const Probers&) = delete;

  /// No further target is begun; those that run are interrupted, and their results still come.
  void interrupt();

  class State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace bothends::run
