// Endpoints as the sockets want them and back. Only for this folder.
#pragma once

#include <sys/socket.h>

#include "net/connection.hpp"

namespace bothends::net {

/// Error{network} when the host is not a numeric address of version 4 or 6.
Result<sockaddr_storage> address_of(const Endpoint& endpoint);
Endpoint endpoint_of(const sockaddr_storage& address);

}  // namespace bothends::net
