#include "net/process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "support.hpp"

using namespace bothends;
using namespace bothends::net;
using net::test::turn_until;

namespace {

struct Bench {
  Loop loop;
  std::unique_ptr<Process> process;
  std::optional<Exit> told;

  void start(std::vector<std::string> arguments, Command command = {}) {
    command.arguments = std::move(arguments);
    auto started = Process::start(loop, command, [this](const Exit& exit) { told = exit; });
    REQUIRE(started);
    process = std::move(*started);
  }
  const std::string& output_at_end() {
    turn_until(loop, [&] { return told.has_value(); });
    return process->output();
  }
};

/// A zombie has gone: when it is buried is its parent's matter.
bool exists(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(") ");
  return name_end != std::string::npos && text.at(name_end + 2) != 'Z';
}

/// Waits up to five seconds: what the kernel does after a kill is not ours to hurry.
bool vanishes(pid_t pid) {
  for (int i = 0; i < 500 && exists(pid); ++i) std::this_thread::sleep_for(milliseconds{10});
  return !exists(pid);
}

}  // namespace

TEST_CASE("standard output and error come in order, and the exit after them") {
  Bench bench;
  bench.start({"sh", "-c", "echo one; echo two >&2; echo three; exit 7"});
  CHECK(bench.process->running());
  CHECK(bench.output_at_end() == "one\ntwo\nthree\n");
  CHECK(bench.told->status == 7);
  CHECK(bench.told->text() == "exited with 7");
  CHECK_FALSE(bench.process->running());
  CHECK(bench.process->exit()->status == 7);
}

TEST_CASE("environment is added to, the folder is set, standard input is empty") {
  Bench bench;
  setenv("BOTHENDS_TEST_KEPT", "kept", 1);
  setenv("BOTHENDS_TEST_REPLACED", "old", 1);
  bench.start({"sh", "-c", "cat; pwd; echo $BOTHENDS_TEST_KEPT $BOTHENDS_TEST_REPLACED"},
              {{}, {{"BOTHENDS_TEST_REPLACED", "new"}}, "/usr"});
  CHECK(bench.output_at_end() == "/usr\nkept new\n");
}

TEST_CASE("only the last MiB of the output is kept") {
  Bench bench;
  bench.start({"sh", "-c", "head -c 3000000 /dev/zero; echo end"});
  const auto& output = bench.output_at_end();
  CHECK(output.size() == 1024 * 1024);
  CHECK(output.ends_with("end\n"));
}

TEST_CASE("a program that is not there is an error") {
  Loop loop;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"/no/such/program"}, {}}) {
    auto started = Process::start(loop, {arguments, {}, {}}, [](const Exit&) { FAIL("it never ran"); });
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::resource);
  }
  loop.turn();
}

TEST_CASE("stop asks first and kills later") {
  Bench bench;
  bench.start({"sh", "-c", "trap 'echo asked; exit 3' TERM; sleep 1000 & echo ready; wait"});
  turn_until(bench.loop, [&] { return bench.process->output() == "ready\n"; });
  SUBCASE("it listens") {
    bench.process->stop(milliseconds{5000});
    CHECK(bench.output_at_end() == "ready\nasked\n");
    CHECK(bench.told->status == 3);
  }
  SUBCASE("it has no time to") {
    bench.process->signal(SIGSTOP);
    bench.process->stop(milliseconds{20});
    bench.output_at_end();
    CHECK(bench.told->signal == SIGKILL);
    CHECK(bench.told->text() == "was ended by SIGKILL");
  }
}

TEST_CASE("the whole group goes with its leader") {
  Bench bench;
  bench.start({"sh", "-c", "sleep 1000 & echo $!; wait"});
  turn_until(bench.loop, [&] { return bench.process->output().ends_with("\n"); });
  const pid_t child = std::atoi(bench.process->output().c_str());
  REQUIRE(exists(child));
  SUBCASE("destroyed") { bench.process.reset(); }
  SUBCASE("its leader is killed") {
    kill(bench.process->id(), SIGKILL);
    bench.output_at_end();
  }
  CHECK(vanishes(child));
}

TEST_CASE("destroying waits for a child that has to be killed, and calls nothing") {
  Bench bench;
  bench.start({"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"});
  turn_until(bench.loop, [&] { return !bench.process->output().empty(); });
  const pid_t child = bench.process->id();
  bench.process->stop(milliseconds{30});
  bench.process.reset();
  CHECK_FALSE(exists(child));
  bench.loop.turn();
  CHECK_FALSE(bench.told);
}

TEST_CASE("it may be destroyed from inside `ended`") {
  Loop loop;
  std::unique_ptr<Process> process;
  auto started = Process::start(loop, {{"true"}, {}, {}}, [&](const Exit&) { process.reset(); });
  REQUIRE(started);
  process = std::move(*started);
  turn_until(loop, [&] { return !process; });
}

TEST_CASE("somebody who left the group and holds the output does not keep `ended` back") {
  Bench bench;
  bench.start({"sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2"});
  const pid_t daemon = std::atoi(bench.output_at_end().c_str());
  REQUIRE(daemon > 1);
  CHECK(exists(daemon));
  kill(daemon, SIGKILL);
}

TEST_CASE("children go when we are killed, and nobody else holds our descriptors") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const pid_t us = fork();
  REQUIRE(us >= 0);
  if (us == 0) {  // plays a harness that is killed in the middle of its work
    Loop loop;
    auto child = Process::start(loop, {{"sh", "-c", "sleep 1000 & echo $!; wait"}, {}, {}}, [](const Exit&) {});
    if (!child) _exit(1);
    loop.run_until([&] { return (*child)->output().ends_with("\n"); });
    const pid_t pids[] = {(*child)->id(), std::atoi((*child)->output().c_str())};
    if (write(ends[1], pids, sizeof pids) != sizeof pids) _exit(1);
    raise(SIGKILL);
  }
  close(ends[1]);
  pid_t pids[2] = {};
  REQUIRE(read(ends[0], pids, sizeof pids) == sizeof pids);
  char more;
  CHECK_MESSAGE(read(ends[0], &more, 1) == 0, "the reaper must not hold descriptors of ours");
  CHECK(vanishes(pids[0]));
  CHECK(vanishes(pids[1]));
  close(ends[0]);
  waitpid(us, nullptr, 0);
}
