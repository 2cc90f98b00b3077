#include <algorithm>

#include "base/text.hpp"
#include "tls/effective.hpp"
#include "tls/openssl/context.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::tls::ossl {

namespace {

class OpensslServer : public ServerContext, public std::enable_shared_from_this<OpensslServer> {
 public:
  static Result<std::shared_ptr<const ServerContext>> make(const ServerSettings& settings);
  Result<std::unique_ptr<Engine>> accept() const override;

 private:
  Result<bool> set_identities(const std::vector<Credential>& credentials);
  Result<bool> set_clients(const ServerSettings& settings);
  void set_manners(const ServerSettings& settings);
  /// Indices into identities_, the first of each slot only: OpenSSL holds one for each.
  Chosen identities_for(const std::optional<std::string>& sni) const;
  bool present(SSL* ssl, const Chosen& chosen) const;
  int on_name(SSL* ssl, int* alert) const;
  int on_alpn(const unsigned char** out, unsigned char* size, View offered) const;

  Judge judge_;  // before ctx_, which points to it
  CtxPtr ctx_;
  std::vector<Identity> identities_;
  std::vector<std::vector<std::string>> names_;  // of each identity
  Bytes alpn_;
  bool strict_sni_ = false;
};

Chosen OpensslServer::identities_for(const std::optional<std::string>& sni) const {
  auto chosen = choose_by_name(names_, sni);
  std::vector<int> taken;
  std::erase_if(chosen.indices, [&](std::size_t index) {
    const int slot = identities_[index].slot();
    if (std::count(taken.begin(), taken.end(), slot) != 0) return true;
    taken.push_back(slot);
    return false;
  });
  return chosen;
}

Result<bool> OpensslServer::set_identities(const std::vector<Credential>& credentials) {
  for (const auto& credential : credentials) {
    auto identity = parse(credential);
    if (!identity) return tl::unexpected(identity.error());
    // Into the context, if only to hear now, and not in the first handshake, that it does not fit.
    if (SSL_CTX_use_cert_and_key(ctx_.get(), identity->leaf.get(), identity->key.get(), identity->rest.get(), 1) != 1)
      return fail_with("openssl cannot use certificate \"" + printable(credential.name) + "\"");
    identities_.push_back(std::move(*identity));
    names_.push_back(credential.names);
  }
  return true;
}

bool OpensslServer::present(SSL* ssl, const Chosen& chosen) const {
  SSL_certs_clear(ssl);
  return std::all_of(chosen.indices.begin(), chosen.indices.end(), [&](std::size_t index) {
    const auto& identity = identities_[index];
    return SSL_use_cert_and_key(ssl, identity.leaf.get(), identity.key.get(), identity.rest.get(), 1) == 1;
  });
}

int OpensslServer::on_name(SSL* ssl, int* alert) const {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto chosen = identities_for(name != nullptr ? std::optional<std::string>(name) : std::nullopt);
  if (!chosen.matched && strict_sni_) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (!present(ssl, chosen)) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return chosen.matched ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int OpensslServer::on_alpn(const unsigned char** out, unsigned char* size, View offered) const {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, size, alpn_.data(), static_cast<unsigned>(alpn_.size()), offered.data(),
                            static_cast<unsigned>(offered.size())) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2: no_application_protocol
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

Result<bool> OpensslServer::set_clients(const ServerSettings& settings) {
  auto trust = parse_all(settings.trust, "trust anchor");
  if (!trust) return tl::unexpected(trust.error());
  for (const auto& anchor : *trust) SSL_CTX_add_client_CA(ctx_.get(), anchor.get());
  judge_ = {settings.client_certificate != policy::ClientCertificate::none, false, settings.weak, std::move(*trust)};
  const bool required = settings.client_certificate == policy::ClientCertificate::required;
  const int mode = SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
  set_judge(ctx_.get(), judge_, judge_.wanted ? mode : SSL_VERIFY_NONE);
  return true;
}

void OpensslServer::set_manners(const ServerSettings& settings) {
  auto* ctx = ctx_.get();
  strict_sni_ = settings.strict_sni;
  SSL_CTX_set_dh_auto(ctx, 1);
  if (settings.server_preference) SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Without tickets TLS 1.3 would hand out stateful ones, which are tickets to everybody else.
  if (!settings.tickets) SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(ctx, 256);
  const auto id = view_of("bothends");
  SSL_CTX_set_session_id_context(ctx, id.data(), static_cast<unsigned>(id.size()));
  SSL_CTX_set_tlsext_servername_arg(ctx, this);
  SSL_CTX_set_tlsext_servername_callback(
      ctx,
      +[](SSL* ssl, int* alert, void* self) { return static_cast<const OpensslServer*>(self)->on_name(ssl, alert); });
  if (alpn_.empty()) return;
  SSL_CTX_set_alpn_select_cb(
      ctx,
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size, void* self) {
        return static_cast<const OpensslServer*>(self)->on_alpn(out, size, View(in, in_size));
      },
      this);
}

Result<std::shared_ptr<const ServerContext>> OpensslServer::make(const ServerSettings& settings) {
  auto ctx = make_ctx(settings);
  if (!ctx) return tl::unexpected(ctx.error());
  auto alpn = alpn_list(settings.alpn);
  if (!alpn) return tl::unexpected(alpn.error());
  auto server = std::make_shared<OpensslServer>();
  server->ctx_ = std::move(*ctx);
  server->alpn_ = std::move(*alpn);
  for (const auto& done : {server->set_identities(settings.certificates), server->set_clients(settings)})
    if (!done) return tl::unexpected(done.error());
  server->set_manners(settings);
  return server;
}

Result<std::unique_ptr<Engine>> OpensslServer::accept() const {
  SslPtr ssl(SSL_new(ctx_.get()));
  if (!ssl) return fail_with("openssl cannot accept");
  SSL_set_accept_state(ssl.get());
  return std::make_unique<OpensslEngine>(shared_from_this(), judge_, std::move(ssl), "");
}

}  // namespace

Result<std::shared_ptr<const ServerContext>> make_server(const ServerSettings& settings) {
  return OpensslServer::make(settings);
}

}  // namespace bothends::tls::ossl
