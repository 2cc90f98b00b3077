// Which names a certificate may carry.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bothends::certs {

/// The 4 or 16 octets of an IP address in its usual writing; empty for anything else.
Bytes address_octets(const std::string& text);

/// Error{value} that names the first one that is neither a DNS name (RFC 1035 section 2.3.4, wildcards and underscores
/// allowed) nor an address.
Result<void> check_names(std::span<const std::string> names);
/// Error{value} for what a common name cannot hold: at most 64 characters (RFC 5280 appendix A), no control characters.
Result<void> check_common_names(std::span<const std::string> names);

/// A DNS name that none of `names` covers.
std::string name_beside(std::span<const std::string> names);

}  // namespace bothends::certs
