#include "support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bothends::net::test {

tls::Phase Pass::step(View from_peer, Bytes& to_peer) {
  if (phase_ == tls::Phase::failed || phase_ == tls::Phase::closed) return phase_;
  if (on_step_)
    on_step_(*this, from_peer, to_peer);
  else
    append(plain, from_peer);
  return phase_;
}

void Pass::alert(wire::Direction direction, std::uint8_t description) {
  seen.transcript.events.push_back({direction, wire::alert, {wire::fatal, description}, false, {}});
}

std::unique_ptr<tls::Engine> pass(Pass::Step on_step, tls::Phase start) {
  return std::make_unique<Pass>(std::move(on_step), start);
}

namespace {
sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}
}  // namespace

RawServer::RawServer(int backlog) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  REQUIRE(listen(fd_, backlog) == 0);
  port_ = ntohs(address.sin_port);
}

RawServer::~RawServer() { close(fd_); }

int RawServer::accept() {
  const int fd = accept_within(milliseconds{2000});
  REQUIRE(fd >= 0);
  return fd;
}

int RawServer::accept_within(milliseconds time) {
  pollfd wait{fd_, POLLIN, 0};
  if (poll(&wait, 1, static_cast<int>(time.count())) != 1) return -1;
  return accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
}

int raw_connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

void raw_send(int fd, std::string_view text) {
  REQUIRE(send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

void raw_reset(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

std::string raw_read_all(int fd) {
  std::string all;
  char buffer[4096];
  for (pollfd wait{fd, POLLIN, 0}; poll(&wait, 1, 2000) == 1;) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    all.append(buffer, static_cast<std::size_t>(got));
  }
  return all;
}

void turn_until(Loop& loop, const std::function<bool()>& done) {
  bool late = false;
  Timer limit(loop, milliseconds{5000}, [&] { late = true; });
  loop.run_until([&] { return late || done(); });
  CHECK_FALSE(late);
}

Callbacks Told::callbacks(std::unique_ptr<Connection>& connection, bool with_peer_closed) {
  Callbacks all;
  all.opened = [this] { order += 'o'; };
  all.data = [this, &connection] {
    order += 'd';
    text += text_of(connection->take_plain());
  };
  all.drained = [this] { order += 'r'; };
  if (with_peer_closed) all.peer_closed = [this] { order += 'p'; };
  all.ended = [this](const policy::Ending& how) {
    order += 'e';
    ending = how;
  };
  return all;
}

}  // namespace bothends::net::test
