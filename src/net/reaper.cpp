#include "net/reaper.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace bothends::net {

namespace {

struct Word {
  pid_t group;
  int add;  // 0: forget it
};
constexpr Word farewell{0, 0};  // an orderly end: every child has been reaped by its owner

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

bool is_marked(const char* process, const char* entry, std::size_t length) {
  char path[300], start[256];
  std::snprintf(path, sizeof path, "/proc/%s/environ", process);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t got = read(file, start, sizeof start);
  close(file);
  return got >= static_cast<ssize_t>(length) && std::memcmp(start, entry, length) == 0;
}

/// Linux tells every process's environment at its start in /proc; elsewhere this finds nobody.
void end_marked(const char* entry, std::size_t length) {
  DIR* all = opendir("/proc");
  if (all == nullptr) return;
  while (const dirent* one = readdir(all)) {
    const int id = std::atoi(one->d_name);
    if (id > 1 && is_marked(one->d_name, entry, length)) kill(id, SIGKILL);
  }
  closedir(all);
}

/// Everything that is ours to end comes from the pipe, so no other signal may end us before. Until the pipe ends only
/// calls that are safe between fork and exec of a program with threads (signal-safety(7)); opendir allocates
/// afterwards, which glibc keeps possible in the child of such a fork.
[[noreturn]] void reap(int pipe, const std::string& entry) {
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
    if (word.group == farewell.group) _exit(0);
    note(word, groups, count);
  }
  for (std::size_t i = 0; i < count; ++i) kill(-groups[i], SIGKILL);
  // Between fork and exec a child still shows our environment: look again when it has its own.
  for (int round = 0; round < 4; ++round) {
    end_marked(entry.data(), entry.size() + 1);
    usleep(50'000);
  }
  _exit(0);
}

}  // namespace

Reaper::Reaper() {
  unsigned long long chance = 0;
  if (getrandom(&chance, sizeof chance, 0) < 0) chance = static_cast<unsigned long long>(getpid());
  mark_ = std::to_string(getpid()) + "-" + std::to_string(chance);
}

bool Reaper::ready() {
  if (pipe_ >= 0) return true;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const std::string entry = std::string(variable) + "=" + mark_;
  pid_ = fork();
  if (pid_ == 0) reap(ends[0], entry);
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
  tell(farewell.group, farewell.add);
  close(pipe_);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace bothends::net
