// What settings mean to the predictor.
#include "tls/effective.hpp"
#include "tls/stacks.hpp"

namespace bothends::tls {

namespace {

wire::Codes or_default(const wire::Codes& asked, const wire::Codes& otherwise) {
  return asked.empty() ? otherwise : asked;
}

policy::Leaf leaf_of(const Credential& credential) {
  return {credential.names, credential.kind, credential.bits, credential.chain.empty() ? Bytes() : credential.chain[0]};
}

}  // namespace

policy::Policy policy_of(const Stack& stack, const ServerSettings& settings) {
  const auto& can = stack.can();
  policy::Policy policy;
  policy.stack = stack.name();
  policy.versions = effective_versions(can, settings);
  policy.suites = or_default(settings.suites, can.suites);
  policy.server_preference = settings.server_preference;
  policy.groups = or_default(settings.groups, can.groups);
  policy.signature_schemes = or_default(settings.signature_schemes, can.signature_schemes);
  policy.alpn = settings.alpn;
  for (const auto& credential : settings.certificates) policy.leaves.push_back(leaf_of(credential));
  policy.strict_sni = settings.strict_sni;
  policy.client_certificate = settings.client_certificate;
  return policy;
}

policy::Offer offer_of(const Stack& stack, const ClientSettings& settings, const wire::ClientHello& hello) {
  auto offer = policy::offer_of(hello);
  const auto versions = effective_versions(stack.can(), settings);
  offer.stack = stack.name();
  offer.min_version = versions.empty() ? std::uint16_t{0} : versions.back();
  offer.verify = settings.verify;
  offer.has_certificate = settings.certificate.has_value();
  return offer;
}

}  // namespace bothends::tls
