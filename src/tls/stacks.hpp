// The TLS stacks of this build. A further one is one folder and one line in stacks.cpp.
#pragma once

#include "tls/engine.hpp"

namespace bothends::tls {

const Stack& openssl();  // openssl/
const Stack& mbedtls();  // mbedtls/
const Stack& plain();    // clear text: never handshakes, open at once

/// openssl, mbedtls. `plain` is not a TLS stack and is found by name only.
std::vector<const Stack*> stacks();
/// nullptr when there is none of that name.
const Stack* stack_named(std::string_view name);

/// The policy that a server of this stack has under these settings, defaults filled in from its capabilities.
policy::Policy policy_of(const Stack& stack, const ServerSettings& settings);
/// The offer of this stack's client: its real hello, and what its settings make of the answer.
policy::Offer offer_of(const Stack& stack, const ClientSettings& settings, const wire::ClientHello& hello);

}  // namespace bothends::tls
