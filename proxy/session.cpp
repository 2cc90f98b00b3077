// The client's side of a session: its requests, its end, its clock.
#include "proxy/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/describe.hpp"
#include "proxy/route.hpp"

namespace bothends::proxy {

namespace {

constexpr std::size_t most_queued = 256 * 1024;
constexpr std::size_t most_pipelined = 64 * 1024;
constexpr net::milliseconds client_patience{60000};
constexpr net::milliseconds client_linger{1000};

bool asks_for_upgrade(const http::Request& request) {
  return request.method == "CONNECT" || http::find(request.fields, "upgrade");
}

}  // namespace

Session::Session(Proxy::State& proxy, std::unique_ptr<net::Connection> client)
    : proxy_(proxy),
      client_(std::move(client)),
      client_name_(client_->peer().text()),
      clock_(proxy.loop, client_patience, [this] { look_at_clock(); }) {
  net::Callbacks callbacks;
  callbacks.data = [this] { client_came(); };
  callbacks.drained = [this] { client_drained(); };
  callbacks.peer_closed = [this] { client_left(); };
  callbacks.ended = [this](const policy::Ending& ending) { client_ended(ending); };
  net::on(*client_, std::move(callbacks));
}

Session::~Session() = default;

std::size_t Session::queued() const {
  const std::size_t to_origin = link_ && link_->opened() ? link_->connection().queued() : 0;
  return to_origin + client_->queued() + requests_.pending();
}

void Session::client_came() {
  const bool first = !requests_.begun();
  const Bytes came = client_->take_plain();
  if (closing_) return;
  requests_.feed(came);
  if (!exchange_) {
    if (first) touch();  // a head must be complete in time, however slowly it trickles
    return serve_next();
  }
  touch();
  pass_request_body();
  balance();
}

void Session::client_drained() {
  touch();
  balance();
  if (!exchange_) serve_next();
}

/// Half a connection is none: who has left does not want the answer any more.
void Session::client_left() {
  if (exchange_) proxy_.note(fmt::format("client {}: left before its answer was complete", client_name_));
  exchange_.reset();
  proxy_.give_back(std::move(link_), false);
  close_client(net::milliseconds{100});
}

void Session::client_ended(const policy::Ending& ending) {
  over_ = true;
  clock_.stop();
  if (!closing_) proxy_.note(fmt::format("client {}: {}", client_name_, describe(ending)));
  exchange_.reset();
  proxy_.give_back(std::move(link_), false);
  proxy_.sweep_soon();
}

void Session::close_client(net::milliseconds linger) {
  closing_ = true;
  touch();
  client_->resume();
  client_->close(linger);
}

void Session::serve_next() {
  using State = http::Reader::State;
  while (!exchange_ && !closing_ && client_->queued() <= most_queued) {
    if (requests_.state() == State::head) break;
    if (requests_.state() == State::malformed) {
      proxy_.note(fmt::format("client {}: malformed request: {}", client_name_, requests_.malformed()));
      respond({400, "bad request"});
    } else {
      begin();
    }
  }
  if (!closing_) balance();
}

/// What the request is for: the target's own authority counts more than Host (RFC 9112 section 3.2.2).
std::optional<std::string> Session::requested_authority() const {
  const http::Request& request = requests_.request();
  if (const auto scheme_end = request.target.find("://");
      request.target.front() != '/' && scheme_end != std::string::npos) {
    const auto rest = request.target.substr(scheme_end + 3);
    return rest.substr(0, rest.find_first_of("/?"));
  }
  if (const auto host = request.host()) return host;
  const auto hello = client_->handshake().transcript.client_hello();
  return hello ? hello->sni() : std::nullopt;
}

std::optional<Session::Refusal> Session::objection() const {
  const http::Request& request = requests_.request();
  const auto hosts = std::count_if(request.fields.begin(), request.fields.end(),
                                   [](const http::Field& field) { return http::find({field}, "host").has_value(); });
  if (hosts > 1 || (hosts == 0 && client_speaks_11())) return Refusal{400, "bad request: one Host is needed"};
  if (const auto host = request.host(); host && !host_of(*host)) return Refusal{400, "bad request: not a host"};
  if (asks_for_upgrade(request)) return Refusal{501, "this proxy does not switch protocols"};
  const auto expected = http::find(request.fields, "expect");
  if (expected && *expected != "100-continue") return Refusal{417, "unknown expectation"};
  return std::nullopt;
}

void Session::begin() {
  if (const auto refusal = objection()) return respond(*refusal);
  const std::string host = host_of(requested_authority().value_or("")).value_or("");
  const Route* route = route_for(proxy_.setup.routes, host);
  if (!route) {
    proxy_.note(fmt::format("client {}: no route for '{}'", client_name_, host));
    return respond({proxy_.setup.statuses.no_route, "no route for this host"});
  }
  const auto name_from = [&](const NameSource& source) {
    return source.from == NameSource::From::fixed  ? source.fixed
           : source.from == NameSource::From::host ? host
                                                   : std::string();
  };
  Destination to{route, std::nullopt, name_from(route->leg.verify_name)};
  if (const std::string sni = name_from(route->leg.sni); !sni.empty() && !is_address(sni)) to.sni = sni;
  if (to.name.empty()) to.name = to.sni.value_or(host);
  exchange_ = Exchange{std::move(to)};
  open_link(false);
}

void Session::respond(const Refusal& refusal) {
  const bool stays =
      proxy_.setup.keep_alive && requests_.state() == http::Reader::State::done && requests_.keeps_alive();
  http::Response response{refusal.status, "", 1, {{"Content-Type", "text/plain"}}, "", false};
  response.body = fmt::format("{} {}\n", refusal.status, refusal.why);
  response.fields.push_back({"Content-Length", std::to_string(response.body.size())});
  if (!stays) response.fields.push_back({"Connection", "close"});
  client_->write(requests_.request().method == "HEAD" ? http::head(response) : http::whole(response));
  exchange_.reset();
  if (!stays) return close_client(client_linger);
  requests_.next();
  touch();
}

/// In the middle of an answer nothing more can be said: the client must see that it is not whole. A message that tells
/// its length does by lacking the rest; one that does not is only told apart by a RST.
void Session::drop_client() {
  const bool needs_reset = exchange_ && exchange_->until_close;
  exchange_.reset();
  proxy_.give_back(std::move(link_), false);
  if (!needs_reset) return close_client(client_linger);
  closing_ = true;
  client_->reset();
}

void Session::balance() {
  if (closing_) return;
  const bool origin_has_enough = exchange_ && !exchange_->request_sent &&
                                 requests_.framing() != http::Reader::Framing::none &&
                                 (!exchange_->head_sent || link_->connection().queued() > most_queued);
  if (origin_has_enough || requests_.pending() > most_pipelined)
    client_->pause();
  else
    client_->resume();
  if (!link_ || !link_->opened()) return;
  if (client_->queued() > most_queued)
    link_->connection().pause();
  else
    link_->connection().resume();
}

void Session::touch() {
  touched_ = proxy_.loop.now();
  if (!over_) clock_.restart(limit());
}

bool Session::waits_for_client() const {
  if (!exchange_ || closing_) return true;
  if (!link_ || !link_->opened()) return false;
  return client_->queued() > 0 || (!exchange_->request_sent && link_->connection().queued() == 0);
}

net::milliseconds Session::limit() const {
  if (waits_for_client()) return client_patience;
  const Setup& setup = proxy_.setup;
  if (!link_ || link_->opened()) return setup.origin_timeout;
  const auto bound = link_->connected() ? setup.origin_timeout : std::min(setup.connect_timeout, setup.origin_timeout);
  return std::chrono::ceil<net::milliseconds>(bound - (proxy_.loop.now() - link_begun_));
}

void Session::look_at_clock() {
  const bool connecting = exchange_ && link_ && !link_->opened();
  if (connecting && limit().count() > 0) return clock_.restart(limit());
  out_of_time();
}

void Session::out_of_time() {
  if (closing_) return client_->reset();
  if (exchange_ && !waits_for_client()) {
    proxy_.note(fmt::format("{}: no answer in time", describe(exchange_->to)));
    return fail({proxy_.setup.statuses.time, "origin did not answer in time"});
  }
  proxy_.note(fmt::format("client {}: too slow", client_name_));
  if (exchange_ && exchange_->answered) return drop_client();
  if (exchange_ || requests_.begun()) return fail({408, "too slow"});
  close_client(client_linger);
}

}  // namespace bothends::proxy
