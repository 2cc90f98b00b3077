// Hosts as requests name them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/setup.hpp"

namespace bothends::proxy {

/// The host of "shop.test:8443" or "[::1]:443", as it was written; nullopt when it is none.
std::optional<std::string> host_of(std::string_view authority);
/// An address, which no SNI may name (RFC 6066 section 3).
bool is_address(std::string_view host);

}  // namespace bothends::proxy
