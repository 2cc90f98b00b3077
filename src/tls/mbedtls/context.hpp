// Settings made ready for mbedTLS. Everything an mbedtls_ssl_config points to lives here, and does not move.
#pragma once

#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>

#include "tls/engine.hpp"
#include "tls/mbedtls/library.hpp"

namespace bothends::tls::mbed {

/// One parsed Credential.
struct Identity {
  Chain chain;
  Key key;

  /// The chain as it stands, in its order. Error{tls} for what the library cannot read or cannot sign with.
  static Result<std::unique_ptr<Identity>> parse(const Credential& credential);
};

/// What both roles have.
class Context {
 public:
  virtual ~Context() = default;
  mbedtls_ssl_config* config() const { return config_.get(); }
  const mbedtls_x509_crt* trust() const { return trust_.get(); }
  const mbedtls_x509_crt_profile* profile() const { return profile_; }
  bool key_log() const { return key_log_; }

 protected:
  Result<void> prepare(const CommonSettings& settings, int endpoint);

 private:
  Result<void> versions(const CommonSettings& settings);
  Result<void> lists(const CommonSettings& settings);
  Result<void> protocols(const std::vector<std::string>& alpn);
  Result<void> anchors(const std::vector<Bytes>& trust);

  Config config_;
  Chain trust_;
  const mbedtls_x509_crt_profile* profile_ = nullptr;
  bool key_log_ = false;
  std::vector<int> suites_;
  std::vector<std::uint16_t> groups_;
  std::vector<std::uint16_t> schemes_;
  std::vector<std::string> alpn_;
  std::vector<const char*> alpn_list_;
};

class ClientSide final : public ClientContext, public Context, public std::enable_shared_from_this<ClientSide> {
 public:
  static Result<std::shared_ptr<const ClientContext>> create(const ClientSettings& settings);
  Result<std::unique_ptr<Engine>> connect(const Peer& peer) const override;
  policy::Verify verify() const { return verify_; }

 private:
  policy::Verify verify_ = policy::Verify::none;
  std::unique_ptr<Identity> identity_;
};

class ServerSide final : public ServerContext, public Context, public std::enable_shared_from_this<ServerSide> {
 public:
  static Result<std::shared_ptr<const ServerContext>> create(const ServerSettings& settings);
  Result<std::unique_ptr<Engine>> accept() const override;
  bool asks_for_certificate() const { return asks_; }

 private:
  using Tickets = Owned<mbedtls_ssl_ticket_context, mbedtls_ssl_ticket_init, mbedtls_ssl_ticket_free>;
  using Cache = Owned<mbedtls_ssl_cache_context, mbedtls_ssl_cache_init, mbedtls_ssl_cache_free>;

  Result<void> identities(const std::vector<Credential>& credentials);
  Result<void> tickets();
  static int present(void* self, mbedtls_ssl_context* connection, const unsigned char* name, std::size_t size);
  static int refuse_nameless(mbedtls_ssl_context* connection);

  std::vector<std::unique_ptr<Identity>> identities_;
  std::vector<std::vector<std::string>> names_;  // of each identity
  bool strict_sni_ = false;
  bool asks_ = false;
  Tickets tickets_;
  Cache cache_;
};

}  // namespace bothends::tls::mbed
