// Real children: scripts that behave as no proxy should, then the proxies themselves.
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "proxy/real_proxy.hpp"
#include "proxy/version.hpp"
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
  std::string start(const Driver& driver) { return start(driver, {chain.setup}); }
  std::string start(const Driver& driver, std::vector<Setup> sites) {
    proxy.reset();
    ready.reset();
    auto started = RealProxy::start(chain.loop, driver, std::move(sites), [this](Result<void> said) {
      CHECK_FALSE(ready);
      ready = std::move(said);
    });
    if (!started) return started.error().what;
    proxy = std::move(*started);
    chain.until([&] { return ready.has_value(); });
    return *ready ? "" : ready->error().what;
  }
  /// The status of one request, and the body.
  std::pair<unsigned, std::string> ask(std::size_t site = 0) {
    test::Client client(chain.loop, proxy->port(site), test::get("/x"));
    chain.until([&] { return !client.answers.empty() || client.ending; });
    return client.answers.empty() ? std::pair(0u, std::string())
                                  : std::pair(client.answers[0].status, client.bodies[0]);
  }
  /// What came of it; "" when it answers again.
  std::string reload() {
    std::optional<Result<void>> done;
    proxy->reload([&](Result<void> told) { done = std::move(told); });
    CHECK_FALSE(done);
    chain.until([&] { return done.has_value(); });
    return *done ? "" : done->error().what;
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
  CHECK(quiet.start(script("exit 0")) ==
        "odd exited with 0 before it was ready: it must stay in the foreground; it said nothing");
}

TEST_CASE("a proxy that forks away is told to stay, and does not get away") {
  Stand stand;
  // By its environment, or, since a shell orders that anew, by the folder it works in.
  for (const std::string leave :
       {"setsid sleep 60 &", "(setsid sleep 60 &) ;", "setsid sh -c 'sleep 60 & sleep 60' &"}) {
    const std::string said = stand.start(script(leave + " sleep 0.1; echo gone; exit 0"));
    CHECK(said == "odd exited with 0 before it was ready: it must stay in the foreground; it said: gone");
    const std::string here = stand.proxy->folder().string();
    unsigned left = 0;
    for (const auto& one : std::filesystem::directory_iterator("/proc")) {
      std::error_code ignored;
      const bool works_here = std::filesystem::read_symlink(one.path() / "cwd", ignored) == here;
      const std::string name = one.path().filename();
      left +=
          works_here && name.find_first_not_of("0123456789") == std::string::npos && !is_gone(std::stoi(name)) ? 1 : 0;
    }
    CHECK_MESSAGE(left == 0, leave);
  }
}

TEST_CASE("a proxy that did not come up is asked to test its configuration") {
  Stand stand;
  Driver driver = script("echo started; exit 1");
  driver.check = {"{{folder}}/check.sh"};
  driver.files["check.sh"] = "for i in 1 2 3 4 5 6 7; do echo line $i; done; printf 'bad \\033[2J here\\n'; exit 1";
  CHECK(stand.start(driver) ==
        "odd exited with 1 before it was ready; its own test of the configuration says: "
        "line 4 | line 5 | line 6 | line 7 | bad \\x1b[2J here");
  driver.files["check.sh"] = "echo fine";
  CHECK(stand.start(driver) ==
        "odd exited with 1 before it was ready; it said: started; its own test finds the configuration good");
  driver.files["check.sh"] = "kill -9 $$";
  CHECK(stand.start(driver) ==
        "odd exited with 1 before it was ready; it said: started; its own test of the configuration came to no end");
  driver.files["run.sh"] = "exec sleep 60";
  driver.files["check.sh"] = "echo port {{port}} is odd; exit 2";
  driver.ready_within = std::chrono::milliseconds{100};
  const std::string late = stand.start(driver);
  CHECK(late == "odd was not ready within 100 ms; its own test of the configuration says: port " +
                    std::to_string(stand.proxy->port()) + " is odd");
}

TEST_CASE("a proxy can be stopped with another signal") {
  const auto mark = std::filesystem::temp_directory_path() / ("quit-" + std::to_string(::getpid()));
  {
    Stand stand;
    Driver driver = script("exec > /dev/null 2>&1; trap '' TERM; trap 'echo quit > " + mark.string() +
                           "; exit 0' USR1; echo up; while :; do sleep 0.01; done");
    driver.ready_within = std::chrono::milliseconds{200};
    driver.stop_within = std::chrono::milliseconds{30000};
    driver.stop_signal = SIGUSR1;
    stand.start(driver);
  }
  CHECK(content(mark) == "quit\n");
  std::filesystem::remove(mark);
}

TEST_CASE("a reload that cannot be says why") {
  Stand stand;
  Driver driver = script("echo up; exec sleep 60");
  driver.ready_within = std::chrono::milliseconds{100};
  stand.start(driver);
  CHECK_FALSE(stand.proxy->can_reload());
  CHECK(stand.reload() == "odd cannot be reloaded: it has no word for it");
  driver.reload_command = {"sh", "-c", "echo no such signal; exit 3"};
  stand.start(driver);
  CHECK(stand.reload() == "odd: its reload exited with 3; it said: no such signal");
  driver.reload_command = {"sh", "-c", "exit 0"};
  stand.start(driver);
  CHECK(stand.reload() == "odd was not ready within 100 ms; it said: up");
  driver = script("exit 1");
  driver.reload_signal = SIGHUP;
  stand.start(driver);
  CHECK(stand.reload() == "odd cannot be reloaded: it does not run");
}

TEST_CASE("versions: the first number with a dot, and what it is a version of") {
  CHECK(version_in("nginx version: nginx/1.22.1\n") == "1.22.1");
  CHECK(version_in("HAProxy version 2.6.12-1+deb12u4 2026/10/17") == "2.6.12");
  CHECK(version_in("Server version: Apache/2.4.71 (Debian)\nbuilt: 2026") == "2.4.71");
  CHECK(version_in("2026 v3") == "");
  CHECK(version_in("1. 2. .3 4.") == "");
  CHECK(version_in("") == "");
  CHECK(version_in(std::string(1000, '1') + ".1").size() == 40);
  Driver driver;
  CHECK(is_tested(driver, "9.9"));
  driver.tested = "1.22";
  CHECK(is_tested(driver, "1.22"));
  CHECK(is_tested(driver, "1.22.1"));
  CHECK_FALSE(is_tested(driver, "1.220"));
  CHECK_FALSE(is_tested(driver, "1.2"));
  CHECK_FALSE(is_tested(driver, "2.1.22"));
}

TEST_CASE("versions: asked of the program, in four seconds or not at all") {
  net::Loop loop;
  const auto ask = [&](const std::string& text) {
    Driver driver = script("");
    driver.version = {"-c", text};
    std::optional<Result<std::string>> said;
    AskedVersion asked(loop, driver, [&](Result<std::string> told) { said = std::move(told); });
    CHECK_FALSE(said);
    net::test::turn_until(loop, [&] { return said.has_value(); });
    return *said ? **said : said->error().what;
  };
  CHECK(ask("echo odd 3.1 >&2; exit 1") == "3.1");
  CHECK(ask("exit 0") == "odd says no version when it is asked with -c exit 0");
  CHECK(ask("sleep 60") == "odd did not say its version within 4 s");
  Driver missing{.name = "odd", .binaries = {"no-such-program"}};
  std::optional<Result<std::string>> said;
  AskedVersion asked(loop, missing, [&](Result<std::string> told) { said = std::move(told); });
  net::test::turn_until(loop, [&] { return said.has_value(); });
  CHECK(said->error().what.starts_with("odd is not installed"));
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
  const std::map<std::string, std::string> complaints{{"apache2", "AH00957"},
                                                      {"caddy", "connection refused"},
                                                      {"haproxy", "backend=route0-0"},
                                                      {"nginx", "connect() failed"}};  // Traffic Server says nothing
  for (const std::string& name : shipped_drivers()) {
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
    if (complaints.contains(name)) CHECK_FALSE(stand.log_until(complaints.at(name)).empty());
    CHECK(stand.proxy->running());
  }
}

TEST_CASE("a real proxy: sites share a process, and each has its origin") {
  for (const std::string& name : shipped_drivers()) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    Stand stand;
    const auto certificate = test::server_for("shop.test");
    test::Origin other(stand.chain.loop, "openssl", certificate);
    Setup second = stand.chain.setup, third = stand.chain.setup;
    second.routes[0].leg.port = other.port();
    REQUIRE(stand.start(*driver_named(name), {stand.chain.setup, second, third}) == "");
    CHECK(stand.proxy->port(0) != stand.proxy->port(1));
    for (const std::size_t site : {1, 0, 1, 2}) CHECK(stand.ask(site) == std::pair(200u, std::string("GET /x ")));
    CHECK(stand.chain.origin.requests.size() == 2);
    CHECK(other.requests.size() == 2);
    second.origin_timeout = std::chrono::milliseconds{1};
    CHECK(stand.start(*driver_named(name), {stand.chain.setup, second}).find("may differ in ports only") !=
          std::string::npos);
  }
  Stand stand;
  CHECK(stand.start(script(""), {stand.chain.setup, stand.chain.setup}).find("serves one site") != std::string::npos);
  CHECK(stand.start(script(""), {}) == "a proxy needs a site to serve");
}

TEST_CASE("a real proxy: it answers again after a reload") {
  const std::map<std::string, std::string> said{
      {"apache2", "AH00493"}, {"caddy", "/load"}, {"nginx", "signal 1 (SIGHUP) received"}};
  for (const auto& [name, word] : said) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    Stand stand;
    REQUIRE(stand.start(*driver_named(name)) == "");
    for (int i = 0; i < 3; ++i) {
      CHECK(stand.reload() == "");
      CHECK(stand.ask().first == 200);
    }
    CHECK_FALSE(stand.log_until(word).empty());
  }
  if (!is_here("haproxy")) return;
  Stand stand;
  REQUIRE(stand.start(*driver_named("haproxy")) == "");
  CHECK(stand.reload() == "haproxy cannot be reloaded: it has no word for it");
}

TEST_CASE("a real proxy: told nothing, it neither verifies nor sends a name") {
  for (const std::string name : {"haproxy", "nginx", "trafficserver"}) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    Stand stand;
    stand.chain.setup.told = false;
    stand.chain.setup.routes[0].leg.settings.trust = {test::mint().unknown_root()};
    REQUIRE(stand.start(*driver_named(name)) == "");
    CHECK(stand.ask().first == 200);
    const auto hello = stand.chain.origin.visits.front().connection->handshake().transcript.client_hello();
    REQUIRE(hello);
    CHECK_FALSE(hello->sni());
    stand.chain.setup.told = true;
    REQUIRE(stand.start(*driver_named(name)) == "");
    CHECK(stand.ask().first >= 502);
  }
}

TEST_CASE("a real proxy: a strict one is ready too, and a dead one says so") {
  for (const std::string name : {"caddy", "haproxy", "nginx", "trafficserver"}) {
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
  for (const std::string name : {"apache2", "haproxy", "nginx"}) {
    CAPTURE(name);
    if (!is_here(name)) continue;
    Stand stand;
    Driver driver = *driver_named(name);
    for (auto& [file, text] : driver.files) text += "\nno_such_directive 1;\n";
    const std::string said = stand.start(driver);
    CHECK(said.starts_with(name + " exited with 1 before it was ready; its own test of the configuration says: "));
    CHECK(said.find("no_such_directive") != std::string::npos);
  }
}
