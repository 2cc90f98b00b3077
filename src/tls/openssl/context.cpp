#include "tls/openssl/context.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>

#include "base/text.hpp"
#include "tls/effective.hpp"
#include "tls/openssl/library.hpp"
#include "tls/openssl/names.hpp"
#include "wire/codes.hpp"
#include "wire/writer.hpp"

namespace bothends::tls::ossl {

namespace {

using Done = Result<bool>;  // true; the error is what matters

Done set_versions(SSL_CTX* ctx, const CommonSettings& settings) {
  const auto versions = effective_versions(capabilities(), settings);
  for (const auto asked : {settings.min_version, settings.max_version})
    if (asked != 0 && std::count(capabilities().versions.begin(), capabilities().versions.end(), asked) == 0)
      return fail(ErrorCode::tls, "openssl has no " + wire::name(wire::Registry::version, asked));
  if (versions.empty())
    return fail(ErrorCode::value, "min_version, max_version and suites leave no version that could be spoken");
  if (SSL_CTX_set_min_proto_version(ctx, versions.back()) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, versions.front()) != 1)
    return fail_with("openssl cannot speak these versions");
  return true;
}

bool has_suite(SSL_CTX* ctx, std::uint16_t code) {
  const auto* all = SSL_CTX_get_ciphers(ctx);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i)
    if (SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(all, i)) == code) return true;
  return false;
}

Done set_suites(SSL_CTX* ctx, SSL* ssl, const wire::Codes& suites) {
  if (suites.empty()) return true;
  const auto names = suite_names(ssl, suites);
  if (!names) return tl::unexpected(names.error());
  SSL_CTX_set_ciphersuites(ctx, names->tls13.c_str());
  // With nothing for TLS 1.2 OpenSSL calls the list an error, and has set it all the same.
  SSL_CTX_set_cipher_list(ctx, names->tls12.empty() ? "-ALL" : names->tls12.c_str());
  for (const auto code : suites)
    if (!has_suite(ctx, code))
      return fail(ErrorCode::tls, "this build of openssl cannot use " + wire::name(wire::Registry::suite, code));
  return true;
}

Done set_groups_and_schemes(SSL_CTX* ctx, SSL* ssl, const CommonSettings& settings) {
  const auto groups = group_names(ssl, settings.groups);
  if (!groups) return tl::unexpected(groups.error());
  if (!groups->empty() && SSL_CTX_set1_groups_list(ctx, groups->c_str()) != 1)
    return fail_with("openssl cannot use the groups " + *groups);
  const auto schemes = scheme_names(settings.signature_schemes);
  if (!schemes) return tl::unexpected(schemes.error());
  if (!schemes->empty() && SSL_CTX_set1_sigalgs_list(ctx, schemes->c_str()) != 1)
    return fail_with("openssl cannot use the signature schemes " + *schemes);
  return true;
}

Done set_trust(SSL_CTX* ctx, const std::vector<Bytes>& trust) {
  const auto anchors = parse_all(trust, "trust anchor");
  if (!anchors) return tl::unexpected(anchors.error());
  auto* store = SSL_CTX_get_cert_store(ctx);
  // An anchor is an anchor, self-signed or not (RFC 5280 section 6.1.1).
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (const auto& anchor : *anchors) X509_STORE_add_cert(store, anchor.get());
  return true;
}

void set_manners(SSL_CTX* ctx, const CommonSettings& settings) {
  SSL_CTX_set_security_level(ctx, settings.weak ? 0 : 2);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
  if (settings.weak) SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  if (!settings.tickets) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_max_cert_list(ctx, 1 << 18);
  if (settings.key_log)
    SSL_CTX_set_keylog_callback(ctx, [](const SSL* ssl, const char* line) { OpensslEngine::of(ssl).log_key(line); });
}

int verify_chain(X509_STORE_CTX* verification, void* argument) {
  const auto& judge = *static_cast<const Judge*>(argument);
  if (!judge.wanted) {
    X509_STORE_CTX_set_error(verification, X509_V_OK);
    return 1;
  }
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& engine = OpensslEngine::of(ssl);
  const auto* sent = X509_STORE_CTX_get0_untrusted(verification);
  // What the handshake comes to, and by which alert, is OpenSSL's own decision.
  if (X509_verify_cert(verification) == 1) {
    engine.accept_chain(X509_STORE_CTX_get0_cert(verification), static_cast<unsigned>(sk_X509_num(sent)));
    return 1;
  }
  const auto error = X509_STORE_CTX_get_error(verification);
  std::vector<Bytes> chain;
  for (int i = 0; i < sk_X509_num(sent); ++i) chain.push_back(der_of(sk_X509_value(sent, i)));
  engine.refuse_chain(chain, X509_verify_cert_error_string(error));
  return 0;
}

}  // namespace

Result<CtxPtr> make_ctx(const CommonSettings& settings) {
  begin_library();
  CtxPtr ctx(SSL_CTX_new(TLS_method()));
  if (!ctx) return fail_with("openssl cannot begin");
  set_manners(ctx.get(), settings);
  const SslPtr ssl(SSL_new(ctx.get()));
  if (!ssl) return fail_with("openssl cannot begin");
  for (const auto& done :
       {set_versions(ctx.get(), settings), set_suites(ctx.get(), ssl.get(), settings.suites),
        set_groups_and_schemes(ctx.get(), ssl.get(), settings), set_trust(ctx.get(), settings.trust)})
    if (!done) return tl::unexpected(done.error());
  return ctx;
}

void set_judge(SSL_CTX* ctx, const Judge& judge, int verify_mode) {
  SSL_CTX_set_verify(ctx, verify_mode, nullptr);
  // OpenSSL passes the argument on and never writes to it.
  SSL_CTX_set_cert_verify_callback(ctx, verify_chain, const_cast<Judge*>(&judge));
}

Result<Bytes> alpn_list(const std::vector<std::string>& names) {
  wire::Writer list;
  for (const auto& name : names) {
    if (name.empty() || name.size() > 255)
      return fail(ErrorCode::value, "an ALPN name has 1 to 255 octets: \"" + printable(name) + "\"");
    list.vector8(view_of(name));
  }
  return std::move(list).bytes();
}

}  // namespace bothends::tls::ossl
