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

Result<std::filesystem::path> make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "bothends-XXXXXX").string();
  if (!::mkdtemp(name.data()))  // 0700
    return fail(ErrorCode::file, "cannot make a scratch folder: " + std::string(std::strerror(errno)));
  return std::filesystem::path(name);
}

Result<void> write_private(const std::filesystem::path& file, const std::string& content) {
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written = fd >= 0 && ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (!written) return fail(ErrorCode::file, "cannot write " + file.string() + ": " + std::strerror(reason));
  return {};
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
  net::ReservedPort port;
  std::filesystem::path folder;
  std::optional<std::string> sni;
  Ready ready;
  std::shared_ptr<const tls::ClientContext> knock_context;
  std::unique_ptr<net::Connection> knocking;
  std::unique_ptr<net::Timer> deadline, again;
  std::unique_ptr<net::Process> process;
  std::chrono::milliseconds pause{2};
  std::size_t log_read = 0;
  bool told = false;

  void tell(Result<void> result) {
    if (std::exchange(told, true)) return;
    again.reset();
    deadline.reset();
    ready(std::move(result));
  }
  std::string raw_log() const;
  std::string last_words() const;
  void knock();
  void knocked(const policy::Ending& ending, bool opened);
};

// Readiness is a completed TLS handshake: some proxies open their port long before they can answer. A proxy that
// refuses this plain handshake with an alert is ready too: it speaks TLS and has its policy.
void RealProxy::State::knock() {
  auto engine = knock_context->connect({.sni = sni});
  if (!engine) return tell(tl::unexpected(engine.error()));
  const auto opened = std::make_shared<bool>(false);
  knocking = net::Connection::connect(loop, {"127.0.0.1", port.port()}, std::move(*engine),
                                      {.handshake = 2000ms, .total = 3000ms},
                                      {
                                          .opened =
                                              [this, opened] {
                                                *opened = true;
                                                knocking->close(0ms);
                                              },
                                          .ended = [this, opened](const policy::Ending& end) { knocked(end, *opened); },
                                      });
}

void RealProxy::State::knocked(const policy::Ending& ending, bool opened) {
  knocking.reset();
  if (told) return;
  if (opened || ending.how == policy::Ending::How::alert_received) return tell({});
  again = std::make_unique<net::Timer>(loop, pause, [this] { knock(); });
  pause = std::min(pause * 2, 40ms);
}

std::string RealProxy::State::raw_log() const {
  if (driver.log.empty() || driver.log == "output") return process ? process->output() : "";
  std::ifstream in(folder / driver.log, std::ios::binary | std::ios::ate);
  if (!in) return "";
  const auto size = static_cast<std::size_t>(in.tellg());
  const std::size_t from = std::max(log_read, size > most_log ? size - most_log : 0);
  std::string text(size - std::min(from, size), '\0');
  in.seekg(static_cast<std::streamoff>(from));
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

std::string RealProxy::State::last_words() const {
  std::vector<std::string> lines = lines_of(process ? process->output() : "");
  if (driver.log != "output")
    for (const std::string& line : lines_of(raw_log())) lines.push_back(line);
  if (lines.size() > 5) lines.erase(lines.begin(), lines.end() - 5);
  return lines.empty() ? "it said nothing" : "it said: " + join(lines, " | ");
}

Result<std::unique_ptr<RealProxy>> RealProxy::start(net::Loop& loop, const Driver& driver, const Setup& setup,
                                                    Ready ready) {
  const auto binary = find_binary(driver);
  if (!binary) return tl::unexpected(binary.error());
  auto port = net::ReservedPort::reserve();
  if (!port) return tl::unexpected(port.error());
  auto folder = make_folder();
  if (!folder) return tl::unexpected(folder.error());
  auto proxy = std::unique_ptr<RealProxy>(new RealProxy(std::unique_ptr<State>(new State{
      .loop = loop, .driver = driver, .port = std::move(*port), .folder = *folder, .sni = known_name(setup)})));
  State& state = *proxy->state_;
  state.ready = std::move(ready);
  const auto files = files_for(driver, setup, state.port.port(), state.folder);
  if (!files) return tl::unexpected(files.error());
  for (const std::string& name : driver.folders) {
    std::error_code problem;
    std::filesystem::create_directories(state.folder / name, problem);
  }
  for (const auto& [name, content] : *files)
    if (auto written = write_private(state.folder / name, content); !written) return tl::unexpected(written.error());
  const auto arguments = arguments_for(driver, *binary, state.port.port(), state.folder);
  if (!arguments) return tl::unexpected(arguments.error());
  net::Command command{.arguments = *arguments, .folder = state.folder};
  for (const auto& [name, value] : driver.environment) command.environment.emplace_back(name, value);

  auto context = tls::openssl().client({});
  if (!context) return tl::unexpected(context.error());
  state.knock_context = *context;
  auto process = net::Process::start(loop, command, [s = proxy->state_.get()](const net::Exit& exit) {
    s->tell(fail(ErrorCode::proxy, s->driver.name + " " + exit.text() + " before it was ready; " + s->last_words()));
  });
  if (!process) return tl::unexpected(process.error());
  state.process = std::move(*process);
  state.deadline = std::make_unique<net::Timer>(loop, driver.ready_within, [s = proxy->state_.get()] {
    s->tell(fail(ErrorCode::proxy, s->driver.name + " was not ready within " +
                                       std::to_string(s->driver.ready_within.count()) + " ms; " + s->last_words()));
  });
  state.again = std::make_unique<net::Timer>(loop, state.pause, [s = proxy->state_.get()] { s->knock(); });
  return proxy;
}

RealProxy::RealProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}

RealProxy::~RealProxy() {
  state_->told = true;
  state_->process.reset();
  std::error_code ignored;
  std::filesystem::remove_all(state_->folder, ignored);
}

std::uint16_t RealProxy::port() const { return state_->port.port(); }

bool RealProxy::running() const { return state_->process && state_->process->running(); }

std::vector<std::string> RealProxy::take_log() {
  State& state = *state_;
  const std::string text = state.raw_log();
  if (state.driver.log.empty() || state.driver.log == "output") {
    const std::size_t from = std::min(state.log_read, text.size());
    state.log_read = text.size();
    return lines_of(std::string_view(text).substr(from));
  }
  std::error_code problem;
  const auto size = std::filesystem::file_size(state.folder / state.driver.log, problem);
  if (!problem) state.log_read = size;
  return lines_of(text);
}

const std::filesystem::path& RealProxy::folder() const { return state_->folder; }

}  // namespace bothends::proxy
