#include "proxy/real_proxy.hpp"

#include "base/text.hpp"
#include "proxy/real_proxy_files.hpp"
#include "tls/stacks.hpp"

namespace bothends::proxy {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = 16 << 10;  // one without an end is not waited for any longer
constexpr auto check_limit = 5000ms;

// A name the proxy surely has a certificate for: strict ones answer no other.
std::optional<std::string> known_name(const Setup& setup) {
  for (const tls::Credential& certificate : setup.front.certificates)
    for (const std::string& name : certificate.names)
      if (!name.starts_with('*') && name.find(':') == std::string::npos) return name;
  return std::nullopt;
}

std::string last_of(std::vector<std::string> lines) {
  if (lines.size() > 5) lines.erase(lines.begin(), lines.end() - 5);
  return lines.empty() ? "nothing" : join(lines, " | ");
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
  std::shared_ptr<const tls::ClientContext> knock_context, port_context;  // TLS, and none
  std::unique_ptr<net::Connection> knocking;
  std::unique_ptr<net::Timer> deadline, again;
  std::unique_ptr<net::Process> process;
  unsigned knocks = 0;
  std::size_t sites_up = 0;    // from the last one
  std::uint64_t log_read = 0;  // so far, of the log file or of what it printed
  std::string unfinished;      // the beginning of a line whose end was not there yet
  bool end_logged = false;
  bool told = false;
  bool giving_up = false;
  std::optional<net::Command> checking, reloading;  // its program with other arguments; the driver's own command
  std::unique_ptr<net::Process> other;              // one of these two, running or over
  std::unique_ptr<net::Timer> other_limit;

  void tell(Result<void> result) {
    if (std::exchange(told, true)) return;
    again.reset();
    deadline.reset();
    ready(std::move(result));
  }
  Result<void> write_files(const std::vector<Site>& sites) const;
  Result<net::Command> make_commands(const std::filesystem::path& binary, const std::vector<Site>& sites);
  Result<void> run(const net::Command& command);
  bool logs_to_output() const { return driver.log.empty(); }
  std::string last_words() const;
  void knock();
  void knocked(const policy::Ending& ending);
  void site_is_up();
  void wait_until_it_answers();
  void give_up(const std::string& why);
  Result<void> run_other(const net::Command& command, std::function<void(const net::Exit&)> ended);
  void checked(const std::string& why, const std::optional<net::Exit>& exit);
  void reload();
};

// Readiness is a completed TLS handshake: some proxies open their port long before they can answer. A proxy that
// refuses this plain handshake with an alert is ready too: it speaks TLS and has its policy. Several sites need not
// come up together: one shakes hands, the others must have their ports open.
void RealProxy::State::knock() {
  auto engine = sites_up == 0 ? knock_context->connect({.sni = sni}) : port_context->connect({});
  if (!engine) return tell(tl::unexpected(engine.error()));
  const auto opened = [this] {
    // Told from a turn of its own: whoever is told may destroy all this.
    again = std::make_unique<net::Timer>(loop, 0ms, [this] { site_is_up(); });
    knocking->close(0ms);
  };
  const auto ended = [this](const policy::Ending& end) { knocked(end); };
  const std::uint16_t port = ports[ports.size() - 1 - sites_up].port();
  knocking = net::Connection::connect(loop, {"127.0.0.1", port}, std::move(*engine),
                                      {.handshake = 2000ms, .total = 3000ms}, {.opened = opened, .ended = ended});
}

void RealProxy::State::site_is_up() {
  if (++sites_up == ports.size()) return tell({});
  knock();
}

void RealProxy::State::knocked(const policy::Ending& ending) {
  const bool opened = knocking->opened();
  knocking.reset();
  if (told || opened) return;
  if (ending.how == policy::Ending::How::alert_received) return site_is_up();
  // A refused knock costs next to nothing: quick while most proxies start, rarer for those that take their time.
  again = std::make_unique<net::Timer>(loop, ++knocks < 100 ? 1ms : 20ms, [this] { knock(); });
}

std::string RealProxy::State::last_words() const {
  std::uint64_t from = 0;
  std::vector<std::string> lines = lines_of(process ? tail_of(*process, from) : "");
  from = 0;
  if (!logs_to_output())
    for (const std::string& line : lines_of(tail_of(folder / driver.log, from))) lines.push_back(line);
  return lines.empty() ? "it said nothing" : "it said: " + last_of(std::move(lines));
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

Result<net::Command> RealProxy::State::make_commands(const std::filesystem::path& binary,
                                                     const std::vector<Site>& sites) {
  auto commands = commands_for(driver, sites, folder);
  if (!commands) return tl::unexpected(commands.error());
  // Only the proxy itself owns the folder: what ends with the other two are they alone.
  const auto command = [&](std::vector<std::string> arguments, bool own_folder) {
    return net::Command{.arguments = std::move(arguments),
                        .environment = commands->environment,
                        .folder = folder,
                        .own_folder = own_folder};
  };
  commands->start.insert(commands->start.begin(), binary.string());
  if (!commands->reload.empty()) reloading = command(commands->reload, false);
  if (!commands->check.empty()) {
    commands->check.insert(commands->check.begin(), binary.string());
    checking = command(commands->check, false);
  }
  return command(commands->start, true);
}

// Why it did not come up, in its own words: what it printed, or what its own test of the configuration says.
void RealProxy::State::give_up(const std::string& why) {
  if (told || std::exchange(giving_up, true)) return;
  again.reset();
  deadline.reset();
  knocking.reset();
  if (!checking) return tell(fail(ErrorCode::proxy, why + "; " + last_words()));
  const auto ended = [this, why](const net::Exit& exit) { checked(why, exit); };
  if (auto started = run_other(*checking, ended); !started) return checked(why, std::nullopt);
  other_limit = std::make_unique<net::Timer>(loop, check_limit, [this] { other->stop(0ms); });
}

Result<void> RealProxy::State::run_other(const net::Command& command, std::function<void(const net::Exit&)> ended) {
  other.reset();
  auto started = net::Process::start(loop, command, std::move(ended));
  if (!started) return tl::unexpected(started.error());
  other = std::move(*started);
  return {};
}

void RealProxy::State::checked(const std::string& why, const std::optional<net::Exit>& exit) {
  other_limit.reset();
  const std::string said = why + "; " + last_words();
  if (!exit || exit->signal != 0)
    return tell(fail(ErrorCode::proxy, said + "; its own test of the configuration came to no end"));
  if (exit->status == 0) return tell(fail(ErrorCode::proxy, said + "; its own test finds the configuration good"));
  std::uint64_t from = 0;
  tell(fail(ErrorCode::proxy,
            why + "; its own test of the configuration says: " + last_of(lines_of(tail_of(*other, from)))));
}

void RealProxy::State::wait_until_it_answers() {
  deadline = std::make_unique<net::Timer>(loop, driver.ready_within, [this] {
    give_up(driver.name + " was not ready within " + std::to_string(driver.ready_within.count()) + " ms");
  });
  again = std::make_unique<net::Timer>(loop, 4ms, [this] { knock(); });
}

void RealProxy::State::reload() {
  giving_up = false;
  knocks = 0;
  sites_up = 0;
  if (reloading) {
    const auto ended = [this](const net::Exit& exit) {
      std::uint64_t from = 0;
      if (exit.signal == 0 && exit.status == 0) return wait_until_it_answers();
      tell(fail(ErrorCode::proxy, driver.name + ": its reload " + exit.text() +
                                      "; it said: " + last_of(lines_of(tail_of(*other, from)))));
    };
    if (auto started = run_other(*reloading, ended); !started) return tell(tl::unexpected(started.error()));
    deadline = std::make_unique<net::Timer>(loop, driver.ready_within, [this] { other->stop(0ms); });
    return;
  }
  process->signal(driver.reload_signal);
  wait_until_it_answers();
}

Result<void> RealProxy::State::run(const net::Command& command) {
  tls::ClientSettings settings;
  settings.groups = {0x001d, 0x0017};  // x25519, secp256r1: quicker to offer than today's defaults
  auto context = tls::openssl().client(settings);
  if (!context) return tl::unexpected(context.error());
  knock_context = *context;
  auto plain = tls::plain().client({});
  if (!plain) return tl::unexpected(plain.error());
  port_context = *plain;
  auto started = net::Process::start(loop, command, [this](const net::Exit& exit) {
    if (stopped) return std::exchange(stopped, nullptr)();
    const bool left = exit.signal == 0 && exit.status == 0;
    give_up(driver.name + " " + exit.text() + " before it was ready" +
            (left ? ": it must stay in the foreground" : ""));
  });
  if (!started) return tl::unexpected(started.error());
  process = std::move(*started);
  wait_until_it_answers();
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
  const auto command = state.make_commands(*binary, sites);
  if (!command) return tl::unexpected(command.error());
  if (auto running = state.run(*command); !running) return tl::unexpected(running.error());
  return proxy;
}

RealProxy::RealProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}

RealProxy::~RealProxy() {
  state_->told = true;
  state_->other.reset();
  if (state_->process) state_->process->stop(state_->driver.stop_within, state_->driver.stop_signal);
  state_->process.reset();
  std::error_code ignored;
  std::filesystem::remove_all(state_->folder, ignored);
}

void RealProxy::stop(std::function<void()> stopped) {
  State& state = *state_;
  state.told = true;
  state.again.reset();
  state.deadline.reset();
  state.other.reset();
  state.other_limit.reset();
  if (!running()) return state.loop.post(std::move(stopped));
  state.stopped = std::move(stopped);
  state.process->stop(state.driver.stop_within, state.driver.stop_signal);
}

bool RealProxy::can_reload() const { return state_->driver.reload_signal != 0 || state_->reloading; }

void RealProxy::reload(Ready done) {
  State& state = *state_;
  if (!running() || !can_reload() || !state.told) {
    const std::string why = !running() ? " does not run" : !can_reload() ? " has no word for it" : " is not ready yet";
    return state.loop.post([done = std::move(done), what = state.driver.name + " cannot be reloaded: it" + why] {
      done(fail(ErrorCode::proxy, what));
    });
  }
  state.ready = std::move(done);
  state.told = false;
  state.reload();
}

std::uint16_t RealProxy::port(std::size_t site) const { return state_->ports.at(site).port(); }

bool RealProxy::running() const { return state_->process && state_->process->running(); }

std::string RealProxy::ended() const {
  const auto exit = state_->process ? state_->process->exit() : std::nullopt;
  return exit ? exit->text() : "";
}

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
