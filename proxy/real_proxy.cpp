#include "proxy/real_proxy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.hpp"
#include "tls/stacks.hpp"

namespace bothends::proxy {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_log = 256 << 10;  // octets of a log that are read at once
constexpr std::size_t most_lines = 200;
constexpr std::size_t longest_line = 16 << 10;  // one without an end is not waited for any longer

Result<std::filesystem::path> make_folder() {
  std::error_code problem;
  const auto where = std::filesystem::temp_directory_path(problem);  // TMPDIR, when it is a folder
  if (problem) return fail(ErrorCode::file, "there is no folder for temporary files: " + problem.message());
  std::string name = (std::filesystem::absolute(where, problem) / "bothends-XXXXXX").string();
  if (!::mkdtemp(name.data()))  // 0700
    return fail(ErrorCode::file, "cannot make a scratch folder in " + printable(where.string()) + ": " +
                                     std::string(std::strerror(errno)));
  return std::filesystem::path(name);
}

Result<void> make_below(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (!problem) return {};
  return fail(ErrorCode::file, "cannot make the folder " + printable(folder.string()) + ": " + problem.message());
}

/// 0 or errno.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

Result<void> write_private(const std::filesystem::path& file, const std::string& content) {
  if (auto made = make_below(file.parent_path()); !made) return made;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  int problem = fd < 0 ? errno : write_all(fd, content);
  if (fd >= 0 && ::close(fd) != 0 && problem == 0) problem = errno;
  if (problem == 0) return {};
  return fail(ErrorCode::file, "cannot write " + printable(file.string()) + ": " + std::strerror(problem));
}

/// What the file holds from `from` on, its last `most_log` octets at most; `from` then is its end. A file that has
/// shrunk was begun anew. Only a regular file is read: the proxy is free to put anything there.
std::string tail_of(const std::filesystem::path& file, std::uint64_t& from) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return "";
  struct stat about {};
  std::string text;
  if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size < from) from = 0;
    from = std::max(from, size > most_log ? size - most_log : 0);
    text.resize(size - from);
    const ssize_t got = ::pread(fd, text.data(), text.size(), static_cast<off_t>(from));
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    from += text.size();
  }
  ::close(fd);
  return text;
}

/// The same of what a process printed.
std::string tail_of(const net::Process& process, std::uint64_t& from) {
  const std::string& kept = process.output();
  const std::uint64_t fresh = std::min<std::uint64_t>({process.octets() - from, kept.size(), most_log});
  from = process.octets();
  return kept.substr(kept.size() - fresh);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n'))
    if (!trim(line).empty()) lines.push_back(printable(trim(line), 400));
  if (lines.size() > most_lines) lines.erase(lines.begin(), lines.end() - most_lines);
  return lines;
}

// A name the proxy surely has a certificate for: strict ones answer no other.
std::optional<std::string> known_name(const Setup& setup) {
  for (const tls::Credential& certificate : setup.front.certificates)
    for (const std::string& name : certificate.names)
      if (!name.starts_with('*') && name.find(':') == std::string::npos) return name;
  return std::nullopt;
}

}  // namespace

struct RealProxy::State {
  net::Loop& loop;
  Driver driver;
  std::vector<net::ReservedPort> ports;  // of the sites
  std::filesystem::path folder;
  std::optional<std::string> sni;
  Ready ready;
  std::function<void()> stopped;
  std::shared_ptr<const tls::ClientContext> knock_context;
  std::unique_ptr<net::Connection> knocking;
  std::unique_ptr<net::Timer> deadline, again;
  std::unique_ptr<net::Process> process;
  unsigned knocks = 0;
  std::size_t answering = 0;   // sites that have answered
  std::uint64_t log_read = 0;  // so far, of the log file or of what it printed
  std::string unfinished;      // the beginning of a line whose end was not there yet
  bool end_logged = false;
  bool told = false;

  void tell(Result<void> result) {
    if (std::exchange(told, true)) return;
    again.reset();
    deadline.reset();
    ready(std::move(result));
  }
  Result<void> write_files(const std::vector<Site>& sites) const;
  Result<net::Command> command(const std::filesystem::path& binary, const std::vector<Site>& sites) const;
  Result<void> run(const net::Command& command);
  bool logs_to_output() const { return driver.log.empty(); }
  std::string last_words() const;
  void knock();
  void answered();
  void knocked(const policy::Ending& ending);
};

// Readiness is a completed TLS handshake: some proxies open their port long before they can answer. A proxy that
// refuses this plain handshake with an alert is ready too: it speaks TLS and has its policy.
void RealProxy::State::knock() {
  auto engine = knock_context->connect({.sni = sni});
  if (!engine) return tell(tl::unexpected(engine.error()));
  const auto opened = [this] {
    // Told from a turn of its own: whoever is told may destroy all this.
    again = std::make_unique<net::Timer>(loop, 0ms, [this] { answered(); });
    knocking->close(0ms);
  };
  const auto ended = [this](const policy::Ending& end) { knocked(end); };
  knocking = net::Connection::connect(loop, {"127.0.0.1", ports[answering].port()}, std::move(*engine),
                                      {.handshake = 2000ms, .total = 3000ms}, {.opened = opened, .ended = ended});
}

void RealProxy::State::answered() {
  if (++answering == ports.size()) return tell({});
  again = std::make_unique<net::Timer>(loop, 0ms, [this] { knock(); });
}

void RealProxy::State::knocked(const policy::Ending& ending) {
  const bool opened = knocking->opened();
  knocking.reset();
  if (told || opened) return;
  if (ending.how == policy::Ending::How::alert_received) return answered();
  // A refused knock costs next to nothing: quick while most proxies start, rarer for those that take their time.
  again = std::make_unique<net::Timer>(loop, ++knocks < 100 ? 1ms : 20ms, [this] { knock(); });
}

std::string RealProxy::State::last_words() const {
  std::uint64_t from = 0;
  std::vector<std::string> lines = lines_of(process ? tail_of(*process, from) : "");
  from = 0;
  if (!logs_to_output())
    for (const std::string& line : lines_of(tail_of(folder / driver.log, from))) lines.push_back(line);
  if (lines.size() > 5) lines.erase(lines.begin(), lines.end() - 5);
  return lines.empty() ? "it said nothing" : "it said: " + join(lines, " | ");
}

Result<void> RealProxy::State::write_files(const std::vector<Site>& sites) const {
  const auto files = files_for(driver, sites, folder);
  if (!files) return tl::unexpected(files.error());
  for (const std::string& name : driver.folders)
    if (auto made = make_below(folder / name); !made) return made;
  for (const auto& [name, content] : *files)
    if (auto written = write_private(folder / name, content); !written) return written;
  return {};
}

Result<net::Command> RealProxy::State::command(const std::filesystem::path& binary,
                                               const std::vector<Site>& sites) const {
  auto commands = commands_for(driver, sites, folder);
  if (!commands) return tl::unexpected(commands.error());
  net::Command command{
      .arguments = {binary.string()}, .environment = commands->environment, .folder = folder, .own_folder = true};
  for (std::string& argument : commands->start) command.arguments.push_back(std::move(argument));
  return command;
}

Result<void> RealProxy::State::run(const net::Command& command) {
  tls::ClientSettings settings;
  settings.groups = {0x001d, 0x0017};  // x25519, secp256r1: quicker to offer than today's defaults
  auto context = tls::openssl().client(settings);
  if (!context) return tl::unexpected(context.error());
  knock_context = *context;
  auto started = net::Process::start(loop, command, [this](const net::Exit& exit) {
    if (stopped) return std::exchange(stopped, nullptr)();
    tell(fail(ErrorCode::proxy, driver.name + " " + exit.text() + " before it was ready; " + last_words()));
  });
  if (!started) return tl::unexpected(started.error());
  process = std::move(*started);
  deadline = std::make_unique<net::Timer>(loop, driver.ready_within, [this] {
    tell(fail(ErrorCode::proxy, driver.name + " was not ready within " + std::to_string(driver.ready_within.count()) +
                                    " ms; " + last_words()));
  });
  again = std::make_unique<net::Timer>(loop, 4ms, [this] { knock(); });
  return {};
}

Result<std::unique_ptr<RealProxy>> RealProxy::start(net::Loop& loop, const Driver& driver, std::vector<Setup> setups,
                                                    Ready ready) {
  const auto binary = find_binary(driver);
  if (!binary) return tl::unexpected(binary.error());
  if (setups.empty()) return fail(ErrorCode::usage, "a proxy needs a site to serve");
  std::vector<net::ReservedPort> ports;
  std::vector<Site> sites;
  const auto sni = known_name(setups.front());
  for (Setup& setup : setups) {
    auto port = net::ReservedPort::reserve();
    if (!port) return tl::unexpected(port.error());
    sites.push_back({std::move(setup), port->port()});
    ports.push_back(std::move(*port));
  }
  auto folder = make_folder();
  if (!folder) return tl::unexpected(folder.error());
  auto proxy = std::unique_ptr<RealProxy>(new RealProxy(std::unique_ptr<State>(
      new State{.loop = loop, .driver = driver, .ports = std::move(ports), .folder = *folder, .sni = sni})));
  State& state = *proxy->state_;
  state.ready = std::move(ready);
  if (auto written = state.write_files(sites); !written) return tl::unexpected(written.error());
  const auto command = state.command(*binary, sites);
  if (!command) return tl::unexpected(command.error());
  if (auto running = state.run(*command); !running) return tl::unexpected(running.error());
  return proxy;
}

RealProxy::RealProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}

RealProxy::~RealProxy() {
  state_->told = true;
  if (state_->process) state_->process->stop(state_->driver.stop_within);
  state_->process.reset();
  std::error_code ignored;
  std::filesystem::remove_all(state_->folder, ignored);
}

void RealProxy::stop(std::function<void()> stopped) {
  State& state = *state_;
  state.told = true;
  state.again.reset();
  state.deadline.reset();
  if (!running()) return state.loop.post(std::move(stopped));
  state.stopped = std::move(stopped);
  state.process->stop(state.driver.stop_within);
}

std::uint16_t RealProxy::port(std::size_t site) const { return state_->ports.at(site).port(); }

bool RealProxy::running() const { return state_->process && state_->process->running(); }

std::vector<std::string> RealProxy::take_log() {
  State& state = *state_;
  std::string text = std::exchange(state.unfinished, {});
  text += state.logs_to_output() ? tail_of(*state.process, state.log_read)
                                 : tail_of(state.folder / state.driver.log, state.log_read);
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (running() && text.size() - whole < longest_line) {
    state.unfinished = text.substr(whole);
    text.resize(whole);
  }
  std::vector<std::string> lines = lines_of(text);
  if (const auto& exit = state.process->exit(); exit && !std::exchange(state.end_logged, true))
    lines.push_back(state.driver.name + " " + exit->text());
  return lines;
}

const std::filesystem::path& RealProxy::folder() const { return state_->folder; }

}  // namespace bothends::proxy
