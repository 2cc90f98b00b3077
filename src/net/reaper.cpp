#include "net/reaper.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace bothends::net {

namespace {

struct Word {
  pid_t group;
  int add;  // 0: forget it
};

constexpr std::size_t most_groups = 4096;

void note(Word word, pid_t* groups, std::size_t& count) {
  if (word.add && count < most_groups) groups[count++] = word.group;
  if (word.add) return;
  for (std::size_t i = 0; i < count; ++i)
    if (groups[i] == word.group) {
      groups[i] = groups[--count];
      return;
    }
}

/// Everything that is ours to end comes from the pipe, so no other signal may end us before. Only calls that are safe
/// between fork and exec of a program with threads (signal-safety(7)).
[[noreturn]] void reap(int pipe) {
  setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGTSTP})
    signal(number, SIG_IGN);
  dup2(pipe, 0);
  close_range(1, ~0U, 0);
  if (chdir("/") != 0) _exit(1);
  static pid_t groups[most_groups];
  std::size_t count = 0;
  for (Word word{};;) {
    const ssize_t got = read(0, &word, sizeof word);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof word)) break;
    note(word, groups, count);
  }
  for (std::size_t i = 0; i < count; ++i) kill(-groups[i], SIGKILL);
  _exit(0);
}

}  // namespace

bool Reaper::ready() {
  if (pipe_ >= 0) return true;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pid_ = fork();
  if (pid_ == 0) reap(ends[0]);
  close(ends[0]);
  if (pid_ < 0) close(ends[1]);
  pipe_ = pid_ < 0 ? -1 : ends[1];
  return pid_ > 0;
}

void Reaper::watch(pid_t group) { tell(group, 1); }

void Reaper::forget(pid_t group) {
  if (pipe_ >= 0) tell(group, 0);
}

// Shorter than PIPE_BUF, hence whole (pipe(7)); the reaper always reads, so this does not block for long.
void Reaper::tell(pid_t group, int what) {
  const Word word{group, what};
  while (write(pipe_, &word, sizeof word) < 0 && errno == EINTR) continue;
}

Reaper::~Reaper() {
  if (pipe_ < 0) return;
  close(pipe_);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace bothends::net
