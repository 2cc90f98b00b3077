#include "proxy/proxy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "proxy/session.hpp"
#include "tls/stacks.hpp"

namespace bothends::proxy {

namespace {

constexpr std::size_t most_lines = 1000;
constexpr std::size_t most_idle = 64;
constexpr net::milliseconds idle_limit{60000};
constexpr net::milliseconds busy_limit{24 * 3600 * 1000};  // a session has its own clock
constexpr net::Deadlines front_deadlines{net::milliseconds{10000}, net::milliseconds{0}};

Result<const tls::Stack*> stack(const std::string& name) {
  if (const tls::Stack* found = tls::stack_named(name)) return found;
  return fail(ErrorCode::usage, fmt::format("there is no stack named '{}'", printable(name)));
}

}  // namespace

Proxy::State::State(net::Loop& of, Setup to_do)
    : loop(of), setup(std::move(to_do)), sweep(of, net::milliseconds{0}, [this] { sweep_now(); }) {
  for (Route& route : setup.routes) route.leg = settled(std::move(route.leg));
  scheme = setup.front_stack == "plain" ? "http" : "https";
}

Proxy::State::~State() = default;

Result<void> Proxy::State::prepare() {
  for (const std::string& protocol : setup.front.alpn)
    if (protocol != "http/1.1")
      return fail(
          ErrorCode::proxy,
          fmt::format("the embedded proxy speaks HTTP/1.1 to its clients: it cannot offer '{}'", printable(protocol)));
  const auto front_stack = stack(setup.front_stack);
  if (!front_stack) return tl::unexpected(front_stack.error());
  auto made = (*front_stack)->server(setup.front);
  if (!made) return tl::unexpected(made.error());
  front = std::move(*made);
  for (const Route& route : setup.routes) {
    const auto leg_stack = stack(route.leg.tls ? route.leg.stack : "plain");
    if (!leg_stack) return tl::unexpected(leg_stack.error());
    auto context = (*leg_stack)->client(route.leg.settings);
    if (!context) return tl::unexpected(Error{context.error().code, context.error().what, route.place});
    contexts.emplace(&route, std::move(*context));
  }
  return {};
}

Result<void> Proxy::State::listen(const net::Endpoint& at) {
  const auto engine = [this]() -> std::unique_ptr<tls::Engine> {
    auto made = front->accept();
    if (made) return std::move(*made);
    note("no engine for a client: " + made.error().what);
    return nullptr;
  };
  auto made = net::Listener::listen(loop, at, engine, front_deadlines, [this](auto connection) {
    sessions.push_back(std::make_unique<Session>(*this, std::move(connection)));
  });
  if (!made) return tl::unexpected(made.error());
  listener = std::move(*made);
  return {};
}

std::unique_ptr<Link> Proxy::State::link_to(const Destination& destination, Link::User* user, bool fresh) {
  const auto fits = [&](const auto& link) { return !link->over() && link->destination() == destination; };
  const auto found = std::find_if(idle.begin(), idle.end(), fits);
  std::unique_ptr<Link> link;
  if (found != idle.end() && !fresh) {
    link = std::move(*found);
    idle.erase(found);
    link->connection().extend(busy_limit);
  } else {
    auto engine = contexts.at(destination.route)->connect({destination.sni, destination.name, nullptr});
    if (!engine) {
      note(fmt::format("{}: no engine: {}", destination.route->leg.origin, engine.error().what));
      return nullptr;
    }
    const auto patience = setup.connect_timeout + setup.origin_timeout;  // the session's clock is the stricter one
    link = std::make_unique<Link>(loop, destination, std::move(*engine), patience, [this] { sweep_soon(); });
  }
  link->serve(user);
  return link;
}

void Proxy::State::give_back(std::unique_ptr<Link> link, bool reusable) {
  if (!link) return;
  link->serve(nullptr);
  if (!reusable || !setup.pool || link->over()) {
    link->leave();
    leaving.push_back(std::move(link));
    sweep_soon();
    return;
  }
  link->responses().next();
  link->connection().extend(idle_limit);
  link->connection().resume();
  idle.push_back(std::move(link));
  if (idle.size() <= most_idle) return;
  idle.front()->leave();
  leaving.splice(leaving.end(), idle, idle.begin());
}

void Proxy::State::note(std::string_view line) {
  if (log.size() == most_lines) log.pop_front();
  log.push_back(printable(line, 400));
  ++logged;
}

void Proxy::State::sweep_now() {
  std::erase_if(sessions, [](const auto& session) { return session->over(); });
  std::erase_if(idle, [](const auto& link) { return link->over(); });
  std::erase_if(leaving, [](const auto& link) { return link->over(); });
}

Result<std::unique_ptr<Proxy>> Proxy::start(net::Loop& loop, const net::Endpoint& at, Setup setup) {
  std::unique_ptr<Proxy> proxy(new Proxy(std::make_unique<State>(loop, std::move(setup))));
  if (auto ready = proxy->state_->prepare(); !ready) return tl::unexpected(ready.error());
  if (auto listening = proxy->state_->listen(at); !listening) return tl::unexpected(listening.error());
  return proxy;
}

Proxy::Proxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
Proxy::~Proxy() = default;

std::uint16_t Proxy::port() const { return state_->listener->port(); }
std::size_t Proxy::logged() const { return state_->logged; }

std::vector<std::string> Proxy::log_since(std::size_t seen) const {
  const auto& log = state_->log;
  const std::size_t dropped = state_->logged - log.size();
  const std::size_t skip = std::min(seen > dropped ? seen - dropped : 0, log.size());
  return {log.begin() + static_cast<std::ptrdiff_t>(skip), log.end()};
}

std::size_t Proxy::connections() const {
  std::size_t count = 0;
  for (const auto& session : state_->sessions) count += session->over() ? 0 : session->connections();
  for (const auto* links : {&state_->idle, &state_->leaving})
    count += static_cast<std::size_t>(
        std::count_if(links->begin(), links->end(), [](const auto& link) { return !link->over(); }));
  return count;
}

std::size_t Proxy::queued() const {
  std::size_t octets = 0;
  for (const auto& session : state_->sessions) octets += session->queued();
  return octets;
}

}  // namespace bothends::proxy
