// Words for the embedded proxy's log.
#pragma once

#include "proxy/link.hpp"

namespace bothends::proxy {

/// "alert-received certificate_required (116) at finished".
std::string describe(const policy::Ending& ending);
/// "shop (127.0.0.1:443)".
std::string describe(const Destination& destination);
/// "; its chain: expired, wrong_name", or nothing.
std::string describe(const policy::Handshake* handshake);

}  // namespace bothends::proxy
