// The PROXY protocol (haproxy's doc/proxy-protocol.txt): a header before the TLS octets that names the two ends of the
// connection, for endpoints that stand behind a load balancer and demand it.
#pragma once

#include <functional>
#include <memory>

#include "net/connection.hpp"

namespace bothends::run {

enum class ProxyProtocol { none, v1, v2 };

/// Ends that are not both of version 4 or both of version 6 make it one that names none (v1: UNKNOWN, v2: LOCAL).
Bytes proxy_header(ProxyProtocol version, const net::Endpoint& from, const net::Endpoint& to);

/// `prefix` is asked once, when the first octets go out, and goes before them; no transcript knows of it.
std::unique_ptr<tls::Engine> with_prefix(std::unique_ptr<tls::Engine> engine, std::function<Bytes()> prefix);

}  // namespace bothends::run
