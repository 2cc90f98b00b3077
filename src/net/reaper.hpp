// The process that outlives us: it is told which process groups we have started, and when its pipe says that we are
// gone (also after SIGKILL, where nothing of ours runs any more) it ends them. It is a fork that never executes another
// program, so there is no file to find; it holds nothing open but the pipe. Rejected: PR_SET_PDEATHSIG, which libuv
// cannot set between fork and exec, and which reaches the child but not its group.
#pragma once

#include <sys/types.h>

#include <string>

namespace bothends::net {

class Reaper {
 public:
  /// The first variable in the environment of each child: whoever has it when we are gone is ended too. It finds a
  /// child that we had started and not yet told of, and one that has left its group.
  static constexpr const char* variable = "BOTHENDS_CHILD_OF";

  /// A folder's identity.
  struct Folder {
    dev_t device = 0;
    ino_t node = 0;
    friend bool operator==(const Folder&, const Folder&) = default;
  };

  Reaper();
  ~Reaper();
  Reaper(const Reaper&) = delete;

  /// The variable and its value; no other Reaper has the same.
  const std::string& entry() const { return entry_; }
  /// The second variable in the environment of a child; no other child of ours has the same.
  std::string own_mark() { return std::string(variable) + "_NUMBER=" + std::to_string(++children_); }
  /// Ends what is left of a child that has ended by itself: whoever has both marks, or works in its own folder.
  void end_daemons(const std::string& own_mark, const std::string& own_folder) const;
  /// Starts it unless it runs; false when there can be none (no processes or descriptors left).
  bool ready();
  /// Only after ready(). Before a child is started: the folder of its own that it will work in; empty: none.
  void announce(const std::string& folder);
  void watch(pid_t group);
  void forget(pid_t group);

 private:
  template <class Told>
  void tell(const Told& word);

  std::string entry_;
  unsigned children_ = 0;
  pid_t pid_ = -1;
  int pipe_ = -1;
};

}  // namespace bothends::net
