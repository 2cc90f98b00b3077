// What the tests of the OpenSSL stack share: one certificate authority, and both ends by OpenSSL.
#pragma once

#include <doctest/doctest.h>

#include "tests/support/engines.hpp"
#include "tests/support/pki.hpp"
#include "tls/stacks.hpp"
#include "wire/codes.hpp"

namespace bothends::test {

struct OpensslCase {
  static const Certificate& root();
  static const Certificate& intermediate();

  tls::ServerSettings server = {.certificates = {shop()}};
  tls::ClientSettings client;
  tls::Peer peer = {.sni = "shop.test", .name = "shop.test"};

  /// For "shop.test", with its intermediate.
  static tls::Credential shop(policy::Key key = policy::Key::ecdsa_p256);
  static tls::Credential named(const std::string& name, policy::Key key = policy::Key::ecdsa_p256);
  /// Trusts the root and wants the right name.
  OpensslCase& strict();

  Pair connect() const { return test::connect(tls::openssl(), client, tls::openssl(), server, peer); }
};

std::optional<std::uint8_t> alert_sent(const tls::Engine& engine);
std::optional<std::uint8_t> alert_received(const tls::Engine& engine);
/// The one refused with this alert, the other was told, and both know it.
void check_refused(const tls::Engine& by, const tls::Engine& other, std::uint8_t alert);
policy::Agreement agreement(const tls::Engine& engine);

}  // namespace bothends::test
