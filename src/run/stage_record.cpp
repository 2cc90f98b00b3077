// Joining what both ends saw of one try.
#include <algorithm>

#include "run/stage.hpp"
#include "tls/digest.hpp"
#include "tls/examine.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {

std::string text_of_codes(const wire::Codes& codes) {
  std::string text;
  for (const std::uint16_t code : codes) text += std::to_string(code) + ",";
  return text + ";";
}

std::vector<Bytes> chain_of(const wire::Certificate& certificate) {
  std::vector<Bytes> chain;
  for (const auto& entry : certificate.entries) chain.push_back(entry.der);
  return chain;
}

// The name that this leg's proxy checks in the origin's certificate (setup.hpp, OriginLeg::verify_name).
std::string checked_name(const proxy::OriginLeg& leg, const std::string& host) {
  using From = proxy::NameSource::From;
  for (const proxy::NameSource& source : {leg.verify_name, leg.sni}) {
    if (source.from == From::fixed) return source.fixed;
    if (source.from == From::host) return host;
  }
  return host;
}

}  // namespace

std::string settings_key(const ClientSpec& spec) {
  std::string key = spec.stack + ";" + spec.like + ";" + std::to_string(spec.min_version) + "-" +
                    std::to_string(spec.max_version) + ";" + text_of_codes(spec.suites) + text_of_codes(spec.groups) +
                    text_of_codes(spec.signature_schemes);
  for (const std::string& protocol : spec.alpn) key += protocol + ",";
  key += ";" + std::to_string(static_cast<int>(spec.verify)) + ";";
  for (const std::string& trusted : spec.trust) key += trusted + ",";
  return key + ";" + spec.certificate;
}

void Stage::begin_try() {
  try_begun_ = workshop_.loop.now();
  for (const auto& origin : origins_) origin->begin_try();
  if (real_) real_->take_log();
  if (builtin_) log_seen_ = builtin_->logged();
}

bool Stage::quiet() const {
  return std::ranges::all_of(origins_, [](const auto& origin) { return origin->quiet(); });
}

path::Known Stage::known_for(const TrySpec& one) const {
  path::Known known;
  known.client_verifies = one.client.verify;
  if (!spec_.proxy.address.empty()) return known;
  const tls::Stack* proxy_stack = tls::stack_named(proxy_stack_);
  if (proxy_stack) known.proxy = tls::policy_of(*proxy_stack, setup_.front);
  const std::string host = one.host_field.substr(0, one.host_field.find(':'));
  const proxy::Route* route = proxy::route_for(setup_.routes, host);
  if (!route) return known;
  known.origin_name = route->leg.origin;
  known.proxy_origin_tls = route->leg.tls;
  known.proxy_verifies = route->leg.settings.verify;
  for (const auto& origin : origins_) {
    if (origin->spec().name != known.origin_name) continue;
    known.origin_address = "127.0.0.1:" + std::to_string(origin->port());
    known.origin_tls = origin->spec().speaks == OriginSpec::Speaks::tls;
    if (const tls::Stack* stack = tls::stack_named(origin->spec().stack); stack && known.origin_tls)
      known.origin = tls::policy_of(*stack, origin->settings());
  }
  return known;
}

policy::ChainVerdict Stage::examine_chain(const std::vector<Bytes>& chain, const std::vector<Bytes>& trust,
                                          const std::string& name) {
  Bytes all = bytes_of(view_of(name));
  for (const auto* list : {&chain, &trust})
    for (const Bytes& der : *list) append(all, der);
  const std::string key{text_of(all)};
  if (const auto found = examined_.find(key); found != examined_.end()) return found->second;
  if (examined_.size() > 1000) examined_.clear();
  const policy::ChainVerdict verdict =
      tls::examine(chain, {.trust = trust, .known = workshop_.mint.authorities(), .name = name});
  return examined_.emplace(key, verdict).first->second;
}

void Stage::examine(path::PathRecord& record, const TrySpec& one) {
  if (const auto sent = record.client.handshake.transcript.server_certificate())
    if (const auto kit = client_kit(one.client))
      record.client.chain = examine_chain(chain_of(*sent), (*kit)->settings.trust, one.host);
  const proxy::Route* route = proxy::route_for(setup_.routes, record.host);
  for (path::Observation& origin : record.origins) {
    const auto sent = origin.handshake.transcript.server_certificate();
    if (!sent || !route) continue;
    origin.chain = examine_chain(chain_of(*sent), route->leg.settings.trust, checked_name(route->leg, record.host));
  }
}

path::PathRecord Stage::take(const TrySpec& one, path::Observation client) {
  path::PathRecord record;
  record.url = one.url;
  record.host = one.host_field.substr(0, one.host_field.find(':'));
  record.proxy = proxy_name_;
  record.client = std::move(client);
  for (const auto& origin : origins_)
    for (path::Observation& seen : origin->take(true)) record.origins.push_back(std::move(seen));
  std::ranges::stable_sort(record.origins, {}, &path::Observation::begun);
  record.known = known_for(one);
  examine(record, one);
  if (real_) record.proxy_log = real_->take_log();
  if (builtin_) record.proxy_log = builtin_->log_since(log_seen_);
  record.took = workshop_.loop.now() - try_begun_;
  return record;
}

}  // namespace bothends::run
