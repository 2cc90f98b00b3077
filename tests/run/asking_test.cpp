// Questions over the loopback: to real engines behind a listener, and to sockets that the test plays.
#include "run/asking.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <list>

#include "tests/run/run_support.hpp"
#include "wire/codes.hpp"

namespace bothends::run::test {

namespace {

using How = policy::Ending::How;
using Kind = policy::Answer::Kind;
using policy::Answer;
using policy::Question;
using Resume = Question::Resume;
using Until = Question::Until;

tls::ServerSettings shop() {
  static const auto credential = certificate({"shop.test", "other.test"});
  tls::ServerSettings settings;
  settings.certificates = {credential};
  return settings;
}

/// Serves every request with a line of HTTP, and remembers how its connections ended.
class Server {
 public:
  Server(net::Loop& loop, const tls::ServerSettings& settings, const tls::Stack& stack = tls::openssl())
      : context_(stack.server(settings).value()) {
    listener_ = net::Listener::listen(
                    loop, {"127.0.0.1", 0}, [this] { return context_->accept().value(); }, {},
                    [this](std::unique_ptr<net::Connection> connection) { accept(std::move(connection)); })
                    .value();
  }
  net::Endpoint at() const { return {"127.0.0.1", listener_->port()}; }
  std::size_t accepted() const { return all_.size(); }
  std::vector<How> endings() const { return endings_; }
  std::string request;
  std::string status = "204 No Content";
  bool is_mute = false;

 private:
  void accept(std::unique_ptr<net::Connection> connection) {
    net::Connection& it = *all_.emplace_back(std::move(connection));
    net::on(it, {.data =
                     [this, &it] {
                       request = text_of(it.take_plain());
                       if (!is_mute) it.write(view_of("HTTP/1.1 " + status + "\r\n\r\n"));
                     },
                 .ended = [this](const policy::Ending& ending) { endings_.push_back(ending.how); }});
  }

  std::shared_ptr<const tls::ServerContext> context_;
  std::list<std::unique_ptr<net::Connection>> all_;
  std::vector<How> endings_;
  std::unique_ptr<net::Listener> listener_;
};

/// A way that is long: what comes to one end leaves it at the other so much later.
class Late {
 public:
  Late(net::Loop& loop, const net::Endpoint& to, milliseconds by) : loop_(loop), to_(to), by_(by) {
    listener_ = net::Listener::listen(
                    loop, {"127.0.0.1", 0}, [] { return net::test::pass(); }, {},
                    [this](std::unique_ptr<net::Connection> near) { accept(std::move(near)); })
                    .value();
  }
  net::Endpoint at() const { return {"127.0.0.1", listener_->port()}; }

 private:
  void accept(std::unique_ptr<net::Connection> connection) {
    net::Connection& near = *all_.emplace_back(std::move(connection));
    all_.push_back(net::Connection::connect(loop_, to_, net::test::pass(), {}, {}));
    net::Connection& far = *all_.back();
    net::on(near, carrying(near, far));
    net::on(far, carrying(far, near));
  }
  net::Callbacks carrying(net::Connection& from, net::Connection& to) {
    const auto later = [this](std::function<void()> task) {
      loop_.after(by_, [task = std::move(task), alive = std::weak_ptr(alive_)] { alive.lock() ? task() : void(); });
    };
    return {.data = [later, &from, &to] { later([octets = from.take_plain(), &to] { to.write(octets); }); },
            .peer_closed = [later, &to] { later([&to] { to.close(); }); }};
  }

  net::Loop& loop_;
  const net::Endpoint to_;
  const milliseconds by_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::list<std::unique_ptr<net::Connection>> all_;
  std::unique_ptr<net::Listener> listener_;
};

Question question(std::uint16_t version, Until until = Until::flight) {
  Question question;
  question.versions = {version};
  const bool tls13 = version >= wire::tls1_3;
  question.suites = tls13 ? wire::Codes{0x1301, 0x1302} : wire::Codes{0xc02b, 0xc02f, 0xc02c};
  question.groups = {0x001d, 0x0017};
  if (tls13) question.key_shares = {0x001d};
  question.schemes = {0x0403, 0x0804, 0x0401};
  question.sni = "shop.test";
  question.until = until;
  return question;
}

Question whole(std::uint16_t version, Resume resume = Resume::no) {
  Question question = test::question(version, Until::whole);
  question.key_shares.clear();
  question.resume = resume;
  return question;
}

Answer ask(net::Loop& loop, const Way& way, const Question& question) {
  AskingTools tools(loop);
  std::optional<Answer> answer;
  const Asking asking(tools, way, question, [&](Answer came) {
    CHECK_FALSE(answer);
    answer = std::move(came);
  });
  CHECK_FALSE(answer);  // never from inside the constructor
  turn_until(loop, [&] { return answer && tools.parting() == 0; });
  return answer.value();
}

Answer ask(const tls::ServerSettings& settings, const Question& question) {
  net::Loop loop;
  Server server(loop, settings);
  return ask(loop, {.to = server.at()}, question);
}

}  // namespace

TEST_CASE("an accepted question brings the server's flight, and the server a gentle end") {
  for (const auto* stack : tls::stacks()) {
    for (const auto version : {wire::tls1_2, wire::tls1_3}) {
      net::Loop loop;
      Server server(loop, shop(), *stack);
      const Answer answer = ask(loop, {.to = server.at()}, question(version));
      CHECK(answer.kind == Kind::accepted);
      CHECK(answer.version == version);
      CHECK(answer.flight);
      CHECK_FALSE(answer.chain.empty());
      CHECK(answer.took.count() > 0);
      turn_until(loop, [&] { return server.endings().size() == 1; });
      CHECK(server.endings().front() != How::reset);
    }
  }
}

TEST_CASE("a refused question brings the alert") {
  auto asking = question(wire::tls1_2);
  asking.suites = {0x000a};
  const Answer answer = ask(shop(), asking);
  CHECK(answer.kind == Kind::refused);
  CHECK(answer.alert == wire::handshake_failure);
  CHECK(answer.how == How::alert_received);
}

TEST_CASE("nobody listens, silence, RST and FIN are neither yes nor no") {
  net::Loop loop;
  const auto nobody = net::ReservedPort::reserve().value();
  const Answer refused = ask(loop, {.to = {"127.0.0.1", nobody.port()}}, question(wire::tls1_3));
  CHECK(refused.kind == Kind::none);
  CHECK(refused.how == How::connection_refused);

  const net::test::RawServer mute;
  const Answer silent = ask(loop, {.to = mute.at(), .timeout = milliseconds{50}}, question(wire::tls1_3));
  CHECK(silent.kind == Kind::none);
  CHECK(silent.how == How::timed_out);

  for (const How how : {How::reset, How::eof, How::foreign}) {
    net::test::RawServer raw;
    AskingTools tools(loop);
    std::optional<Answer> answer;
    const Asking asking(tools, {.to = raw.at()}, question(wire::tls1_3), [&](Answer came) { answer = came; });
    const int fd = raw.accept();
    char hello[4096];
    turn_until(loop, [&] { return recv(fd, hello, sizeof hello, MSG_DONTWAIT) > 0; });
    if (how == How::foreign) net::test::raw_send(fd, "220 mail.test ESMTP\r\n");
    how == How::reset ? net::test::raw_reset(fd) : static_cast<void>(close(fd));
    turn_until(loop, [&] { return answer && tools.parting() == 0; });
    CHECK(answer->kind == Kind::none);
    CHECK(answer->how == how);
    CHECK((how != How::foreign || answer->note.starts_with("220 mail.test")));
  }
}

TEST_CASE("the answer does not wait for the peer's end, nor does a linger without end") {
  net::Loop loop;
  AskingTools tools(loop);
  net::test::RawServer raw;
  std::optional<Answer> answer;
  const Asking asking(tools, {.to = raw.at()}, question(wire::tls1_2), [&](Answer came) { answer = came; });
  const int fd = raw.accept();
  const auto hello_done = wire::in_records(wire::handshake, wire::tls1_2, Bytes{14, 0, 0, 0});
  wire::ServerHello hello;
  hello.legacy_version = wire::tls1_2;
  hello.cipher_suite = 0xc02f;
  Bytes flight = wire::in_records(wire::handshake, wire::tls1_2, wire::encode(hello));
  append(flight, hello_done);
  net::test::raw_send(fd, text_of(flight));
  turn_until(loop, [&] { return answer.has_value(); });
  CHECK(answer->suite == 0xc02f);
  CHECK(answer->flight);
  CHECK(tools.parting() == 1);  // our FIN went out, the peer's has not come
  turn_until(loop, [&] { return tools.parting() == 0; });
  close(fd);
}

TEST_CASE("an asking that is destroyed says nothing more") {
  net::Loop loop;
  AskingTools tools(loop);
  Server server(loop, shop());
  auto asking = std::make_unique<Asking>(tools, Way{.to = server.at()}, question(wire::tls1_3),
                                         [](const Answer&) { FAIL("it is gone"); });
  turn_until(loop, [&] { return server.accepted() == 1; });
  asking.reset();
  for (int i = 0; i < 20; ++i) loop.turn();
}

TEST_CASE("an asking may be destroyed from inside its answer") {
  net::Loop loop;
  AskingTools tools(loop);
  Server server(loop, shop());
  for (const auto& asked : {question(wire::tls1_3), whole(wire::tls1_3), whole(wire::tls1_2, Resume::id)}) {
    std::unique_ptr<Asking> asking;
    bool done = false;
    asking = std::make_unique<Asking>(tools, Way{.to = server.at()}, asked, [&](const Answer&) {
      done = true;
      asking.reset();
    });
    turn_until(loop, [&] { return done; });
  }
  turn_until(loop, [&] { return tools.parting() == 0; });
}

TEST_CASE("a hundred askings side by side are all answered, and share what they can") {
  net::Loop loop;
  AskingTools tools(loop);
  Server server(loop, shop());
  std::vector<std::unique_ptr<Asking>> askings;
  unsigned accepted = 0;
  for (int i = 0; i < 100; ++i)
    askings.push_back(std::make_unique<Asking>(
        tools, Way{.to = server.at()}, question(i % 2 == 0 ? wire::tls1_3 : wire::tls1_2),
        [&](const Answer& answer) { accepted += answer.kind == Kind::accepted && answer.flight; }));
  turn_until(loop, [&] { return accepted == 100; });
  turn_until(loop, [&] { return tools.parting() == 0; });
}

TEST_CASE("a whole handshake is complete, and asks for something") {
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    net::Loop loop;
    Server server(loop, shop());
    const Answer answer = ask(loop, {.to = server.at()}, whole(version));
    CHECK(answer.kind == Kind::accepted);
    CHECK(answer.version == version);
    CHECK(answer.complete);
    CHECK(answer.ticket);
    CHECK_FALSE(answer.resumed);
    const std::string request = "HEAD / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n";
    CHECK(server.request == (version == wire::tls1_3 ? request : ""));
  }
}

TEST_CASE("a known client's own hello is sent, and its answer read as far as its key shares go") {
  for (const auto* stack : tls::stacks()) {
    auto settings = shop();
    settings.alpn = {"h2"};
    net::Loop loop;
    Server server(loop, settings, *stack);
    Question asked;
    asked.like = "chrome-150";
    asked.sni = "shop.test";
    asked.until = Until::flight;
    const Answer answer = ask(loop, {.to = server.at()}, asked);
    CHECK(answer.kind == Kind::accepted);
    CHECK(answer.version == wire::tls1_3);
    CHECK(answer.alpn == "h2");
    CHECK_FALSE(answer.chain.empty());
  }
  Question unknown;
  unknown.like = "netscape-4";
  const Answer answer = ask(shop(), unknown);
  CHECK(answer.kind == Kind::none);
  CHECK(answer.how == How::failed);
}

TEST_CASE("a whole handshake is made by the stack that is asked for, and shows its hello") {
  std::vector<std::vector<std::uint16_t>> kinds;
  for (const auto* stack : tls::stacks()) {
    auto asked = whole(wire::tls1_2);
    asked.stack = stack->name();
    const Answer answer = ask(shop(), asked);
    CHECK(answer.complete);
    const auto hello = wire::parse_client_hello(answer.hello);
    REQUIRE(hello.value);
    auto& types = kinds.emplace_back();
    for (const auto& extension : *hello.value->extensions) types.push_back(extension.type);
  }
  CHECK(kinds[0] != kinds[1]);  // each has an order of its own
  auto old = whole(wire::tls1_1);
  old.stack = "mbedtls";
  const Answer answer = ask(shop(), old);
  CHECK(answer.how == How::failed);
  CHECK(answer.hello.empty());
  CHECK(answer.note == "mbedtls has no TLSv1.1");
}

TEST_CASE("a server that never answers a request is content all the same") {
  for (const bool asks : {false, true}) {
    auto settings = shop();
    if (asks) settings.client_certificate = policy::ClientCertificate::optional;
    net::Loop loop;
    Server server(loop, settings);
    server.is_mute = true;
    const auto begun = loop.now();
    const Answer answer = ask(loop, {.to = server.at()}, whole(wire::tls1_3, Resume::psk));
    // One that might miss a certificate gets its time, ticket or not.
    CHECK((!asks || loop.now() - begun >= milliseconds{400}));
    CHECK(answer.complete);
    CHECK(answer.resumed);
    CHECK(answer.certificate_asked == asks);
  }
}

TEST_CASE("a whole handshake that names no suites offers also those that a stack leaves out by itself") {
  auto settings = shop();
  settings.suites = {0xc0ac};
  settings.max_version = wire::tls1_2;
  auto asking = whole(wire::tls1_2);
  asking.suites.clear();
  const Answer answer = ask(settings, asking);
  CHECK(answer.complete);
  CHECK(answer.suite == 0xc0ac);
}

TEST_CASE("a certificate that is required is missed, before our Finished or after it") {
  auto settings = shop();
  settings.client_certificate = policy::ClientCertificate::required;
  settings.trust = {mint().root()};
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    CAPTURE(version);
    const Answer answer = ask(settings, whole(version));
    CHECK(answer.kind == Kind::accepted);
    CHECK(answer.certificate_asked);
    CHECK_FALSE(answer.complete);
    CHECK(answer.alert ==
          std::optional<std::uint8_t>(version == wire::tls1_3 ? wire::certificate_required : wire::handshake_failure));
  }
  settings.client_certificate = policy::ClientCertificate::optional;
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    const Answer answer = ask(settings, whole(version));
    CHECK(answer.certificate_asked);
    CHECK(answer.complete);
  }
}

TEST_CASE("the longer the way, the longer an objection is waited for") {
  auto settings = shop();
  settings.client_certificate = policy::ClientCertificate::required;
  settings.trust = {mint().root()};
  net::Loop loop;
  Server server(loop, settings);
  const Late late(loop, server.at(), milliseconds{300});
  const Answer answer = ask(loop, {.to = late.at()}, whole(wire::tls1_3));
  CHECK(answer.kind == Kind::accepted);
  CHECK_FALSE(answer.complete);
  CHECK(answer.alert == wire::certificate_required);
}

TEST_CASE("where a certificate was asked for, silence is not known to be consent") {
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    CAPTURE(version);
    auto settings = shop();
    settings.client_certificate = policy::ClientCertificate::optional;
    settings.tickets = false;
    net::Loop loop;
    Server server(loop, settings);
    server.is_mute = true;
    const Answer answer = ask(loop, {.to = server.at()}, whole(version));
    CHECK(answer.certificate_asked);
    const bool is_said = version < wire::tls1_3;  // the server's Finished comes last
    CHECK(answer.complete == is_said);
    CHECK((answer.kind == Kind::accepted) == is_said);
    CHECK((answer.how == How::timed_out) == !is_said);
    CHECK((answer.note == "it asks for a certificate, and said nothing when none came") == !is_said);
    CHECK_FALSE(answer.hello.empty());
  }
}

TEST_CASE("a certificate may be missed by HTTP: 400 where one was asked for") {
  for (const auto version : {wire::tls1_2, wire::tls1_3}) {
    for (const bool asks : {false, true}) {
      auto settings = shop();
      if (asks) settings.client_certificate = policy::ClientCertificate::optional;
      net::Loop loop;
      Server server(loop, settings);
      server.status = "400 Bad Request";
      const Answer answer = ask(loop, {.to = server.at()}, whole(version));
      CHECK(answer.complete == !asks);
      CHECK((answer.note == "it answers HTTP/1.1 400 Bad Request") == asks);
    }
  }
}

TEST_CASE("sessions are resumed by ticket, by id and by PSK") {
  for (const auto& [version, resume] : {std::pair{wire::tls1_2, Resume::ticket}, std::pair{wire::tls1_2, Resume::id},
                                        std::pair{wire::tls1_3, Resume::psk}}) {
    CAPTURE(static_cast<int>(resume));
    const Answer answer = ask(shop(), whole(version, resume));
    CHECK(answer.complete);
    CHECK(answer.granted);
    CHECK(answer.resumed);
    CHECK(answer.ticket == (resume != Resume::id));
  }
}

TEST_CASE("a server without tickets grants none in TLS 1.3, and a session by id below") {
  auto settings = shop();
  settings.tickets = false;
  const Answer psk = ask(settings, whole(wire::tls1_3, Resume::psk));
  CHECK(psk.complete);
  CHECK_FALSE(psk.ticket);
  const Answer ticket = ask(settings, whole(wire::tls1_2, Resume::ticket));
  CHECK_FALSE(ticket.ticket);
}

TEST_CASE("what the stack cannot ask is said, not guessed") {
  auto asking = question(wire::tls1_3);
  asking.key_shares = {0x6a6a};
  const Answer share = ask(shop(), asking);
  CHECK(share.kind == Kind::none);
  CHECK(share.how == How::failed);
  CHECK(share.note.find("no key share") != std::string::npos);
  auto unknown = whole(wire::tls1_3);
  unknown.suites = {0x13ff};
  CHECK(ask(shop(), unknown).note.find("openssl has no such cipher suite") != std::string::npos);
}

TEST_CASE("a session of one name is offered for another") {
  auto asking = whole(wire::tls1_2, Resume::ticket);
  asking.resume_sni = "other.test";
  net::Loop loop;
  auto settings = shop();
  Server server(loop, settings);
  const Answer answer = ask(loop, {.to = server.at()}, asking);
  CHECK(answer.granted);
  CHECK(server.accepted() == 2);
}

TEST_CASE("a PROXY header goes before the ClientHello") {
  for (const auto version : {ProxyProtocol::v1, ProxyProtocol::v2}) {
    net::Loop loop;
    AskingTools tools(loop);
    net::test::RawServer raw;
    std::optional<Answer> answer;
    const Way way{.to = raw.at(), .timeout = milliseconds{2000}, .proxy_protocol = version};
    const Asking asking(tools, way, question(wire::tls1_3), [&](Answer came) { answer = came; });
    const int fd = raw.accept();
    std::string came;
    const std::size_t wanted = 120;
    turn_until(loop, [&] {
      char buffer[512];
      const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) came.append(buffer, static_cast<std::size_t>(got));
      return came.size() >= wanted;
    });
    if (version == ProxyProtocol::v1) {
      CHECK(came.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 "));
      CHECK(came.substr(came.find("\r\n") + 2).starts_with("\x16\x03\x01"));
    } else {
      CHECK(came.starts_with(std::string_view("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01", 24)));
      CHECK(came.substr(28).starts_with("\x16\x03\x01"));
    }
    close(fd);
    turn_until(loop, [&] { return answer && tools.parting() == 0; });
  }
}

}  // namespace bothends::run::test
