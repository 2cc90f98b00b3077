#include <openssl/x509v3.h>

#include "base/text.hpp"
#include "tls/openssl/context.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::tls::ossl {

namespace {

// Names are looked for where RFC 6125 section 6.4.4 wants them: never in the subject.
constexpr unsigned host_flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

bool check_for(SSL* ssl, const std::string& name) {
  auto* parameters = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) return true;
  X509_VERIFY_PARAM_set_hostflags(parameters, host_flags);
  const auto host = name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
  return !host.empty() && X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1;
}

class OpensslClient : public ClientContext, public std::enable_shared_from_this<OpensslClient> {
 public:
  static Result<std::shared_ptr<const ClientContext>> make(const ClientSettings& settings);
  Result<std::unique_ptr<Engine>> connect(const Peer& peer) const override;

 private:
  Result<bool> set(const ClientSettings& settings);
  Result<bool> prepare(SSL* ssl, const Peer& peer) const;

  Judge judge_;  // before ctx_, which points to it
  CtxPtr ctx_;
  bool by_name_ = false;
};

Result<bool> set_certificate(SSL_CTX* ctx, const Credential& credential) {
  const auto identity = parse(credential);
  if (!identity) return tl::unexpected(identity.error());
  if (SSL_CTX_use_cert_and_key(ctx, identity->leaf.get(), identity->key.get(), identity->rest.get(), 1) != 1)
    return fail_with("openssl cannot use certificate \"" + printable(credential.name) + "\"");
  return true;
}

Result<bool> OpensslClient::set(const ClientSettings& settings) {
  const auto alpn = alpn_list(settings.alpn);
  if (!alpn) return tl::unexpected(alpn.error());
  if (!alpn->empty()) SSL_CTX_set_alpn_protos(ctx_.get(), alpn->data(), static_cast<unsigned>(alpn->size()));
  auto trust = parse_all(settings.trust, "trust anchor");
  if (!trust) return tl::unexpected(trust.error());
  by_name_ = settings.verify == policy::Verify::full;
  judge_ = {settings.verify != policy::Verify::none, true, settings.weak, std::move(*trust)};
  set_judge(ctx_.get(), judge_, judge_.wanted ? SSL_VERIFY_PEER : SSL_VERIFY_NONE);
  SSL_CTX_set_session_cache_mode(ctx_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx_.get(), [](SSL* ssl, SSL_SESSION* session) {
    OpensslEngine::of(ssl).keep_session(session);
    return 1;  // it is ours now
  });
  return settings.certificate ? set_certificate(ctx_.get(), *settings.certificate) : true;
}

Result<std::shared_ptr<const ClientContext>> OpensslClient::make(const ClientSettings& settings) {
  auto ctx = make_ctx(settings);
  if (!ctx) return tl::unexpected(ctx.error());
  auto client = std::make_shared<OpensslClient>();
  client->ctx_ = std::move(*ctx);
  if (const auto done = client->set(settings); !done) return tl::unexpected(done.error());
  return client;
}

Result<bool> OpensslClient::prepare(SSL* ssl, const Peer& peer) const {
  SSL_set_connect_state(ssl);
  if (peer.sni && SSL_set_tlsext_host_name(ssl, peer.sni->c_str()) != 1)
    return fail(ErrorCode::value, "SNI has 1 to 255 octets: \"" + printable(*peer.sni) + "\"");
  if (by_name_ && !check_for(ssl, peer.name))
    return fail(ErrorCode::value, "no name to check the certificate for: \"" + printable(peer.name) + "\"");
  if (!peer.session) return true;
  const auto* session = dynamic_cast<const SslSession*>(peer.session.get());
  if (session == nullptr) return fail(ErrorCode::usage, "a session of another stack cannot be resumed by openssl");
  // A copy: a connection that fails marks its session as not resumable.
  const SslSessionPtr copy(SSL_SESSION_dup(session->handle()));
  if (!copy || SSL_set_session(ssl, copy.get()) != 1) return fail_with("openssl cannot resume this session");
  return true;
}

Result<std::unique_ptr<Engine>> OpensslClient::connect(const Peer& peer) const {
  SslPtr ssl(SSL_new(ctx_.get()));
  if (!ssl) return fail_with("openssl cannot connect");
  if (const auto done = prepare(ssl.get(), peer); !done) return tl::unexpected(done.error());
  return std::make_unique<OpensslEngine>(shared_from_this(), judge_, std::move(ssl), by_name_ ? peer.name : "");
}

}  // namespace

Result<std::shared_ptr<const ClientContext>> make_client(const ClientSettings& settings) {
  return OpensslClient::make(settings);
}

}  // namespace bothends::tls::ossl
