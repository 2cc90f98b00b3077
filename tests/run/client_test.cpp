// The asking client, its server played by hand.
#include "run/client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/run/run_support.hpp"
#include "tls/stacks.hpp"

namespace bothends::run::test {

namespace {

using How = policy::Ending::How;
using net::test::Pass;

/// How the server ends: with close_notify before FIN, with FIN alone, with RST, or not at all.
enum class End { notify, fin, reset, never };

constexpr std::string_view notify_mark = "[close_notify]";

/// Clear text in which the mark stands for a close_notify.
std::unique_ptr<tls::Engine> engine() {
  return net::test::pass([](Pass& self, View in, Bytes&) {
    const std::string_view text = text_of(in);
    const bool last = text.ends_with(notify_mark);
    append(self.plain, in.first(in.size() - (last ? notify_mark.size() : 0)));
    if (last) self.become(tls::Phase::closed);
  });
}

struct Answered {
  path::Observation seen;
  std::string request;  // as it was received
};

Answered ask(const std::vector<std::string>& pieces, End end = End::notify, const std::string& method = "GET",
             milliseconds timeout = milliseconds{4000}) {
  net::Loop loop;
  net::test::RawServer server;
  Ask ask{.to = server.at(), .name = "test", .timeout = timeout};
  ask.request.method = method;
  ask.request.fields.push_back({"Host", "shop.test"});
  std::optional<path::Observation> seen;
  Client client(loop, ask, engine(), [&](path::Observation all) { seen = std::move(all); });
  Answered answered;
  const int fd = server.accept();
  turn_until(loop, [&] {
    char buffer[4096];
    const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0) answered.request.append(buffer, static_cast<std::size_t>(got));
    return answered.request.ends_with("\r\n\r\n");
  });
  for (const std::string& piece : pieces) {
    send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    for (int i = 0; i < 3; ++i) loop.turn();
  }
  if (end == End::notify) send(fd, notify_mark.data(), notify_mark.size(), MSG_NOSIGNAL);
  if (end == End::notify || end == End::fin) shutdown(fd, SHUT_WR);
  if (end == End::reset) net::test::raw_reset(fd);
  turn_until(loop, [&] { return seen.has_value(); });
  if (end != End::reset) close(fd);
  REQUIRE(seen);
  answered.seen = std::move(*seen);
  return answered;
}

const path::Exchange& exchange(const Answered& answered) {
  REQUIRE(answered.seen.exchanges.size() == 1);
  return answered.seen.exchanges.front();
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

}  // namespace

TEST_CASE("one request, its answer, and the farewell") {
  const auto answered = ask({ok, "he", "llo"});
  CHECK(answered.request == "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  CHECK(exchange(answered).complete);
  CHECK(exchange(answered).request->host() == "shop.test");
  CHECK(exchange(answered).response->status == 200);
  CHECK(exchange(answered).response->body == "hello");
  CHECK(answered.seen.leg == path::Leg::client);
  CHECK(answered.seen.name == "test");
  CHECK(answered.seen.ending.how == How::closed);
  CHECK(answered.seen.ending.stage == policy::Stage::done);
  CHECK(answered.seen.ending.note.empty());
}

TEST_CASE("interim answers are passed over") {
  const auto answered =
      ask({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ok + "hello"});
  CHECK(exchange(answered).complete);
  CHECK(exchange(answered).response->status == 200);
  CHECK(exchange(answered).response->body == "hello");
}

TEST_CASE("interim answers alone are no answer") {
  for (const End end : {End::notify, End::fin, End::reset}) {
    const auto answered = ask({"HTTP/1.1 100 Continue\r\n\r\n"}, end);
    CHECK_FALSE(exchange(answered).response);
    CHECK_FALSE(exchange(answered).complete);
    CHECK(answered.seen.ending.stage == policy::Stage::request);
  }
}

TEST_CASE("a flood of interim answers is neither deep nor kept") {
  std::string flood;
  for (int i = 0; i < 3800; ++i) flood += "HTTP/1.1 100 \r\n\r\n";
  const auto answered = ask({flood, flood, ok + "hello"});
  CHECK(exchange(answered).complete);
}

TEST_CASE("101 is the last answer in HTTP") {
  CHECK(exchange(ask({"HTTP/1.1 101 Switching Protocols\r\n\r\n\x01\x02"}, End::never)).response->status == 101);
}

TEST_CASE("a body until the end is whole when TLS says so (RFC 9112 section 9.8)") {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  const auto whole = ask({head, "all of it"});
  CHECK(exchange(whole).complete);
  CHECK(exchange(whole).response->body == "all of it");
  for (const End end : {End::fin, End::reset}) {
    const auto cut = ask({head, "some of it"}, end);
    CHECK_FALSE(exchange(cut).complete);
    REQUIRE(exchange(cut).response);
    CHECK(exchange(cut).response->status == 200);
    CHECK(exchange(cut).response->body == "some of it");
    CHECK(cut.seen.ending.stage == policy::Stage::response);
  }
}

TEST_CASE("a body that is cut off is no whole answer, and not bad HTTP either") {
  const auto answered = ask({ok, "hel"});
  CHECK_FALSE(exchange(answered).complete);
  CHECK(exchange(answered).response->body == "hel");
  CHECK(answered.seen.ending.how == How::closed);
  CHECK(answered.seen.ending.note == "the answer is cut off");
  const auto head = ask({"HTTP/1.1 200 OK\r\nContent-Le"}, End::fin);
  CHECK_FALSE(exchange(head).response);
  CHECK(head.seen.ending.how == How::eof);
  CHECK(head.seen.ending.note == "the answer is cut off");
}

TEST_CASE("what is no HTTP/1.1 is malformed") {
  const auto answered = ask({"\x15\x03\x03\x00\x02\x02\x28 and so on\r\n\r\n", "more"}, End::never);
  CHECK_FALSE(exchange(answered).response);
  CHECK(answered.seen.ending.how == How::malformed);
  CHECK(answered.seen.ending.note.starts_with("the answer is not HTTP/1.1: "));
}

TEST_CASE("the answer to HEAD ends with its head") {
  const auto answered = ask({ok}, End::never, "HEAD");
  CHECK(exchange(answered).complete);
  CHECK(exchange(answered).response->body.empty());
  CHECK(answered.request.starts_with("HEAD / "));
}

TEST_CASE("what follows the answer is not kept") {
  const auto answered = ask({ok + "hello and much more", "HTTP/1.1 500 Oh\r\n\r\n"});
  CHECK(exchange(answered).response->body == "hello");
  CHECK(exchange(answered).response->status == 200);
}

TEST_CASE("64 KiB of the answer's body are kept") {
  const auto answered = ask({"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", std::string(65537, 'x')});
  CHECK(exchange(answered).complete);
  CHECK(exchange(answered).response->body.size() == 65536);
  CHECK(exchange(answered).response->truncated);
}

TEST_CASE("no answer in time") {
  const auto answered = ask({}, End::never, "GET", milliseconds{60});
  CHECK(answered.seen.ending.how == How::timed_out);
  CHECK(answered.seen.ending.stage == policy::Stage::request);
  CHECK_FALSE(exchange(answered).response);
  const auto half = ask({ok, "hel"}, End::never, "GET", milliseconds{60});
  CHECK(half.seen.ending.how == How::timed_out);
  CHECK(exchange(half).response->body == "hel");
  CHECK_FALSE(exchange(half).complete);
}

TEST_CASE("nobody there") {
  net::Loop loop;
  const auto port = net::ReservedPort::reserve();
  REQUIRE(port);
  std::optional<path::Observation> seen;
  Client client(loop, {.to = {"127.0.0.1", port->port()}}, engine(), [&](auto all) { seen = std::move(all); });
  CHECK_FALSE(seen);  // never from inside
  turn_until(loop, [&] { return seen.has_value(); });
  CHECK(seen->ending.how == How::connection_refused);
  CHECK(seen->exchanges.empty());
}

TEST_CASE("a client may be destroyed at any time, also by its own last word") {
  net::Loop loop;
  net::test::RawServer server;
  bool called = false;
  auto early = std::make_unique<Client>(loop, Ask{.to = server.at()}, engine(), [&](auto) { called = true; });
  loop.turn();
  early.reset();
  for (int i = 0; i < 5; ++i) loop.turn();
  CHECK_FALSE(called);
  std::unique_ptr<Client> late;
  late = std::make_unique<Client>(loop, Ask{.to = server.at(), .timeout = milliseconds{20}}, engine(),
                                  [&](auto) { late.reset(), called = true; });
  turn_until(loop, [&] { return called; });
  CHECK_FALSE(late);
}

}  // namespace bothends::run::test
