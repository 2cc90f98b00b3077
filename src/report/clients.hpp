// Which known clients an endpoint serves, for a terminal: those that come to the same on one line.
#pragma once

#include <span>

#include "policy/clients.hpp"
#include "report/console.hpp"

namespace bothends::report {

/// Empty for no answers. With `verbose` each client on a line of its own; with `quiet` only those that are not served,
/// and those whose real hello got something else than was foretold.
std::string console(std::span<const policy::ClientAnswer> answers, const ConsoleOptions& options);

/// "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768", "refused handshake_failure (40): no shared suite", "not known".
std::string words_of(const std::optional<policy::Outcome>& outcome);

}  // namespace bothends::report
