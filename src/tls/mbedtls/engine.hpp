// One TLS endpoint on mbedTLS.
#pragma once

#include "tls/mbedtls/context.hpp"

namespace bothends::tls::mbed {

/// Error{value} for names that no hello can carry, Error{tls} for another stack's session.
Result<std::unique_ptr<Engine>> client_engine(std::shared_ptr<const ClientSide> context, const Peer& peer);
Result<std::unique_ptr<Engine>> server_engine(std::shared_ptr<const ServerSide> context);

}  // namespace bothends::tls::mbed
