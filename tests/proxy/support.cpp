#include "tests/proxy/support.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bothends::proxy::test {

certs::Mint& mint() {
  static const auto made = certs::Mint::create(std::chrono::system_clock::now());
  REQUIRE(made);
  return **made;
}

tls::Credential certificate(const std::string& name, certs::Kind kind) {
  certs::Recipe recipe;
  recipe.name = name;
  recipe.kind = kind;
  recipe.names = {name};
  auto made = mint().make(recipe);
  REQUIRE_MESSAGE(made, made.error().message());
  return *made;
}

tls::ServerSettings server_for(const std::string& name, certs::Kind kind) {
  tls::ServerSettings settings;
  settings.certificates = {certificate(name, kind)};
  return settings;
}

namespace {

/// Says nothing when it is closed, like one whose close_notify was cut off on the way.
class Silent : public tls::Engine {
 public:
  explicit Silent(std::unique_ptr<tls::Engine> engine) : engine_(std::move(engine)) {}
  tls::Phase step(View from_peer, Bytes& to_peer) override { return engine_->step(from_peer, to_peer); }
  void write(View plain, Bytes& to_peer) override { engine_->write(plain, to_peer); }
  void close(Bytes&) override {}
  Bytes take_plain() override { return engine_->take_plain(); }
  tls::Phase phase() const override { return engine_->phase(); }
  const policy::Handshake& handshake() const override { return engine_->handshake(); }
  void clock(std::chrono::microseconds now) override { engine_->clock(now); }

 private:
  std::unique_ptr<tls::Engine> engine_;
};

}  // namespace

Origin::Origin(net::Loop& loop, const std::string& stack, tls::ServerSettings settings) {
  if (settings.certificates.empty() && stack != "plain") settings.certificates = {certificate("shop.test")};
  auto context = tls::stack_named(stack)->server(settings);
  REQUIRE_MESSAGE(context, context.error().message());
  const auto engine = [this, context = *context]() -> std::unique_ptr<tls::Engine> {
    auto accepted = std::move(*context->accept());
    return farewell ? std::move(accepted) : std::make_unique<Silent>(std::move(accepted));
  };
  auto made = net::Listener::listen(loop, {"127.0.0.1", 0}, engine, {milliseconds{5000}, milliseconds{0}},
                                    [this](auto connection) { add(std::move(connection)); });
  REQUIRE(made);
  listener_ = std::move(*made);
  answer = [](Visit& visit, const http::Request& request) {
    http::Response response{200,  "", 1, {}, fmt::format("{} {} {}", request.method, request.target, request.body),
                            false};
    if (request.method == "HEAD") response.fields.push_back({"Content-Length", "1234"}), response.body.clear();
    send(visit, response);
  };
}

std::size_t Origin::live() const {
  return static_cast<std::size_t>(
      std::count_if(visits.begin(), visits.end(), [](const Visit& visit) { return !visit.ending; }));
}

void Origin::add(std::unique_ptr<net::Connection> connection) {
  Visit& visit = visits.emplace_back();
  visit.connection = std::move(connection);
  net::Callbacks callbacks;
  callbacks.data = [this, &visit] { came ? came(visit) : read(visit); };
  callbacks.ended = [&visit](const policy::Ending& ending) { visit.ending = ending; };
  net::on(*visit.connection, std::move(callbacks));
}

void Origin::read(Visit& visit) {
  visit.requests.feed(visit.connection->take_plain());
  for (;;) {
    visit.body += text_of(visit.requests.take_body());
    REQUIRE_MESSAGE(visit.requests.state() != http::Reader::State::malformed, visit.requests.malformed());
    if (visit.requests.state() != http::Reader::State::done) return;
    http::Request request = visit.requests.request();
    request.body = std::exchange(visit.body, {});
    requests.push_back(request);
    answer(visit, request);
    visit.requests.next();
  }
}

void send(Origin::Visit& visit, const http::Response& response) { visit.connection->write(http::whole(response)); }

Client::Client(net::Loop& loop, std::uint16_t port, std::string request, const std::string& sni,
               const std::string& stack) {
  tls::ClientSettings settings;
  auto context = tls::stack_named(stack)->client(settings);
  REQUIRE(context);
  tls::Peer peer;
  if (!sni.empty()) peer.sni = sni;
  net::Callbacks callbacks;
  callbacks.opened = [this, request = std::move(request)] { send(request); };
  callbacks.data = [this] { reads ? read() : void(connection->take_plain()); };
  callbacks.ended = [this](const policy::Ending& how) {
    ending = how;
    const bool body_begun = responses.state() == http::Reader::State::body;
    const bool clean = how.how == policy::Ending::How::closed;
    const bool whole = clean && responses.framing() == http::Reader::Framing::until_close;
    cut_off = body_begun && !whole;
    if (!body_begun || !whole) return;
    responses.end();
    read();
  };
  connection = net::Connection::connect(loop, {"127.0.0.1", port}, std::move(*(*context)->connect(peer)),
                                        {milliseconds{5000}, milliseconds{0}}, std::move(callbacks));
}

void Client::read() {
  responses.feed(connection->take_plain());
  for (;;) {
    const Bytes body = responses.take_body();
    body_octets += body.size();
    if (cut_body.size() < 1 << 20) cut_body += text_of(body);
    if (responses.state() != http::Reader::State::done) break;
    answers.push_back(responses.response());
    bodies.push_back(std::exchange(cut_body, {}));
    responses.next();
  }
  CHECK_MESSAGE(responses.state() != http::Reader::State::malformed, responses.malformed());
}

Chain::Chain(const std::string& origin_stack, tls::ServerSettings origin_settings)
    : origin(loop, origin_stack, std::move(origin_settings)) {
  setup.front = server_for("shop.test");
  Route route;
  route.match = "shop.test";
  route.leg.origin = "shop";
  route.leg.port = origin.port();
  route.leg.tls = origin_stack != "plain";
  route.leg.sni.from = NameSource::From::host;
  route.leg.settings.verify = policy::Verify::full;
  route.leg.settings.trust = {mint().root()};
  setup.routes = {route};
}

void Chain::start() {
  auto made = Proxy::start(loop, {"127.0.0.1", 0}, setup);
  REQUIRE_MESSAGE(made, made.error().message());
  proxy = std::move(*made);
}

Client& Chain::client(std::string_view octets, const std::string& sni, const std::string& stack) {
  if (!proxy) start();
  Client& made = clients.emplace_back(loop, proxy->port(), std::string(octets), sni, stack);
  until([&] { return made.connection->opened() || made.ending; });
  return made;
}

unsigned Chain::ask(std::string_view octets) {
  Client& one = client(octets);
  until([&] { return !one.answers.empty() || one.ending; });
  return one.answers.empty() ? 0 : one.answers.front().status;
}

bool Chain::logged(std::string_view what) const {
  const auto lines = proxy->log_since(0);
  return std::any_of(lines.begin(), lines.end(),
                     [&](const auto& line) { return line.find(what) != std::string::npos; });
}

}  // namespace bothends::proxy::test
