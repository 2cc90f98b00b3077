#include "net/reaper.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
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

enum class Kind { watch, forget, folder, farewell };  // farewell: an orderly end, every child has been reaped
struct Word {
  Kind kind;
  pid_t group;
  Reaper::Folder folder;
};

constexpr std::size_t most_groups = 4096;

/// What the reaper was told; in static memory, since it may not allocate yet.
struct Told {
  pid_t groups[most_groups];
  std::size_t count = 0;
  Reaper::Folder announced;  // of a child being started; no longer, since the numbers of folders are used again

  void note(const Word& word) {
    if (word.kind == Kind::watch && count < most_groups) groups[count++] = word.group;
    announced = word.kind == Kind::folder ? word.folder : Reaper::Folder{};
    for (std::size_t i = 0; word.kind == Kind::forget && i < count; ++i)
      if (groups[i] == word.group) groups[i] = groups[--count];
  }
  bool works_in_one(const char* process) const {
    char path[300];
    struct stat about {};
    std::snprintf(path, sizeof path, "/proc/%s/cwd", process);
    if (stat(path, &about) != 0) return false;
    return announced.node != 0 && announced == Reaper::Folder{about.st_dev, about.st_ino};
  }
};

/// Our children are in sessions of their own, which have no terminal: a person's shell is never one of them.
bool has_terminal(const char* process) {
  char path[300], text[512];
  std::snprintf(path, sizeof path, "/proc/%s/stat", process);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  const ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  if (got <= 0) return true;
  text[got] = '\0';
  const char* after_name = std::strrchr(text, ')');  // proc(5): the name may hold anything
  int terminal = 0;
  if (after_name == nullptr || std::sscanf(after_name + 1, " %*c %*d %*d %*d %d", &terminal) != 1) return true;
  return terminal != 0;
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

/// Those that we had started and not told of yet: by the environment that Linux shows in /proc, or, since nginx and
/// others write their title over it, by the folder they work in. Elsewhere this finds nobody.
void end_ours(const Told& told, const char* entry, std::size_t length) {
  DIR* all = opendir("/proc");
  if (all == nullptr) return;
  while (const dirent* one = readdir(all)) {
    const int id = std::atoi(one->d_name);
    if (id <= 1) continue;
    const bool ours = is_marked(one->d_name, entry, length) || told.works_in_one(one->d_name);
    if (ours && !has_terminal(one->d_name)) kill(id, SIGKILL);
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
  static Told told;
  for (Word word{};;) {
    const ssize_t got = read(0, &word, sizeof word);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof word)) break;
    if (word.kind == Kind::farewell) _exit(0);
    told.note(word);
  }
  for (std::size_t i = 0; i < told.count; ++i) kill(-told.groups[i], SIGKILL);
  // Between fork and exec a child still has our environment and folder: look again when it has its own.
  for (useconds_t pause = 25'000; pause <= 400'000; pause *= 2) {
    end_ours(told, entry.data(), entry.size() + 1);
    usleep(pause);
  }
  _exit(0);
}

}  // namespace

Reaper::Reaper() {
  unsigned long long chance = 0;
  if (getrandom(&chance, sizeof chance, 0) < 0) chance = static_cast<unsigned long long>(getpid());
  entry_ = std::string(variable) + "=" + std::to_string(getpid()) + "-" + std::to_string(chance);
}

bool Reaper::ready() {
  if (pipe_ >= 0) return true;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pid_ = fork();
  if (pid_ == 0) reap(ends[0], entry_);
  close(ends[0]);
  if (pid_ < 0) close(ends[1]);
  pipe_ = pid_ < 0 ? -1 : ends[1];
  return pid_ > 0;
}

void Reaper::announce(const std::string& folder) {
  struct stat about {};
  if (!folder.empty() && stat(folder.c_str(), &about) == 0) tell(Word{Kind::folder, 0, {about.st_dev, about.st_ino}});
}

void Reaper::end_daemons(const std::string& own_mark, const std::string& own_folder) const {
  Told told;
  struct stat about {};
  if (!own_folder.empty() && stat(own_folder.c_str(), &about) == 0) told.announced = {about.st_dev, about.st_ino};
  std::string marks = entry_;
  marks.push_back('\0');
  marks += own_mark;
  // Once more, since one that was seen may just have started another.
  for (int round = 0; round < 2; ++round) end_ours(told, marks.data(), marks.size() + 1);
}

void Reaper::watch(pid_t group) { tell(Word{Kind::watch, group, {}}); }

void Reaper::forget(pid_t group) {
  if (pipe_ >= 0) tell(Word{Kind::forget, group, {}});
}

// Shorter than PIPE_BUF, hence whole (pipe(7)); the reaper always reads, so this does not block for long.
template <class Told>
void Reaper::tell(const Told& word) {
  while (write(pipe_, &word, sizeof word) < 0 && errno == EINTR) continue;
}

Reaper::~Reaper() {
  if (pipe_ < 0) return;
  tell(Word{Kind::farewell, 0, {}});
  close(pipe_);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace bothends::net
