#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "net/connection.hpp"

namespace bothends::net {

Result<ReservedPort> ReservedPort::reserve() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ReservedPort held(fd, 0);  // closes it, whatever comes
  const int yes = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 || bind(fd, generic, size) != 0 ||
      getsockname(fd, generic, &size) != 0)
    return fail(ErrorCode::resource, fmt::format("no port of 127.0.0.1 can be reserved: {}", std::strerror(errno)));
  held.port_ = ntohs(address.sin_port);
  return held;
}

// A queue of no length takes one connection, ours; what comes then is dropped by the system without a word.
Result<void> ReservedPort::deafen() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  filler_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool listening = filler_ >= 0 && listen(fd_, 0) == 0;
  // Not awaited: on the loopback it is there at once, and otherwise somebody else fills the queue.
  if (listening &&
      (connect(filler_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EINPROGRESS))
    return {};
  return fail(ErrorCode::resource, fmt::format("port {} cannot be made deaf: {}", port_, std::strerror(errno)));
}

ReservedPort::ReservedPort(ReservedPort&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      filler_(std::exchange(other.filler_, -1)),
      port_(std::exchange(other.port_, 0)) {}

ReservedPort& ReservedPort::operator=(ReservedPort&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(filler_, other.filler_);
  std::swap(port_, other.port_);
  return *this;
}

ReservedPort::~ReservedPort() {
  if (filler_ >= 0) close(filler_);
  if (fd_ >= 0) close(fd_);
}

}  // namespace bothends::net
