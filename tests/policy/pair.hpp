// A client and a server that agree on TLS 1.3, for tests that change one thing at a time.
#pragma once

#include <functional>

#include "policy/negotiate.hpp"

namespace bothends::policy {

inline Leaf leaf_of(std::string name, Key key = Key::ecdsa_p256, unsigned bits = 256) {
  Leaf leaf{{name}, key, bits, {}};
  leaf.der = bytes_of(view_of(name));
  leaf.der.push_back(static_cast<std::uint8_t>(key));
  return leaf;
}

inline Offer plain_offer(std::string stack = "openssl") {
  Offer offer;
  offer.versions = {0x0304, 0x0303};
  offer.suites = {0x1302, 0x1301, 0xc02c, 0xc02f, 0xc02b, 0xc013, 0x009c, 0x002f};
  offer.groups = {29, 23, 24};
  offer.key_shares = {29};
  offer.signature_schemes = {0x0403, 0x0503, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0201};
  offer.sni = "a.test";
  offer.stack = std::move(stack);
  offer.min_version = 0x0303;
  return offer;
}

inline Policy plain_policy(std::string stack = "openssl") {
  Policy policy;
  policy.stack = std::move(stack);
  policy.versions = {0x0304, 0x0303};
  policy.suites = {0x1301, 0x1302, 0xc02b, 0xc02f, 0xc02c, 0xc013, 0x009c, 0x002f};
  policy.groups = {29, 23, 24};
  policy.signature_schemes = {0x0403, 0x0503, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0201};
  policy.leaves = {leaf_of("a.test")};
  return policy;
}

struct Try {
  std::string client = "openssl";
  std::string server = "openssl";
  std::function<void(Offer&, Policy&)> change = [](Offer&, Policy&) {};

  Outcome outcome() const {
    Offer offer = plain_offer(client);
    Policy policy = plain_policy(server);
    change(offer, policy);
    return negotiate(offer, policy);
  }
};

inline void tls12(Offer& offer, Policy& policy) {
  offer.versions = {0x0303};
  policy.versions = {0x0303};
}

}  // namespace bothends::policy
