#include "net/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <uv.h>

#include "base/text.hpp"

namespace bothends::net {

std::string Endpoint::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<sockaddr_storage> address_of(const Endpoint& endpoint) {
  sockaddr_storage address{};
  if (uv_ip4_addr(endpoint.host.c_str(), endpoint.port, reinterpret_cast<sockaddr_in*>(&address)) == 0) return address;
  if (uv_ip6_addr(endpoint.host.c_str(), endpoint.port, reinterpret_cast<sockaddr_in6*>(&address)) == 0) return address;
  return fail(ErrorCode::network, fmt::format("'{}' is not a numeric address", printable(endpoint.host)));
}

Endpoint endpoint_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN + 1] = "";
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    uv_ip4_name(&four, text, sizeof text);
    return {text, ntohs(four.sin_port)};
  }
  if (address.ss_family != AF_INET6) return {};
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
  uv_ip6_name(&six, text, sizeof text);
  return {text, ntohs(six.sin6_port)};
}

}  // namespace bothends::net
