#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>

#include "tls/mbedtls/context.hpp"
#include "tls/stacks.hpp"
#include "wire/codes.hpp"

namespace bothends::tls {
namespace {

using namespace mbed;

/// Pre-shared keys from elsewhere are none of our settings, and without one the library leaves these suites out.
bool needs_external_key(const mbedtls_ssl_ciphersuite_t* suite) {
  switch (suite->MBEDTLS_PRIVATE(key_exchange)) {
    case MBEDTLS_KEY_EXCHANGE_PSK:
    case MBEDTLS_KEY_EXCHANGE_DHE_PSK:
    case MBEDTLS_KEY_EXCHANGE_RSA_PSK:
    case MBEDTLS_KEY_EXCHANGE_ECDHE_PSK:
    case MBEDTLS_KEY_EXCHANGE_ECJPAKE:
      return true;
    default:
      return false;
  }
}

wire::Codes default_suites() {
  wire::Codes codes;
  for (const int* at = mbedtls_ssl_list_ciphersuites(); *at != 0; ++at) {
    auto code = static_cast<std::uint16_t>(*at);
    if (const auto* suite = suite_of(code); suite != nullptr && !needs_external_key(suite)) codes.push_back(code);
  }
  return codes;
}

wire::Codes codes_until_zero(const std::uint16_t* at) {
  wire::Codes codes;
  for (; at != nullptr && *at != 0; ++at) codes.push_back(*at);
  return codes;
}

/// The library says what its defaults are only through a configuration.
Capabilities capabilities() {
  Config config;
  mbedtls_ssl_config_defaults(config.get(), MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                              MBEDTLS_SSL_PRESET_DEFAULT);
  Capabilities can;
  can.versions = {wire::tls1_3, wire::tls1_2};
  can.suites = default_suites();
  can.groups = codes_until_zero(config->MBEDTLS_PRIVATE(group_list));
  can.signature_schemes = codes_until_zero(config->MBEDTLS_PRIVATE(sig_algs));
  can.keys = {policy::Key::rsa, policy::Key::ecdsa_p256, policy::Key::ecdsa_p384, policy::Key::ecdsa_p521};
  can.tickets13 = true;
  can.several_key_shares = false;
  return can;
}

std::string version_text() {
  char number[16];
  mbedtls_version_get_string(number);
  return "mbedTLS " + std::string(number);
}

class MbedTls final : public Stack {
 public:
  std::string_view name() const override { return "mbedtls"; }
  std::string_view version() const override { return version_; }
  const Capabilities& can() const override { return can_; }
  Result<std::shared_ptr<const ClientContext>> client(const ClientSettings& settings) const override {
    return ClientSide::create(settings);
  }
  Result<std::shared_ptr<const ServerContext>> server(const ServerSettings& settings) const override {
    return ServerSide::create(settings);
  }

 private:
  std::string version_ = version_text();
  Capabilities can_ = capabilities();
};

}  // namespace

const Stack& mbedtls() {
  static const MbedTls stack;
  return stack;
}

}  // namespace bothends::tls
