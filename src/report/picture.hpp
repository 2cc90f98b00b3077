// The path drawn: one line a leg, an arrow that is as long as the leg got, and beside it what the leg came to.
//
//   client ━━━━━━━▸ proxy nginx   TLSv1.3 · TLS_AES_128_GCM_SHA256 · x25519 · http/1.1 · HTTP 502 Bad Gateway
//   proxy  ━━━━━╳┄┄ origin shop   TLSv1.2 · no SNI · certificate other.test · proxy closed after the handshake, no
//   request
#pragma once

#include "report/style.hpp"

namespace bothends::report {

enum class Detail { brief, whole };  // brief: of a leg that is well only what fits in a line

/// Indented by `indent` columns; ends with a line end.
std::string picture(const path::PathRecord& record, Detail detail, const Style& style, std::size_t indent);

}  // namespace bothends::report
