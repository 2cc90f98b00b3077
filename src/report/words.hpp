// Sentences that more than one report uses. What peers sent is printable in them; what scenario files say stands as it
// was written, so that each report still escapes what its own form can't hold.
#pragma once

#include <string>

#include "path/outcome.hpp"

namespace bothends::report {

/// How far a leg came, for whoever draws it.
enum class Way { whole, broken };  // an exchange went over completely · it did not
Way way_of(const path::Observation& seen);

path::Side our_side(path::Leg leg);
/// "alert certificate_expired (45) proxy → origin", "proxy closed after the handshake, no request".
std::string ending_of(const path::Observation& seen);
/// "certificate_expired (45)".
std::string alert_name(std::uint8_t alert);
/// "origin leg, refused by proxy, stage certificate".
std::string where(const path::Finding& finding);
/// It was asked for, and found, or comes of a fault that met what was asked of it: no cause for alarm.
bool is_expected(const path::TryOutcome& one, const path::Finding& finding);
/// What became of the try's fault: "origin: expired — named; control passed"; empty without one.
std::string fate_of(const path::TryOutcome& one);
/// "client.stack=mbedtls, origin.stack=openssl"; empty without variants.
std::string variant_of(const path::TryOutcome& one);
/// "x.toml:3:1: expected status 200, got 502".
std::string complaint(const path::Verdict& verdict);

}  // namespace bothends::report
