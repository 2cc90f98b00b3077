#include "tests/tls/openssl_case.hpp"

namespace bothends::test {

const Certificate& OpensslCase::root() {
  static const auto made = make_root();
  return made;
}

const Certificate& OpensslCase::intermediate() {
  static const auto made = make_intermediate(root());
  return made;
}

tls::Credential OpensslCase::shop(policy::Key key) { return named("shop.test", key); }

tls::Credential OpensslCase::named(const std::string& name, policy::Key key) {
  return credential(make_leaf(intermediate(), name, key), {intermediate()});
}

OpensslCase& OpensslCase::strict() {
  client.verify = policy::Verify::full;
  client.trust = {root().der};
  return *this;
}

std::optional<std::uint8_t> alert_sent(const tls::Engine& engine) {
  const auto alert = engine.handshake().transcript.fatal_alert(wire::Direction::sent);
  return alert ? std::optional(alert->description) : std::nullopt;
}

std::optional<std::uint8_t> alert_received(const tls::Engine& engine) {
  const auto alert = engine.handshake().transcript.fatal_alert(wire::Direction::received);
  return alert ? std::optional(alert->description) : std::nullopt;
}

void check_refused(const tls::Engine& by, const tls::Engine& other, std::uint8_t alert) {
  CHECK(by.phase() == tls::Phase::failed);
  CHECK(other.phase() == tls::Phase::failed);
  CHECK(alert_sent(by) == std::optional(alert));
  CHECK(alert_received(other) == std::optional(alert));
  CHECK_FALSE(by.handshake().note.empty());
}

policy::Agreement agreement(const tls::Engine& engine) {
  const auto agreed = engine.handshake().agreement();
  REQUIRE(agreed);
  return *agreed;
}

}  // namespace bothends::test
