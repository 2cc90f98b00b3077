// What client and server contexts have in common.
#pragma once

#include "base/result.hpp"
#include "tls/openssl/credential.hpp"
#include "tls/openssl/engine.hpp"
#include "tls/openssl/handles.hpp"

namespace bothends::tls::ossl {

const Capabilities& capabilities();

/// Versions, suites, groups, schemes, trust and modes; no certificates, no verification.
Result<CtxPtr> make_ctx(const CommonSettings& settings);
/// Lets `judge` see the peer's chains; it must outlive `ctx`.
void set_judge(SSL_CTX* ctx, const Judge& judge, int verify_mode);
/// ALPN's list of names on the wire; Error{value} for an empty name or one over 255 octets.
Result<Bytes> alpn_list(const std::vector<std::string>& names);

Result<std::shared_ptr<const ClientContext>> make_client(const ClientSettings& settings);
Result<std::shared_ptr<const ServerContext>> make_server(const ServerSettings& settings);

}  // namespace bothends::tls::ossl
