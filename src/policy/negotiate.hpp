// The predictor: what a client's offer and a server's policy come to. It explains (diagnose), foretells (diff), and is
// itself verified against every pair of stacks (tests/tls).
#pragma once

#include <variant>

#include "policy/policy.hpp"

namespace bothends::policy {

using Outcome = std::variant<Agreement, Refusal>;

/// Full handshakes; resumption is out of its sight. Where stacks differ (which alert, whose order), the manners of
/// `offer.stack` and `policy.stack` decide (manners.hpp); unknown stacks follow the RFC's text.
Outcome negotiate(const Offer& offer, const Policy& policy);

/// The certificate the server would send: what the client's `finds` must be about. nullptr when it refuses before that.
/// It lives in the policy.
const Leaf* leaf_sent(const Offer& offer, const Policy& policy);

}  // namespace bothends::policy
