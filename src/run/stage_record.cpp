// Joining what both ends saw of one try.
#include <algorithm>

#include "proxy/route.hpp"
#include "run/stage.hpp"
#include "run/stage_default.hpp"
#include "tls/digest.hpp"
#include "tls/examine.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {

// Each part with its length before it: no two lists of parts give the same text.
void add(std::string& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

void add(std::string& key, const std::vector<std::string>& parts) {
  add(key, std::to_string(parts.size()));
  for (const std::string& part : parts) add(key, part);
}

void add(std::string& key, const wire::Codes& codes) {
  std::string text;
  for (const std::uint16_t code : codes) text += std::to_string(code) + ",";
  add(key, text);
}

std::string host_of(const TrySpec& one) { return proxy::host_of(one.host_field).value_or(one.host_field); }

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
  std::string key;
  add(key, spec.stack);
  add(key, spec.like);
  add(key, wire::Codes{spec.min_version, spec.max_version, static_cast<std::uint16_t>(spec.verify)});
  add(key, spec.suites);
  add(key, spec.groups);
  add(key, spec.signature_schemes);
  add(key, spec.alpn);
  add(key, spec.trust);
  add(key, spec.certificate);
  return key;
}

net::microseconds Stage::begin_try() {
  try_begun_ = workshop_.loop.now();
  for (const auto& origin : origins_) origin->begin_try(try_begun_);
  if (real_) log_seen_ = real_->logged();
  if (builtin_) log_seen_ = builtin_->logged();
  return try_begun_;
}

bool Stage::quiet() const {
  return std::ranges::all_of(origins_, [](const auto& origin) { return origin->quiet(); });
}

/// What the proxy's front accepts, as configured. Of a library that is none of ours nothing is foretold, unless the
/// driver says what it accepts by itself: then it has certificates only.
policy::Policy Stage::front_policy() const {
  const tls::Stack* stack = tls::stack_named(proxy_stack_);
  policy::Policy policy = tls::policy_of(stack ? *stack : tls::openssl(), setup_.front);
  const proxy::FrontLists lists = driver_ ? driver_->front : proxy::FrontLists{};
  const auto settle = [&](wire::Codes& codes, const wire::Codes& told, const wire::Codes& by_itself) {
    if (told.empty() && !by_itself.empty()) codes = by_itself;
  };
  settle(policy.suites, setup_.front.suites, lists.suites);
  settle(policy.groups, setup_.front.groups, lists.groups);
  settle(policy.signature_schemes, setup_.front.signature_schemes, lists.signature_schemes);
  if (stack) return policy;
  if (lists.suites.empty() || lists.groups.empty() || lists.signature_schemes.empty())
    return {.stack = proxy_stack_, .leaves = std::move(policy.leaves)};
  policy.stack = proxy_stack_;
  return policy;
}

path::Known Stage::known_for(const TrySpec& one) const {
  path::Known known;
  known.client_verifies = one.client.verify;
  known.proxy_minds = proxy_minds_;
  if (driver_) known.fixes = driver_->fixes;
  if (!spec_.proxy.address.empty()) return known;
  known.proxy = front_policy();
  const proxy::Route* route = proxy::route_for(setup_.routes, host_of(one));
  if (!route) return known;
  known.origin_name = route->leg.origin;
  known.proxy_origin_tls = route->leg.tls;
  known.proxy_verifies = route->leg.settings.verify;
  known.checked_name = checked_name(route->leg, host_of(one));
  if (route->leg.settings.certificate) known.proxy_certificate = route->leg.settings.certificate->chain;
  for (const auto& origin : origins_) {
    if (origin->spec().name != known.origin_name) continue;
    known.origin_address = net::Endpoint{address_to_reach(origin->host()), origin->port()}.text();
    known.origin_tls = origin->spec().speaks == OriginSpec::Speaks::tls;
    if (const tls::Stack* stack = tls::stack_named(origin->spec().stack); stack && known.origin_tls)
      known.origin = tls::policy_of(*stack, origin->settings());
  }
  return known;
}

policy::ChainVerdict Stage::examine_chain(const std::vector<Bytes>& chain, const std::vector<Bytes>& trust,
                                          const std::string& name, bool server) {
  std::string all;
  add(all, name);
  add(all, server ? "server" : "client");
  for (const auto* list : {&chain, &trust}) {
    add(all, std::to_string(list->size()));
    for (const Bytes& der : *list) add(all, text_of(der));
  }
  const std::string key{text_of(tls::sha256(view_of(all)))};
  if (const auto found = examined_.find(key); found != examined_.end()) return found->second;
  if (examined_.size() > 1000) examined_.clear();
  const policy::ChainVerdict verdict =
      tls::examine(chain, {.trust = trust, .known = workshop_.mint.authorities(), .name = name, .server = server});
  return examined_.emplace(key, verdict).first->second;
}

void Stage::examine(path::PathRecord& record, const TrySpec& one) {
  if (const auto sent = record.client.handshake.transcript.server_certificate())
    if (const auto kit = client_kit(one.client))
      record.client.chain = examine_chain(chain_of(*sent), (*kit)->settings.trust, one.host);
  if (const auto sent = record.client.handshake.transcript.client_certificate(); sent && !sent->entries.empty())
    for (const auto& problem : examine_chain(chain_of(*sent), setup_.front.trust, "", false).problems)
      record.known.proxy_finds.push_back(problem.defect);
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
  record.host = host_of(one);
  record.proxy = proxy_name_;
  record.client = std::move(client);
  for (const auto& origin : origins_)
    for (path::Observation& seen : origin->take()) record.origins.push_back(std::move(seen));
  std::ranges::stable_sort(record.origins, {}, &path::Observation::begun);
  record.known = known_for(one);
  examine(record, one);
  if (real_) record.proxy_log = real_->log_since(log_seen_, site_);
  if (builtin_) record.proxy_log = builtin_->log_since(log_seen_);
  record.took = workshop_.loop.now() - try_begun_;
  return record;
}

}  // namespace bothends::run
