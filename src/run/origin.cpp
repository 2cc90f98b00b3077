#include "run/origin.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "proxy/route.hpp"
#include "run/reach.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {

constexpr std::size_t kept_body = 64 << 10;     // octets of a request's body that an observation keeps
constexpr std::size_t most_connections = 1000;  // of one try
constexpr std::size_t most_exchanges = 256;     // of one connection in one try
constexpr std::size_t most_queued = 1 << 20;    // octets of answers: then no request is read until they are gone
constexpr net::Deadlines deadlines{.handshake = net::milliseconds{30000}, .total = net::milliseconds{0}};

bool covers(const std::vector<std::string>& names, std::string_view host) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    return name_matches(name, host) || (proxy::is_address(host) && lower(name) == lower(host));
  });
}

// The first octets of a stream, for evidence.
void keep_start(Bytes& start, View octets) {
  append(start, octets.first(std::min(octets.size(), 64 - std::min<std::size_t>(64, start.size()))));
}

bool says_close(const http::Fields& fields) {
  return lower(http::find(fields, "connection").value_or("")).find("close") != std::string::npos;
}

}  // namespace

struct Origin::Live {
  std::unique_ptr<net::Connection> connection;  // nullptr once it has ended
  path::Observation observation;                // its handshake and ending are filled in by report() and ended()
  net::microseconds begun{0};
  http::Reader reader{http::Reader::Kind::request};
  std::vector<path::Exchange> exchanges;  // since the last take
  Bytes body;                             // of the request being read, at most kept_body of it
  bool truncated = false;
  bool carried = false;    // a request went over at some time
  bool closing = false;    // nothing more is served
  bool broke_off = false;  // by us, as told
  bool fell_silent = false;
  bool taken = false;  // an earlier take has told of it

  bool over() const { return !connection; }
  bool idle() const { return connection->opened() && carried && (closing || !reader.begun()); }
  void keep_body() {
    const Bytes came = reader.take_body();
    const std::size_t room = kept_body - body.size();
    truncated = truncated || came.size() > room;
    append(body, View(came).first(std::min(came.size(), room)));
  }
  /// The request as far as it was read, with what was kept of its body.
  http::Request take_request() {
    http::Request request = reader.request();
    request.body = text_of(body);
    request.truncated = std::exchange(truncated, false);
    body.clear();
    return request;
  }
  /// A request whose body is cut off by the end, ours or the peer's, was one all the same.
  void keep_partial() {
    if (reader.state() == http::Reader::State::body) exchanges.push_back({.request = take_request()});
  }
};

Origin::Origin(net::Loop& loop, OriginSpec spec, tls::ServerSettings settings)
    : loop_(loop), spec_(std::move(spec)), settings_(std::move(settings)) {}

Origin::~Origin() = default;

Result<std::unique_ptr<Origin>> Origin::start(net::Loop& loop, const OriginSpec& spec,
                                              const tls::ServerSettings& settings) {
  auto origin = std::unique_ptr<Origin>(new Origin(loop, spec, settings));
  Result<net::Endpoint> at = net::Endpoint{"127.0.0.1", 0};
  if (!spec.listen.empty()) at = endpoint_of(spec.listen);
  if (!at) return tl::unexpected(at.error());
  origin->host_ = at->host;
  const Conduct::Reach reach = spec.conduct.reach;
  if (reach == Conduct::Reach::refused && at->port != 0) {
    origin->port_ = at->port;
    return origin;
  }
  if (reach == Conduct::Reach::deaf && at->port != 0)
    return fail(ErrorCode::value, "a deaf origin has a port of its own: it cannot be told where to listen", spec.place);
  if (reach != Conduct::Reach::normal) {
    auto port = net::ReservedPort::reserve();
    if (!port) return tl::unexpected(port.error());
    if (reach == Conduct::Reach::deaf)
      if (auto deaf = port->deafen(); !deaf) return tl::unexpected(deaf.error());
    origin->closed_port_ = std::make_unique<net::ReservedPort>(std::move(*port));
    origin->port_ = origin->closed_port_->port();
    return origin;
  }
  if (spec.speaks == OriginSpec::Speaks::tls) {
    const tls::Stack* stack = tls::stack_named(spec.stack);
    if (!stack) return fail(ErrorCode::value, "there is no TLS stack \"" + spec.stack + "\"", spec.place);
    auto context = stack->server(settings);
    if (!context) return tl::unexpected(context.error());
    origin->context_ = *context;
  }
  Origin* self = origin.get();
  auto listener = net::Listener::listen(
      loop, *at, [self] { return self->engine(); }, deadlines,
      [self](std::unique_ptr<net::Connection> connection) { self->accepted(std::move(connection)); });
  if (!listener) return fail(listener.error().code, listener.error().what, spec.place);
  origin->listener_ = std::move(*listener);
  origin->port_ = origin->listener_->port();
  return origin;
}

std::unique_ptr<tls::Engine> Origin::engine() const {
  if (untaken_ >= most_connections) return nullptr;
  if (context_) {
    auto engine = context_->accept();
    return engine ? tls::with_fault(std::move(*engine), spec_.conduct.wire) : nullptr;
  }
  auto context = tls::plain().server({});
  if (!context) return nullptr;
  auto engine = (*context)->accept();
  return engine ? std::move(*engine) : nullptr;
}

void Origin::accepted(std::unique_ptr<net::Connection> connection) {
  ++untaken_;
  Live& live = live_.emplace_back();
  live.begun = loop_.now();
  live.connection = std::move(connection);
  live.observation.leg = path::Leg::origin;
  live.observation.name = spec_.name;
  live.observation.tls = spec_.speaks == OriginSpec::Speaks::tls;
  live.observation.peer = live.connection->peer().text();
  live.observation.local = live.connection->local().text();
  net::on(*live.connection, {
                                .data = [this, &live] { received(live); },
                                .drained =
                                    [this, &live] {
                                      live.connection->resume();
                                      serve(live, live.reader.next());
                                    },
                                .ended = [this, &live](const policy::Ending& ending) { ended(live, ending); },
                            });
}

void Origin::say(Live& live, View octets) {
  if (!live.observation.tls) keep_start(live.observation.spoke, octets);
  live.connection->write(octets);
}

void Origin::received(Live& live) {
  const Bytes plain = live.connection->take_plain();
  // Where no engine reads along, the first octets are the evidence: the ClientHello that was not answered.
  if (!live.observation.tls) keep_start(live.observation.handshake.transcript.foreign, plain);
  if (!live.closing) serve(live, live.reader.feed(plain));
}

void Origin::serve(Live& live, http::Reader::State state) {
  if (live.closing) return;
  live.keep_body();
  while (state == http::Reader::State::done) {
    if (spec_.conduct.after_request) return withhold(live);
    answer(live);
    if (live.closing) return;
    if (live.connection->queued() > most_queued) return live.connection->pause();  // `drained` goes on
    state = live.reader.next();
    live.keep_body();
  }
  if (state == http::Reader::State::malformed) refuse(live);
}

void Origin::refuse(Live& live) {
  http::Response response{.status = 400, .reason = "Bad Request"};
  say(live, http::whole(response));
  live.exchanges.push_back({.response = std::move(response), .complete = true});
  live.closing = true;
  live.connection->close();
}

// RFC 9110 section 7.4: a request for an authority that this connection's certificate does not speak for is
// misdirected.
bool Origin::host_allowed(const Live& live, const http::Request& request) const {
  const auto hello = live.connection->handshake().transcript.client_hello();
  const std::string sni = hello ? hello->sni().value_or("") : "";
  const auto& certificates = settings_.certificates;
  if (certificates.empty()) return true;
  auto chosen = std::ranges::find_if(certificates, [&](const tls::Credential& c) { return covers(c.names, sni); });
  if (chosen == certificates.end()) chosen = certificates.begin();
  return covers(chosen->names, proxy::host_of(request.host().value_or("")).value_or(""));
}

http::Response Origin::response_to(const Live& live, const http::Request& request) const {
  http::Response response{.status = spec_.status, .fields = spec_.headers, .body = spec_.body};
  if (spec_.strict_host && !host_allowed(live, request))
    response = {.status = 421, .body = "the certificate of this connection is not for that host\n"};
  response.reason = http::reason_phrase(response.status);
  if (response.status == 204 || response.status == 304) response.body.clear();  // RFC 9110 section 6.4.1
  const bool last = !live.reader.keeps_alive() || live.exchanges.size() + 1 >= most_exchanges;
  if (last && !says_close(response.fields)) response.fields.push_back({"Connection", "close"});
  return response;
}

void Origin::answer(Live& live) {
  http::Request request = live.take_request();
  http::Response response = response_to(live, request);
  Bytes octets = http::whole(response);
  if (request.method == "HEAD") {
    octets.resize(text_of(octets).find("\r\n\r\n") + 4);
    response.body.clear();
  }
  say(live, octets);
  live.closing = says_close(response.fields);
  live.exchanges.push_back({.request = std::move(request), .response = std::move(response), .complete = true});
  live.carried = true;
  if (live.closing) live.connection->close();
}

// A request was heard, and gets no answer.
void Origin::withhold(Live& live) {
  live.exchanges.push_back({.request = live.take_request()});
  live.closing = true;
  live.fell_silent = *spec_.conduct.after_request == tls::Fault::Then::silence;
  if (live.fell_silent) return;
  live.broke_off = true;
  if (*spec_.conduct.after_request == tls::Fault::Then::reset) return live.connection->reset();
  live.connection->close();
}

void Origin::ended(Live& live, const policy::Ending& ending) {
  live.keep_partial();
  path::Observation seen = report(live);
  live.observation.handshake = std::move(seen.handshake);
  live.observation.spoke = std::move(seen.spoke);
  live.observation.ending = ending;
  if (live.broke_off) live.observation.ending.how = policy::Ending::How::broke_off;
  live.observation.ending.stage = std::max(ending.stage, seen.ending.stage);
  if (!live.reader.malformed().empty())
    live.observation.ending.note = "the request is not HTTP/1.1: " + live.reader.malformed();
  live.connection.reset();
}

path::Observation Origin::report(Live& live) const {
  path::Observation seen = live.observation;
  seen.begun = std::max(live.begun - try_begun_, net::microseconds{0});
  seen.reused = live.taken;
  if (live.over()) return seen;
  const Bytes foreign = std::exchange(seen.handshake.transcript.foreign, {});
  seen.handshake = live.connection->handshake();
  if (!foreign.empty()) seen.handshake.transcript.foreign = foreign;
  if (seen.tls) seen.spoke = seen.handshake.spoke;
  seen.handshake.fell_silent = seen.handshake.fell_silent || live.fell_silent;
  seen.ending.how = policy::Ending::How::open;
  seen.ending.stage = live.carried             ? policy::Stage::done
                      : live.exchanges.empty() ? policy::stage_of(seen.handshake.transcript)
                                               : policy::Stage::request;
  return seen;
}

bool Origin::quiet() const {
  return std::ranges::all_of(live_, [](const Live& live) { return live.over() || live.idle(); });
}

std::vector<path::Observation> Origin::take() {
  std::vector<path::Observation> seen;
  for (auto it = live_.begin(); it != live_.end();) {
    Live& live = *it;
    const bool busy = !live.over() && !live.idle();
    if (busy) live.keep_partial();
    if (!live.taken || !live.exchanges.empty() || busy) {
      path::Observation observation = report(live);
      observation.exchanges = std::exchange(live.exchanges, {});
      seen.push_back(std::move(observation));
    }
    live.taken = true;
    it = live.over() || busy ? live_.erase(it) : std::next(it);  // destroying a connection resets it
  }
  untaken_ = 0;
  return seen;
}

void Origin::begin_try(net::microseconds now) {
  take();
  try_begun_ = now;
}

}  // namespace bothends::run
