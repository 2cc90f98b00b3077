#include "tls/mbedtls/context.hpp"

#include <fmt/format.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "tls/effective.hpp"
#include "tls/mbedtls/engine.hpp"
#include "tls/stacks.hpp"
#include "wire/codes.hpp"

namespace bothends::tls::mbed {
namespace {

/// Accepts every digest, key and curve: a tester must be able to meet weak peers.
constexpr mbedtls_x509_crt_profile anything{0xfffffff, 0xfffffff, 0xfffffff, 0};
// The least that DHE with a weak peer may use; the library's own default is 1024.
constexpr unsigned weak_dh_bits = 512;

tl::unexpected<Error> cannot(std::string what) { return fail(ErrorCode::tls, "mbedtls " + std::move(what)); }

bool knows_group(std::uint16_t code) {
  constexpr std::uint16_t first_ffdhe = 256, last_ffdhe = 260;  // RFC 7919
  return (code >= first_ffdhe && code <= last_ffdhe) || mbedtls_ecp_curve_info_from_tls_id(code) != nullptr;
}

/// ECDSA and RSA of TLS 1.2 and 1.3, the weak ones of TLS 1.2 too.
bool knows_scheme(std::uint16_t code) {
  constexpr std::array<std::uint16_t, 15> schemes{0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501,
                                                  0x0601, 0x0201, 0x0203, 0x0301, 0x0303, 0x0101, 0x0103};
  return std::find(schemes.begin(), schemes.end(), code) != schemes.end();
}

/// All `codes`, then the zero the library wants, or the first one that it has not.
template <class T>
Result<std::vector<T>> list_of(const wire::Codes& codes, wire::Registry registry, std::string_view what,
                               bool (*knows)(std::uint16_t)) {
  std::vector<T> list;
  for (auto code : codes) {
    if (!knows(code)) return cannot(fmt::format("has no {} {}", what, wire::name(registry, code)));
    list.push_back(code);
  }
  list.push_back(0);
  return list;
}

std::optional<std::string_view> missing_key(policy::Key kind) {
  switch (kind) {
    case policy::Key::ed25519:
      return "has no Ed25519";
    case policy::Key::ed448:
      return "has no Ed448";
    case policy::Key::rsa_pss:
      return "has no RSA-PSS keys";
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::unique_ptr<Identity>> Identity::parse(const Credential& credential) {
  if (auto missing = missing_key(credential.kind)) return cannot(std::string(*missing));
  auto identity = std::make_unique<Identity>();
  std::string whose = printable(credential.name);
  if (credential.chain.empty()) return cannot(fmt::format("needs a certificate: \"{}\" has none", whose));
  for (const auto& der : credential.chain) {
    int status = mbedtls_x509_crt_parse_der(identity->chain.get(), der.data(), der.size());
    if (status != 0) return cannot(fmt::format("cannot read a certificate of \"{}\": {}", whose, error_text(status)));
  }
  int status = mbedtls_pk_parse_key(identity->key.get(), credential.key.data(), credential.key.size(), nullptr, 0,
                                    random_octets, nullptr);
  if (status != 0) return cannot(fmt::format("cannot read the key of \"{}\": {}", whose, error_text(status)));
  // The library would hold back a leaf whose own usage extensions forbid what it is used for. To send just that is
  // what a tester is for: whether it is acceptable is the peer's to say.
  identity->chain->MBEDTLS_PRIVATE(ext_types) &= ~(MBEDTLS_X509_EXT_KEY_USAGE | MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE);
  return identity;
}

Result<void> Context::prepare(const CommonSettings& settings, int endpoint) {
  if (auto started = ready(); !started) return started;
  if (mbedtls_ssl_config_defaults(config(), endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
    return fail(ErrorCode::resource, "mbedtls has no memory for its settings");
  mbedtls_ssl_conf_rng(config(), random_octets, nullptr);
  profile_ = settings.weak ? &anything : &mbedtls_x509_crt_profile_default;
  mbedtls_ssl_conf_cert_profile(config(), profile_);
  key_log_ = settings.key_log;
  return versions(settings)
      .and_then([&] { return lists(settings); })
      .and_then([&] { return protocols(settings.alpn); })
      .and_then([&] { return anchors(settings.trust); });
}

Result<void> Context::versions(const CommonSettings& settings) {
  for (auto asked : {settings.min_version, settings.max_version})
    if (asked != 0 && asked != wire::tls1_2 && asked != wire::tls1_3)
      return cannot("has no " + wire::name(wire::Registry::version, asked));
  auto versions = effective_versions(mbedtls().can(), settings);
  if (versions.empty())
    return fail(ErrorCode::value, "min_version, max_version and suites leave no version that could be spoken");
  mbedtls_ssl_conf_min_tls_version(config(), static_cast<mbedtls_ssl_protocol_version>(versions.back()));
  mbedtls_ssl_conf_max_tls_version(config(), static_cast<mbedtls_ssl_protocol_version>(versions.front()));
  return {};
}

Result<void> Context::lists(const CommonSettings& settings) {
  auto suites = list_of<int>(settings.suites, wire::Registry::suite, "suite",
                             [](std::uint16_t code) { return suite_of(code) != nullptr; });
  if (!suites) return tl::unexpected(suites.error());
  auto groups = list_of<std::uint16_t>(settings.groups, wire::Registry::group, "group", knows_group);
  if (!groups) return tl::unexpected(groups.error());
  auto schemes = list_of<std::uint16_t>(settings.signature_schemes, wire::Registry::signature_scheme,
                                        "signature scheme", knows_scheme);
  if (!schemes) return tl::unexpected(schemes.error());
  suites_ = std::move(*suites);
  groups_ = std::move(*groups);
  schemes_ = std::move(*schemes);
  if (!settings.suites.empty()) mbedtls_ssl_conf_ciphersuites(config(), suites_.data());
  if (!settings.groups.empty()) mbedtls_ssl_conf_groups(config(), groups_.data());
  if (!settings.signature_schemes.empty()) mbedtls_ssl_conf_sig_algs(config(), schemes_.data());
  return {};
}

Result<void> Context::protocols(const std::vector<std::string>& alpn) {
  if (alpn.empty()) return {};
  for (const auto& name : alpn)
    if (name.empty() || name.size() > 255 || name.find('\0') != std::string::npos)
      return cannot("takes ALPN names of 1 to 255 octets without NUL, not \"" + printable(name) + "\"");
  alpn_ = alpn;
  for (const auto& name : alpn_) alpn_list_.push_back(name.c_str());
  alpn_list_.push_back(nullptr);
  if (mbedtls_ssl_conf_alpn_protocols(config(), alpn_list_.data()) != 0) return cannot("takes no such ALPN list");
  return {};
}

Result<void> Context::anchors(const std::vector<Bytes>& trust) {
  for (const auto& der : trust) {
    int status = mbedtls_x509_crt_parse_der(trust_.get(), der.data(), der.size());
    if (status != 0) return cannot("cannot read a trust anchor: " + error_text(status));
  }
  if (!trust.empty()) mbedtls_ssl_conf_ca_chain(config(), trust_.get(), nullptr);
  return {};
}

Result<std::shared_ptr<const ClientContext>> ClientSide::create(const ClientSettings& settings) {
  auto side = std::make_shared<ClientSide>();
  if (auto prepared = side->prepare(settings, MBEDTLS_SSL_IS_CLIENT); !prepared)
    return tl::unexpected(prepared.error());
  auto* config = side->config();
  side->verify_ = settings.verify;
  mbedtls_ssl_conf_authmode(
      config, settings.verify == policy::Verify::none ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
  if (settings.weak) mbedtls_ssl_conf_dhm_min_bitlen(config, weak_dh_bits);
  mbedtls_ssl_conf_session_tickets(
      config, settings.tickets ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
  mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
      config, settings.tickets ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
                               : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
  if (settings.certificate) {
    auto identity = Identity::parse(*settings.certificate);
    if (!identity) return tl::unexpected(identity.error());
    side->identity_ = std::move(*identity);
    mbedtls_ssl_conf_own_cert(config, side->identity_->chain.get(), side->identity_->key.get());
  }
  return side;
}

Result<std::unique_ptr<Engine>> ClientSide::connect(const Peer& peer) const {
  return client_engine(shared_from_this(), peer);
}

Result<std::shared_ptr<const ServerContext>> ServerSide::create(const ServerSettings& settings) {
  auto side = std::make_shared<ServerSide>();
  auto prepared = side->prepare(settings, MBEDTLS_SSL_IS_SERVER)
                      .and_then([&] { return side->identities(settings.certificates); })
                      .and_then([&] { return settings.tickets ? side->tickets() : Result<void>(); });
  if (!prepared) return tl::unexpected(prepared.error());
  auto* config = side->config();
  constexpr std::array modes{MBEDTLS_SSL_VERIFY_NONE, MBEDTLS_SSL_VERIFY_OPTIONAL, MBEDTLS_SSL_VERIFY_REQUIRED};
  mbedtls_ssl_conf_authmode(config, modes[static_cast<std::size_t>(settings.client_certificate)]);
  mbedtls_ssl_conf_preference_order(config, settings.server_preference ? MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_SERVER
                                                                       : MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_CLIENT);
  side->strict_sni_ = settings.strict_sni;
  side->asks_ = settings.client_certificate != policy::ClientCertificate::none;
  mbedtls_ssl_conf_session_cache(config, side->cache_.get(), mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
  if (settings.strict_sni) mbedtls_ssl_conf_cert_cb(config, refuse_nameless);
  return side;
}

Result<void> ServerSide::identities(const std::vector<Credential>& credentials) {
  for (const auto& credential : credentials) {
    std::size_t octets = 0;
    for (const Bytes& certificate : credential.chain) octets += certificate.size() + 8;
    // It has one buffer for a handshake message (mbedtls_config.h).
    if (octets > MBEDTLS_SSL_OUT_CONTENT_LEN - 64)
      return fail(ErrorCode::tls, fmt::format("mbedtls cannot send a chain of {} octets: certificate \"{}\"", octets,
                                              printable(credential.name, 80)));
    auto identity = Identity::parse(credential);
    if (!identity) return tl::unexpected(identity.error());
    identities_.push_back(std::move(*identity));
    names_.push_back(credential.names);
  }
  for (auto index : choose_by_name(names_, std::nullopt).indices)
    mbedtls_ssl_conf_own_cert(config(), identities_[index]->chain.get(), identities_[index]->key.get());
  mbedtls_ssl_conf_sni(config(), present, this);
  return {};
}

Result<void> ServerSide::tickets() {
  constexpr std::uint32_t lifetime = 86400;
  int status = mbedtls_ssl_ticket_setup(tickets_.get(), random_octets, nullptr, MBEDTLS_CIPHER_AES_256_GCM, lifetime);
  if (status != 0) return cannot("cannot make tickets: " + error_text(status));
  mbedtls_ssl_conf_session_tickets_cb(config(), mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, tickets_.get());
  return {};
}

/// Every certificate of the name is given to the library, which picks by key type. Without any the ones of the
/// configuration serve, or the library answers this callback's error with unrecognized_name.
int ServerSide::present(void* self, mbedtls_ssl_context* connection, const unsigned char* name, std::size_t size) {
  const auto& side = *static_cast<const ServerSide*>(self);
  auto chosen = choose_by_name(side.names_, std::string(reinterpret_cast<const char*>(name), size));
  if (!chosen.matched) return side.strict_sni_ ? -1 : 0;
  for (auto index : chosen.indices) {
    const auto& identity = *side.identities_[index];
    if (mbedtls_ssl_set_hs_own_cert(connection, identity.chain.get(), identity.key.get()) != 0) return -1;
  }
  return 0;
}

/// The library calls present() only where there is a name, and says nothing to the peer when this callback fails.
int ServerSide::refuse_nameless(mbedtls_ssl_context* connection) {
  std::size_t size = 0;
  if (mbedtls_ssl_get_hs_sni(connection, &size) != nullptr) return 0;
  mbedtls_ssl_send_alert_message(connection, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME);
  return MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME;
}

Result<std::unique_ptr<Engine>> ServerSide::accept() const { return server_engine(shared_from_this()); }

}  // namespace bothends::tls::mbed
