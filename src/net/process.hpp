// A child process in its own process group, its output captured (bounded), gone when we are: also after SIGKILL of us.
// Its whole group goes with it: what is left of the group when the child itself ends is ended too, and daemons that
// have left the group (setsid, setpgid) as far as they can be found: by their environment, or by working in the child's
// own folder. Programs are to be started in the foreground.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.hpp"

namespace bothends::net {

struct Command {
  std::vector<std::string> arguments;  // the first is the program, looked up in PATH; never a shell's text
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::filesystem::path folder;                                  // working directory; empty: ours
  bool own_folder = false;  // nobody else works in that folder: whoever does is ended when we are killed
};

struct Exit {
  int status = 0;  // when signal is 0
  int signal = 0;
  std::string text() const;  // "exited with 1", "was ended by SIGKILL"
};

class Process {
 public:
  /// `ended` comes once, from the loop, after the last output. Error{resource} when the program cannot be started.
  static Result<std::unique_ptr<Process>> start(Loop& loop, const Command& command,
                                                std::function<void(const Exit&)> ended);
  /// Ends the whole group: SIGTERM, after `patience` SIGKILL; blocks until it is reaped. Harmless when it has ended.
  ~Process();
  Process(const Process&) = delete;

  /// `signal` (SIGTERM) to the group now, SIGKILL after `patience`; `ended` tells when it is over.
  void stop(milliseconds patience, int signal = 15);
  /// To the child alone, not to its group: a reload is meant for the master and not for its workers.
  void signal(int number);
  bool running() const;
  const std::optional<Exit>& exit() const;
  /// Standard output and standard error as they came, the last MiB of them; raw.
  const std::string& output() const;
  /// How many octets of output there were in all, also those that are not kept any more.
  std::uint64_t octets() const;
  int id() const;

  struct State;

 private:
  explicit Process(State* state) : state_(state) {}
  State* state_;
};

}  // namespace bothends::net
