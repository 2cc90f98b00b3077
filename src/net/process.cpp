#include "net/process.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "net/loop_state.hpp"

extern char** environ;

namespace bothends::net {

namespace {

constexpr std::size_t most_output = 1024 * 1024;
constexpr milliseconds wait_for_last_output{300};  // somebody who left the group may hold the pipe for ever
constexpr milliseconds patience_of_the_destructor{1000};

/// The marks stand at the front, where the reaper looks for them.
std::vector<std::string> environment_with(std::vector<std::string> all,
                                          const std::vector<std::pair<std::string, std::string>>& added) {
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const auto replaces = [&](const auto& pair) { return text.substr(0, text.find('=')) == pair.first; };
    if (!text.starts_with(Reaper::variable) && std::none_of(added.begin(), added.end(), replaces))
      all.emplace_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

/// Valid as long as the strings are.
std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Until the child has ended, `milliseconds` at most. Kernels without pidfd_open (before Linux 5.3) always wait that
/// long.
void wait_for_exit(pid_t pid, int milliseconds) {
  pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), POLLIN, 0};
  poll(&ended, ended.fd >= 0 ? 1 : 0, milliseconds);
  if (ended.fd >= 0) ::close(ended.fd);
}

Exit exit_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {0, WTERMSIG(wait_status)};
  return {WEXITSTATUS(wait_status), 0};
}

}  // namespace

std::string Exit::text() const {
  if (signal == 0) return fmt::format("exited with {}", status);
  const char* name = sigabbrev_np(signal);
  return name ? fmt::format("was ended by SIG{}", name) : fmt::format("was ended by signal {}", signal);
}

struct Process::State {
  State(Loop::State& of, std::function<void(const Exit&)> tell_it) : loop(of), ended(std::move(tell_it)) {}

  Loop::State& loop;
  std::function<void(const Exit&)> ended;
  uv_process_t process{};
  uv_pipe_t pipe{};
  uv_timer_t timer{};
  pid_t pid = 0;
  bool running = false;
  bool output_over = false;
  std::string own_mark, own_folder;  // by which daemons of it are found
  std::optional<Exit> exit;
  std::string output;
  std::uint64_t octets = 0;
  std::optional<std::uint64_t> kill_at;  // uv_now() of the loop
  bool gone = false, closed = false;
  unsigned open_handles = 2;  // and `process`, once it was tried

  Result<void> start(const Command& command);
  int spawn(const Command& command, int write_end);
  void read();
  void came(const char* text, std::size_t size);
  void exited(const Exit& how);
  void stop(milliseconds patience, int signal);
  void tell();
  void end_blocking();
  void close();
};

int Process::State::spawn(const Command& command, int write_end) {
  auto arguments = command.arguments;
  own_mark = loop.reaper.own_mark();
  own_folder = command.own_folder ? command.folder.string() : "";
  auto environment = environment_with({loop.reaper.entry(), own_mark}, command.environment);
  auto argument_pointers = pointers_to(arguments), environment_pointers = pointers_to(environment);
  uv_stdio_container_t streams[3];
  streams[0].flags = UV_IGNORE;
  streams[1].flags = streams[2].flags = UV_INHERIT_FD;
  streams[1].data.fd = streams[2].data.fd = write_end;
  const std::string folder = command.folder.string();
  if (command.own_folder) loop.reaper.announce(folder);
  uv_process_options_t options{};
  options.file = argument_pointers[0];
  options.args = argument_pointers.data();
  options.env = environment_pointers.data();
  options.cwd = folder.empty() ? nullptr : folder.c_str();
  options.flags = UV_PROCESS_DETACHED;  // setsid: its own session and group
  options.stdio_count = 3;
  options.stdio = streams;
  options.exit_cb = [](uv_process_t* handle, std::int64_t status, int signal) {
    static_cast<State*>(handle->data)->exited({static_cast<int>(status), signal});
  };
  return uv_spawn(&loop.uv, &process, &options);
}

Result<void> Process::State::start(const Command& command) {
  uv_pipe_init(&loop.uv, &pipe, 0);
  uv_timer_init(&loop.uv, &timer);
  pipe.data = timer.data = process.data = this;
  uv_file ends[2] = {-1, -1};
  int status = command.arguments.empty() ? UV_EINVAL : uv_pipe(ends, UV_NONBLOCK_PIPE, 0);
  if (status == 0 && !loop.reaper.ready()) status = UV_EAGAIN;
  if (status == 0) status = uv_pipe_open(&pipe, ends[0]);
  if (status != 0 && ends[0] >= 0) ::close(ends[0]);
  if (status == 0) {
    status = spawn(command, ends[1]);
    open_handles = 3;
  }
  if (ends[1] >= 0) ::close(ends[1]);
  if (status != 0) {
    const std::string program = command.arguments.empty() ? "" : command.arguments[0];
    return fail(ErrorCode::resource, fmt::format("cannot start '{}': {}", program, uv_strerror(status)));
  }
  pid = process.pid;
  running = true;
  loop.reaper.watch(pid);
  read();
  return {};
}

void Process::State::read() {
  const auto give = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto& shared = static_cast<State*>(handle->data)->loop.read_buffer;
    *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
  };
  uv_read_start(reinterpret_cast<uv_stream_t*>(&pipe), give,
                [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
                  auto* state = static_cast<State*>(stream->data);
                  if (size > 0) return state->came(buffer->base, static_cast<std::size_t>(size));
                  if (size == 0) return;
                  uv_read_stop(stream);
                  state->output_over = true;
                  if (!state->running) state->tell();
                });
}

void Process::State::came(const char* text, std::size_t size) {
  octets += size;
  output.append(text, size);
  if (output.size() > most_output) output.erase(0, output.size() - most_output);
}

/// Its number cannot have been given to another process yet, as long as somebody of its group is there; and if nobody
/// is, there is nobody to be hit, short of numbers that wrap around within this call.
void Process::State::exited(const Exit& how) {
  exit = how;
  running = false;
  kill(-pid, SIGKILL);
  if (!kill_at)
    loop.reaper.end_daemons(own_mark, own_folder);  // nobody asked it to end: it may have gone on without us
  loop.reaper.forget(pid);
  uv_timer_stop(&timer);
  if (output_over) return tell();
  const auto enough = [](uv_timer_t* handle) { static_cast<State*>(handle->data)->tell(); };
  uv_timer_start(&timer, enough, ticks(wait_for_last_output), 0);
}

void Process::State::tell() {
  const auto tell_it = std::exchange(ended, nullptr);
  close();
  if (tell_it && !gone) tell_it(*exit);
}

void Process::State::stop(milliseconds patience, int signal) {
  if (!running) return;
  kill(-pid, signal);
  uv_update_time(&loop.uv);
  const auto wait = ticks(patience);
  kill_at = uv_now(&loop.uv) + wait;
  const auto enough = [](uv_timer_t* handle) { kill(-static_cast<State*>(handle->data)->pid, SIGKILL); };
  uv_timer_start(&timer, enough, wait, 0);
}

/// Without the loop, since it may be the loop that we are called from; libuv has let go of the child before.
void Process::State::end_blocking() {
  if (!kill_at) stop(patience_of_the_destructor, SIGTERM);
  running = false;
  close();
  int status = 0;
  for (bool killed = false; waitpid(pid, &status, WNOHANG) == 0;) {
    uv_update_time(&loop.uv);
    if (!killed && uv_now(&loop.uv) >= *kill_at) killed = kill(-pid, SIGKILL) == 0;
    wait_for_exit(pid, 2);
  }
  exit = exit_of(status);
  kill(-pid, SIGKILL);
  loop.reaper.forget(pid);
}

void Process::State::close() {
  if (std::exchange(closed, true)) return;
  const auto let_go = [](uv_handle_t* handle) {
    auto* state = static_cast<State*>(handle->data);
    if (--state->open_handles == 0 && state->gone) delete state;
  };
  uv_close(handle_of(pipe), let_go);
  uv_close(handle_of(timer), let_go);
  if (open_handles == 3) uv_close(handle_of(process), let_go);
}

Result<std::unique_ptr<Process>> Process::start(Loop& loop, const Command& command,
                                                std::function<void(const Exit&)> ended) {
  auto* state = new State(loop.state(), std::move(ended));
  std::unique_ptr<Process> process(new Process(state));
  if (auto started = state->start(command); !started) return tl::unexpected(started.error());
  return process;
}

Process::~Process() {
  state_->gone = true;
  if (state_->running) state_->end_blocking();
  const bool all_closed = state_->closed && state_->open_handles == 0;
  state_->close();
  if (all_closed) delete state_;
}

void Process::stop(milliseconds patience, int signal) { state_->stop(patience, signal); }
void Process::signal(int number) {
  if (state_->running) kill(state_->pid, number);
}
bool Process::running() const { return state_->running; }
const std::optional<Exit>& Process::exit() const { return state_->exit; }
const std::string& Process::output() const { return state_->output; }
std::uint64_t Process::octets() const { return state_->octets; }
int Process::id() const { return state_->pid; }

}  // namespace bothends::net
