// Real children: scripts that behave as no proxy should, then the proxies themselves.
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "proxy/real_proxy.hpp"
#include "tests/proxy/support.hpp"

using namespace bothends;
using namespace bothends::proxy;

namespace {

/// A proxy that is a shell script.
Driver script(const std::string& text) {
  return {.name = "odd",
          .binaries = {"sh"},
          .start = {"{{folder}}/run.sh"},
          .files = {{"run.sh", text}},
          .stop_within = std::chrono::milliseconds{200}};
}

struct Stand {
  test::Chain chain;
  std::unique_ptr<RealProxy> proxy;
  std::optional<Result<void>> ready;

  /// Waits until it is ready or has failed; what it then said.
  std::string start(const Driver& driver) {
    proxy.reset();
    ready.reset();
    auto started = RealProxy::start(chain.loop, driver, {chain.setup}, [this](Result<void> said) {
      CHECK_FALSE(ready);
      ready = std::move(said);
    });
    if (!started) return started.error().what;
    proxy = std::move(*started);
    chain.until([&] { return ready.has_value(); });
    return *ready ? "" : ready->error().what;
  }
  /// The status of one request, and the body.
  std::pair<unsigned, std::string> ask() {
    test::Client client(chain.loop, proxy->port(), test::get("/x"));
    chain.until([&] { return !client.answers.empty() || client.ending; });
    return client.answers.empty() ? std::pair(0u, std::string())
                                  : std::pair(client.answers[0].status, client.bodies[0]);
  }
  std::vector<std::string> log_until(const std::string& what) {
    std::vector<std::string> all;
    std::function<void()> look_again;  // a log file wakes nobody
    net::Timer timer(chain.loop, std::chrono::milliseconds{5}, [&] { look_again(); });
    look_again = [&] { timer.restart(std::chrono::milliseconds{5}); };
    chain.until([&] {
      for (std::string& line : proxy->take_log()) all.push_back(std::move(line));
      return std::ranges::any_of(all, [&](const std::string& line) { return line.find(what) != std::string::npos; });
    });
    return all;
  }
};

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool port_is_free(std::uint16_t port) {
  net::Loop loop;
  const auto engine = [] { return net::test::pass(); };
  return net::Listener::listen(loop, {"127.0.0.1", port}, engine, {}, [](auto) {}).has_value();
}

/// Neither running nor waiting to be reaped.
bool is_gone(int id) {
  const std::string about = content("/proc/" + std::to_string(id) + "/stat");
  return about.empty() || about.find(") Z ") != std::string::npos;
}

bool is_here(const std::string& name) {
  const auto driver = driver_named(name);
  if (find_binary(*driver)) return true;
  if (::getenv("CI"))
    FAIL(name << " is not installed");
  else
    MESSAGE("skipped: " << name << " is not installed");
  return false;
}

}  // namespace

TEST_CASE("a proxy that ends at once: its last words, not a time-out") {
  Stand stand;
  CHECK(stand.start(script("echo one; echo two >&2; exit 3")) ==
        "odd exited with 3 before it was ready; it said: one | two");
  CHECK_FALSE(stand.proxy->running());
  CHECK(stand.start(script("kill -9 $$")) == "odd was ended by SIGKILL before it was ready; it said nothing");
  Stand quiet;
  CHECK(quiet.start(script("exit 0")) == "odd exited with 0 before it was ready; it said nothing");
}

TEST_CASE("a proxy that is never ready is given up in time, and what it logged is told") {
  Stand stand;
  Driver driver = script("echo out; echo logged > \"$1\"; exec sleep 60");
  driver.start.push_back("{{folder}}/odd.log");
  driver.log = "odd.log";
  driver.ready_within = std::chrono::milliseconds{300};
  CHECK(stand.start(driver) == "odd was not ready within 300 ms; it said: out | logged");
  CHECK(stand.proxy->running());
}

TEST_CASE("its last words are few, bounded and printable") {
  Stand stand;
  const std::string said = stand.start(
      script("head -c 3000000 /dev/zero | tr '\\0' '\\033'; for i in 1 2 3 4 5 6 7; do echo; echo $i; done; "
             "printf '\\033[31mred\\a\\n'; exit 1"));
  CHECK(said == "odd exited with 1 before it was ready; it said: 4 | 5 | 6 | 7 | \\x1b[31mred\\x07");
}

TEST_CASE("what is destroyed leaves no process, no folder and a free port") {
  std::filesystem::path folder;
  std::uint16_t port = 0;
  int parent = 0, child = 0;
  {
    Stand stand;
    Driver driver = script("trap '' TERM; sleep 60 & echo $$ $! > pids; echo up; while :; do sleep 60; done");
    driver.ready_within = std::chrono::milliseconds{200};
    driver.folders = {"a/b"};
    stand.start(driver);
    folder = stand.proxy->folder();
    port = stand.proxy->port();
    CHECK(std::filesystem::is_directory(folder / "a/b"));
    CHECK((std::filesystem::status(folder).permissions() & std::filesystem::perms::mask) ==
          std::filesystem::perms{0700});
    CHECK((std::filesystem::status(folder / "front0.key").permissions() & std::filesystem::perms::mask) ==
          std::filesystem::perms{0600});
    std::ifstream(folder / "pids") >> parent >> child;
    REQUIRE(parent > 1);
    REQUIRE(child > 1);
    CHECK(::kill(child, 0) == 0);
  }
  CHECK_FALSE(std::filesystem::exists(folder));
  CHECK(is_gone(parent));
  CHECK(is_gone(child));
  CHECK(port_is_free(port));
}

TEST_CASE("a proxy gets the time to stop that its driver gives it") {
  const auto mark = std::filesystem::temp_directory_path() / ("stopped-" + std::to_string(::getpid()));
  {
    Stand stand;
    Driver driver = script("exec > /dev/null 2>&1; trap 'sleep 1.3; echo done > " + mark.string() +
                           "; exit 0' TERM; while :; do sleep 0.05; done");
    driver.ready_within = std::chrono::milliseconds{200};
    driver.stop_within = std::chrono::milliseconds{30000};
    stand.start(driver);
  }
  CHECK(content(mark) == "done\n");
  std::filesystem::remove(mark);
}

TEST_CASE("stopping does not hold up the loop, and is told once") {
  Stand stand;
  Driver driver = script("trap '' TERM; while :; do sleep 0.01; done");
  driver.ready_within = std::chrono::milliseconds{200};
  stand.start(driver);
  unsigned told = 0, turns = 0;
  stand.proxy->stop([&] { ++told; });
  CHECK(told == 0);
  std::function<void()> turn = [&] {
    ++turns;
    if (told == 0) stand.chain.loop.after(std::chrono::milliseconds{1}, turn);
  };
  turn();
  stand.chain.until([&] { return told > 0; });
  CHECK(turns > 5);  // it ignores SIGTERM: others had their turns for 200 ms
  CHECK_FALSE(stand.proxy->running());
  stand.proxy->stop([&] { ++told; });
  stand.chain.until([&] { return told > 1; });
  CHECK(told == 2);
}

TEST_CASE("what cannot be started says why and leaves nothing") {
  const auto before = [] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path()))
      count += entry.path().filename().string().starts_with("bothends-") ? 1 : 0;
    return count;
  };
  const std::string old = ::getenv("TMPDIR") ? ::getenv("TMPDIR") : "";
  const auto own = std::filesystem::temp_directory_path() / ("driver-real-" + std::to_string(::getpid()));
  std::filesystem::create_directories(own);
  ::setenv("TMPDIR", own.c_str(), 1);
  Stand stand;
  Driver driver = script("exec sleep 60");
  driver.files["run.sh/x"] = "a file cannot be a folder too";
  CHECK(stand.start(driver).find("cannot make the folder") != std::string::npos);
  driver = script("exec sleep 60");
  driver.environment = {{"A", "{{prot}}"}};
  CHECK(stand.start(driver).find("did you mean {{port}}") != std::string::npos);
  driver = script("{{prot}}");
  CHECK(stand.start(driver).find("did you mean {{port}}") != std::string::npos);
  CHECK(before() == 0);
  ::setenv("TMPDIR", (own / "none").c_str(), 1);
  CHECK(stand.start(script("")).find("there is no folder for temporary files") != std::string::npos);
  std::filesystem::create_directories(own / "a b");
  ::setenv("TMPDIR", (own / "a b").c_str(), 1);
  CHECK(stand.start(script("")).find("cannot be written into the configuration") != std::string::npos);
  CHECK(before() == 0);
  const std::string longest(200, 'x');
  std::filesystem::create_directories(own / longest);
  ::setenv("TMPDIR", (own / longest).c_str(), 1);
  CHECK(stand.start(script("exit 4")).starts_with("odd exited with 4"));
  old.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", old.c_str(), 1);
  stand.proxy.reset();
  std::filesystem::remove_all(own);
}

TEST_CASE("the environment is rendered and added to ours") {
  Stand stand;
  Driver driver = script("echo \"$WHERE at $PORT\"; exit 1");
  driver.environment = {{"WHERE", "{{folder}}"}, {"PORT", "p{{port}}"}};
  const std::string said = stand.start(driver);
  CHECK(said.find("it said: " + stand.proxy->folder().string() + " at p" + std::to_string(stand.proxy->port())) !=
        std::string::npos);
}

TEST_CASE("the log: whole lines once each, through floods, truncation and links") {
  for (const bool to_file : {false, true}) {
    CAPTURE(to_file);
    Stand stand;
    // Waits for each file that the test makes.
    Driver driver = script(
        std::string("step() { while [ ! -e $1 ]; do sleep 0.01; done; }\n") + (to_file ? "exec >> odd.log\n" : "") +
        "echo one; printf tw; step 1; echo o; step 2\n"
        "i=0; head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; echo after the flood; step 3\n" +
        (to_file ? "exec > odd.log\n" : "") + "echo fresh; printf '\\033[2J\\n'; step 4; echo bye; exit 7\n");
    if (to_file) driver.log = "odd.log";
    driver.ready_within = std::chrono::milliseconds{50};
    stand.start(driver);
    const auto step = [&](const char* name) { std::ofstream(stand.proxy->folder() / name); };
    using Lines = std::vector<std::string>;
    CHECK(stand.log_until("one") == Lines{"one"});
    CHECK(stand.proxy->take_log().empty());
    step("1");
    const Lines two = stand.log_until("two");
    CHECK_MESSAGE((two == Lines{"two"}), join(two, "|"));
    step("2");
    CHECK(stand.log_until("after the flood").back() == "after the flood");
    step("3");
    const Lines fresh = stand.log_until("[2J");
    CHECK_MESSAGE((fresh == Lines{"fresh", "\\x1b[2J"}), join(fresh, "|"));
    step("4");
    const Lines bye = stand.log_until("exited with 7");
    CHECK_MESSAGE((bye == Lines{"bye", "odd exited with 7"}), join(bye, "|"));
    CHECK(stand.proxy->take_log().empty());
  }
}

TEST_CASE("the log: nothing but a regular file is read") {
  for (const std::string make : {"ln -s /etc/passwd odd.log", "mkfifo odd.log", "mkdir odd.log"}) {
    Stand stand;
    Driver driver = script(make + "; echo up; exec sleep 60");
    driver.log = "odd.log";
    driver.ready_within = std::chrono::milliseconds{200};
    CHECK(stand.start(driver) == "odd was not ready within 200 ms; it said: up");
    CHECK(stand.proxy->take_log().empty());
  }
}

TEST_CASE("a real proxy: ready, serves, logs, and nothing is left") {
  for (const std::string name : {"nginx", "haproxy"}) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    std::filesystem::path folder;
    std::uint16_t port = 0;
    {
      Stand stand;
      REQUIRE(stand.start(*driver_named(name)) == "");
      folder = stand.proxy->folder();
      port = stand.proxy->port();
      CHECK(stand.ask() == std::pair(200u, std::string("GET /x ")));
      CHECK(stand.chain.origin.requests.size() == 1);
      stand.chain.setup.routes[0].leg.port = port;
    }
    CHECK_FALSE(std::filesystem::exists(folder));
    CHECK(port_is_free(port));

    // An origin nobody answers at: the proxy says so in its log.
    Stand stand;
    auto nobody = net::ReservedPort::reserve();
    stand.chain.setup.routes[0].leg.port = nobody->port();
    REQUIRE(stand.start(*driver_named(name)) == "");
    const auto [status, body] = stand.ask();
    CHECK(status >= 502);
    CHECK_FALSE(stand.log_until(name == "nginx" ? "connect() failed" : "backend=route0-0").empty());
    CHECK(stand.proxy->running());
  }
}

TEST_CASE("a real proxy: a strict one is ready too, and a dead one says so") {
  for (const std::string name : {"nginx", "haproxy"}) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    Stand stand;
    stand.chain.setup.front.strict_sni = true;
    stand.chain.setup.front.min_version = wire::tls1_3;
    REQUIRE(stand.start(*driver_named(name)) == "");
    CHECK(stand.ask().first == 200);
  }
}

TEST_CASE("a real proxy: a configuration it refuses comes back in its own words") {
  for (const std::string name : {"nginx", "haproxy"}) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    Stand stand;
    Driver driver = *driver_named(name);
    for (auto& [file, text] : driver.files) text += "\nno_such_directive 1;\n";
    const std::string said = stand.start(driver);
    CHECK(said.starts_with(name + " exited with 1 before it was ready; it said: "));
    CHECK(said.find("no_such_directive") != std::string::npos);
  }
}
