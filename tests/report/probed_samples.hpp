// Probes made by hand: healthy, sick, pooled, hostile and empty endpoints.
#pragma once

#include "policy/probed.hpp"

namespace bothends::samples {

constexpr std::int64_t probed_at = 1795478400;  // 2026-11-24

/// TLS 1.2 and 1.3, two leaves, all well.
policy::Probed healthy_endpoint();
/// Whatever can be wrong is.
policy::Probed sick_endpoint();
/// Every string is octets that act on a terminal or are not UTF-8, every number is at its bounds.
policy::Probed hostile_endpoint();
/// Nothing was answered.
policy::Probed silent_endpoint();

}  // namespace bothends::samples
