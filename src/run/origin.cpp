#include "run/origin.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {

constexpr std::size_t kept_body = 64 << 10;  // octets of a request's body that an observation keeps
constexpr net::Deadlines deadlines{.handshake = net::milliseconds{30000}, .total = net::milliseconds{0}};

// What a peer that speaks no protocol at all sends.
constexpr std::string_view garbage_octets{"\x13\x37\xff\x00\xaa\x55 no protocol at all\r\n\r\n", 26};
// A handshake record that announces 64 octets and holds two of them.
constexpr std::string_view half_record_octets{"\x16\x03\x03\x00\x40\x02\x00", 7};

bool covers(const std::vector<std::string>& names, std::string_view host) {
  return std::ranges::any_of(names, [&](const std::string& name) { return name_matches(name, host); });
}

// The first octets of a stream, for evidence.
void keep_start(Bytes& start, View octets) {
  append(start, octets.first(std::min(octets.size(), 64 - std::min<std::size_t>(64, start.size()))));
}

std::string host_of(const http::Request& request) {
  const std::string host = request.host().value_or("");
  return host.substr(0, host.find(':'));
}

}  // namespace

struct Origin::Live {
  std::unique_ptr<net::Connection> connection;  // nullptr once it has ended
  path::Observation observation;                // filled in at the end, or by snapshot()
  http::Reader reader{http::Reader::Kind::request};
  std::vector<path::Exchange> exchanges;  // since the last take
  Bytes body;                             // of the request being read, at most kept_body of it
  bool truncated = false;
  bool request_open = false;  // octets of a request have come, its answer has not gone
  bool carried = false;       // a request went over at some time
  bool taken = false;         // an earlier take has told of it

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
};

Origin::Origin(net::Loop& loop, OriginSpec spec, tls::ServerSettings settings)
    : loop_(loop), spec_(std::move(spec)), settings_(std::move(settings)) {}

Origin::~Origin() = default;

Result<std::unique_ptr<Origin>> Origin::start(net::Loop& loop, const OriginSpec& spec,
                                              const tls::ServerSettings& settings) {
  auto origin = std::unique_ptr<Origin>(new Origin(loop, spec, settings));
  if (spec.speaks == OriginSpec::Speaks::refuses) {
    auto port = net::ReservedPort::reserve();
    if (!port) return tl::unexpected(port.error());
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
      loop, {"127.0.0.1", 0}, [self] { return self->engine(); }, deadlines,
      [self](std::unique_ptr<net::Connection> connection) { self->accepted(std::move(connection)); });
  if (!listener) return tl::unexpected(listener.error());
  origin->listener_ = std::move(*listener);
  origin->port_ = origin->listener_->port();
  return origin;
}

std::unique_ptr<tls::Engine> Origin::engine() const {
  if (context_) {
    auto engine = context_->accept();
    return engine ? std::move(*engine) : nullptr;
  }
  auto context = tls::plain().server({});
  if (!context) return nullptr;
  auto engine = (*context)->accept();
  return engine ? std::move(*engine) : nullptr;
}

void Origin::accepted(std::unique_ptr<net::Connection> connection) {
  Live& live = live_.emplace_back();
  live.connection = std::move(connection);
  live.observation.leg = path::Leg::origin;
  live.observation.name = spec_.name;
  live.observation.tls = spec_.speaks == OriginSpec::Speaks::tls;
  live.observation.peer = live.connection->peer().text();
  live.observation.local = live.connection->local().text();
  live.observation.begun = loop_.now() - try_begun_;
  net::on(*live.connection, {
                                .opened = [this, &live] { opened(live); },
                                .data = [this, &live] { received(live); },
                                .ended = [this, &live](const policy::Ending& ending) { ended(live, ending); },
                            });
}

void Origin::opened(Live& live) {
  switch (spec_.speaks) {
    case OriginSpec::Speaks::garbage:
      say(live, view_of(garbage_octets));
      break;
    case OriginSpec::Speaks::half_record:
      say(live, view_of(half_record_octets));
      break;
    case OriginSpec::Speaks::closes:
      live.connection->close(net::milliseconds{0});
      break;
    default:
      break;
  }
}

void Origin::say(Live& live, View octets) {
  if (!live.observation.tls) keep_start(live.observation.spoke, octets);
  live.connection->write(octets);
}

void Origin::received(Live& live) {
  const Bytes plain = live.connection->take_plain();
  // Where no engine reads along, the first octets are the evidence: the ClientHello that was not answered.
  if (!live.observation.tls) keep_start(live.observation.handshake.transcript.foreign, plain);
  const bool serves = spec_.speaks == OriginSpec::Speaks::tls || spec_.speaks == OriginSpec::Speaks::http;
  if (!serves) return;
  live.request_open = true;
  http::Reader::State state = live.reader.feed(plain);
  live.keep_body();
  while (state == http::Reader::State::done) {
    answer(live);
    if (!live.reader.keeps_alive()) return;
    state = live.reader.next();
    live.keep_body();
  }
  if (state == http::Reader::State::malformed) {
    live.exchanges.push_back({});
    say(live, http::whole(http::Response{.status = 400, .reason = "Bad Request"}));
    live.connection->close();
  }
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
  return covers(chosen->names, host_of(request));
}

void Origin::answer(Live& live) {
  http::Request request = live.take_request();
  http::Response response{.status = spec_.status, .fields = spec_.headers, .body = spec_.body};
  if (spec_.strict_host && !host_allowed(live, request))
    response = {.status = 421, .body = "the certificate of this connection is not for that host\n"};
  response.reason = http::reason_phrase(response.status);
  const bool keep = live.reader.keeps_alive();
  if (!keep) response.fields.push_back({"Connection", "close"});
  Bytes octets = http::whole(response);
  if (request.method == "HEAD") octets.resize(octets.size() - response.body.size());
  say(live, octets);
  live.exchanges.push_back({.request = std::move(request), .response = std::move(response), .complete = true});
  live.carried = true;
  live.request_open = live.reader.pending() > 0;
  if (!keep) live.connection->close();
}

void Origin::ended(Live& live, const policy::Ending& ending) {
  if (live.reader.state() == http::Reader::State::body) live.exchanges.push_back({.request = live.take_request()});
  path::Observation seen = snapshot(live);
  const policy::Stage stage = seen.ending.stage;
  seen.ending = ending;
  seen.ending.stage = std::max(ending.stage, stage);
  live.observation = std::move(seen);
  live.request_open = false;
  live.connection.reset();
}

path::Observation Origin::snapshot(const Live& live) {
  path::Observation seen = live.observation;
  if (!live.connection) return seen;
  const Bytes foreign = seen.handshake.transcript.foreign;
  seen.handshake = live.connection->handshake();
  if (!foreign.empty()) seen.handshake.transcript.foreign = foreign;
  seen.ending.how = policy::Ending::How::open;
  seen.ending.stage = live.carried ? policy::Stage::done : policy::stage_of(seen.handshake.transcript);
  return seen;
}

bool Origin::quiet() const {
  return std::ranges::all_of(live_, [](const Live& live) {
    return !live.connection || (live.connection->opened() && live.carried && !live.request_open);
  });
}

std::vector<path::Observation> Origin::take(bool reset_busy) {
  std::vector<path::Observation> seen;
  for (auto it = live_.begin(); it != live_.end();) {
    Live& live = *it;
    const bool over = !live.connection;
    const bool busy = !over && !(live.connection->opened() && live.carried && !live.request_open);
    const bool news = !live.taken || !live.exchanges.empty() || busy;
    if (news) {
      path::Observation observation = snapshot(live);
      observation.exchanges = std::move(live.exchanges);
      observation.reused = live.taken;
      seen.push_back(std::move(observation));
    }
    live.exchanges.clear();
    live.taken = true;
    const bool drop = over || (busy && reset_busy);  // destroying a connection resets it
    it = drop ? live_.erase(it) : std::next(it);
  }
  return seen;
}

}  // namespace bothends::run
