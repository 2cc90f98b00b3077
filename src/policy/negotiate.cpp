#include "policy/negotiate.hpp"

#include <algorithm>

#include "policy/choose.hpp"
#include "policy/manners.hpp"

namespace bothends::policy {

namespace {

using Stop = std::optional<Refusal>;  // nullopt: go on

Refusal refusal(Party by, Reason reason, AlertCode alert) { return {by, reason, alert, std::nullopt}; }
Refusal by_server(Reason reason, AlertCode alert) { return refusal(Party::server, reason, alert); }
Refusal by_client(Reason reason, AlertCode alert) { return refusal(Party::client, reason, alert); }

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// One handshake under way: every step either refuses or adds to the agreement.
class Negotiation {
 public:
  Negotiation(const Offer& offer, const Policy& policy)
      : offer_(offer), policy_(policy), client_(manners_of(offer.stack)), server_(manners_of(policy.stack)) {}

  Outcome outcome();
  const Leaf* leaf() { return server_steps() ? nullptr : leaves_.front(); }

 private:
  Stop by(Check check);
  Stop version();
  Stop fallback() const;
  Stop name();
  Stop schemes_named() const;
  Stop any_scheme() const;
  Stop suite();
  Stop group();
  Stop signature();
  Stop alpn();
  Stop server_steps();

  Stop version_accepted() const;
  Stop curve_accepted() const;
  Stop chain_accepted() const;
  Stop signature_accepted() const;
  Stop client_certificate();

  bool tls13() const { return agreement_.version >= wire::tls1_3; }
  /// What keeps a suite from being used is worth saying: the version that the client never offered goes first.
  Reason blamed(Reason reason) const {
    return contains(offer_.versions, agreement_.version) ? reason : Reason::no_shared_version;
  }

  const Offer& offer_;
  const Policy& policy_;
  const Manners& client_;
  const Manners& server_;
  Agreement agreement_;
  std::vector<const Leaf*> leaves_;  // those for the name asked for; in the end just the one sent
};

Outcome Negotiation::outcome() {
  if (auto stop = server_steps()) return *stop;
  for (const auto step : {&Negotiation::version_accepted, &Negotiation::curve_accepted, &Negotiation::chain_accepted,
                          &Negotiation::signature_accepted})
    if (auto stop = (this->*step)()) return *stop;
  if (auto stop = client_certificate()) return *stop;
  if (!suite_of(agreement_.suite).anonymous) agreement_.leaf = leaves_.front()->der;
  return agreement_;
}

Stop Negotiation::server_steps() {
  if (auto stop = version()) return stop;
  for (const Check check : tls13() ? server_.checks13 : server_.checks12)
    if (auto stop = by(check)) return stop;
  return std::nullopt;
}

Stop Negotiation::by(Check check) {
  switch (check) {
    case Check::fallback:
      return fallback();
    case Check::name:
      return name();
    case Check::schemes_named:
      return schemes_named();
    case Check::any_scheme:
      return any_scheme();
    case Check::suite:
      return suite();
    case Check::group:
      return group();
    case Check::signature:
      return signature();
    case Check::alpn:
      return alpn();
  }
  return std::nullopt;
}

/// RFC 8446 section 4.2.1: the highest that both speak.
Stop Negotiation::version() {
  const std::uint16_t highest = policy_.versions.empty() ? 0 : policy_.versions.front();
  const bool blind = server_.blind_to_versions && highest == wire::tls1_2;
  for (const std::uint16_t version : offer_.versions) {
    const bool stands_for_tls12 = blind && version >= wire::tls1_3;  // its legacy_version says TLS 1.2
    if (stands_for_tls12 || contains(policy_.versions, version)) {
      agreement_.version = stands_for_tls12 ? std::uint16_t{wire::tls1_2} : version;
      return std::nullopt;
    }
  }
  return by_server(Reason::no_shared_version, wire::protocol_version);
}

/// RFC 7507 section 3.
Stop Negotiation::fallback() const {
  if (!offer_.fallback || policy_.versions.front() <= agreement_.version) return std::nullopt;
  return by_server(Reason::no_shared_version, wire::inappropriate_fallback);
}

Stop Negotiation::name() {
  if (policy_.leaves.empty()) return by_server(Reason::no_certificate, wire::handshake_failure);
  leaves_ = leaves_for(policy_, server_, offer_.sni);
  if (leaves_.empty()) return by_server(Reason::unknown_name, wire::unrecognized_name);
  if (server_.leaf_by_hello) leaves_ = leaf_for_hello(offer_, leaves_);
  return std::nullopt;
}

/// RFC 8446 section 9.2: a hello without signature_algorithms lacks an extension that it must have.
Stop Negotiation::schemes_named() const {
  if (!offer_.signature_schemes.empty()) return std::nullopt;
  return by_server(Reason::no_shared_signature_scheme, wire::missing_extension);
}

/// TLS 1.2: before it looks at suites the server sees whether it shares any scheme at all. A client that names none
/// stands by the defaults of RFC 5246 section 7.4.1.4.1.
Stop Negotiation::any_scheme() const {
  if (agreement_.version < wire::tls1_2 || offer_.signature_schemes.empty()) return std::nullopt;
  if (!shared_schemes(offer_, policy_, server_, agreement_.version).empty()) return std::nullopt;
  if (!shared({server_.knows_schemes.begin(), server_.knows_schemes.end()}, offer_.signature_schemes).empty())
    return std::nullopt;
  return by_server(blamed(Reason::no_shared_signature_scheme), wire::handshake_failure);
}

Stop Negotiation::suite() {
  const auto chosen = choose_suite(offer_, policy_, server_, agreement_.version, leaves_);
  if (!chosen.suite) return by_server(blamed(chosen.reason), wire::handshake_failure);
  agreement_.suite = *chosen.suite;
  if (tls13()) return std::nullopt;
  if (suite_of(*chosen.suite).exchange == KeyExchange::ecdhe && chosen.group == 0)
    return by_server(blamed(Reason::no_shared_group), server_.no_group12);
  agreement_.group = chosen.group;
  leaves_ = chosen.leaves;
  return std::nullopt;
}

Stop Negotiation::group() {
  const auto chosen = choose_group13(offer_, policy_, server_);
  if (!chosen.group) return by_server(Reason::no_shared_group, server_.no_group13);
  agreement_.group = *chosen.group;
  agreement_.hello_retry = chosen.retry;
  return std::nullopt;
}

/// Which certificate goes out, and by which scheme its key speaks. Up to TLS 1.1 the scheme is implied; with RSA key
/// transport nothing is signed, though OpenSSL wants a scheme for the key all the same.
Stop Negotiation::signature() {
  const auto chosen = choose_signature(offer_, policy_, server_, agreement_.version, agreement_.suite, leaves_);
  if (!chosen.leaf) return by_server(blamed(chosen.reason), wire::handshake_failure);
  leaves_ = {chosen.leaf};
  agreement_.signature_scheme = signs(suite_of(agreement_.suite)) ? chosen.scheme : 0;
  return std::nullopt;
}

/// RFC 7301 section 3.2: the server's order of preference, and no answer when it was not asked.
Stop Negotiation::alpn() {
  if (policy_.alpn.empty() || offer_.alpn.empty()) return std::nullopt;
  for (const auto& protocol : policy_.alpn) {
    if (std::find(offer_.alpn.begin(), offer_.alpn.end(), protocol) == offer_.alpn.end()) continue;
    agreement_.alpn = protocol;
    return std::nullopt;
  }
  return by_server(Reason::no_shared_alpn, wire::no_application_protocol);
}

Stop Negotiation::version_accepted() const {
  const bool offered = contains(offer_.versions, agreement_.version);
  if (offered && agreement_.version >= offer_.min_version) return std::nullopt;
  const bool only_tls13 = offer_.min_version >= wire::tls1_3;
  return by_client(Reason::no_shared_version, only_tls13 ? client_.version_too_low13 : wire::protocol_version);
}

/// Some clients judge an ECDSA leaf by the curves they would use for the key exchange (RFC 8422 section 5.3).
Stop Negotiation::curve_accepted() const {
  const auto curve = curve_of(leaves_.front()->key);
  if (tls13() || !client_.own_curve_only || offer_.verify == Verify::none || curve == 0) return std::nullopt;
  if (contains(offer_.groups, curve)) return std::nullopt;
  return Refusal{Party::client, Reason::chain, wire::unsupported_certificate, Defect::weak_key};
}

Stop Negotiation::chain_accepted() const {
  if (offer_.verify == Verify::none) return std::nullopt;
  auto finds = offer_.finds;
  if (offer_.verify == Verify::chain)
    std::erase_if(finds,
                  [](Defect defect) { return defect == Defect::wrong_name || defect == Defect::no_subject_alt_name; });
  if (finds.empty()) return std::nullopt;
  return Refusal{Party::client, Reason::chain, client_.alert_of(finds), finds.front()};
}

/// RFC 8446 section 4.2.3: the salt of a PSS signature is as long as its digest, for which the key may be too small.
Stop Negotiation::signature_accepted() const {
  const auto scheme = scheme_of(agreement_.signature_scheme);
  if (!tls13() || !scheme || scheme->bits <= leaves_.front()->bits) return std::nullopt;
  return by_client(Reason::other, client_.bad_signature13);
}

Stop Negotiation::client_certificate() {
  if (policy_.client_certificate == ClientCertificate::none) return std::nullopt;
  agreement_.client_certificate_asked = true;
  agreement_.client_certificate_sent = offer_.has_certificate;
  const bool required = policy_.client_certificate == ClientCertificate::required;
  if (!offer_.has_certificate) {
    if (!required) return std::nullopt;
    return by_server(Reason::client_certificate_required,
                     tls13() ? server_.no_client_certificate13 : server_.no_client_certificate12);
  }
  if (offer_.server_finds.empty() || (!required && !server_.optional_refuses_bad)) return std::nullopt;
  return Refusal{Party::server, Reason::client_certificate_refused, server_.alert_of(offer_.server_finds),
                 offer_.server_finds.front()};
}

}  // namespace

Outcome negotiate(const Offer& offer, const Policy& policy) { return Negotiation(offer, policy).outcome(); }
const Leaf* leaf_sent(const Offer& offer, const Policy& policy) { return Negotiation(offer, policy).leaf(); }

}  // namespace bothends::policy
