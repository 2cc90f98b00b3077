// One line for people about one event of a transcript.
#pragma once

#include <string>

#include "wire/transcript.hpp"

namespace bothends::wire {

/// "→ ClientHello TLSv1.3 sni=shop.test alpn=http/1.1", "← alert fatal handshake_failure (40)". The arrow points away
/// from the end that keeps the transcript when it sent. Printable, whatever the peer said.
std::string describe(const Event& event);

}  // namespace bothends::wire
