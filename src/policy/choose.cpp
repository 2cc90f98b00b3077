#include "policy/choose.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace bothends::policy {

namespace {

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

constexpr std::uint16_t rsa_pkcs1_sha1 = 0x0201;  // RFC 5246 section 7.4.1.4.1: what a client means that names none
constexpr std::uint16_t dsa_sha1 = 0x0202;
constexpr std::uint16_t ecdsa_sha1 = 0x0203;

std::uint16_t implied_scheme(Key key) {
  if (key == Key::dsa) return dsa_sha1;
  return key == Key::rsa ? rsa_pkcs1_sha1 : ecdsa_sha1;
}

std::vector<std::string> folded(std::vector<std::string> names) {
  for (auto& name : names) name = lower(name);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_named(const Leaf& leaf, const std::string& name) {
  return std::any_of(leaf.names.begin(), leaf.names.end(),
                     [&](const std::string& pattern) { return name_matches(pattern, name); });
}

/// Keys that a server keeps in one place: it has one ECDSA certificate or another, not two.
Key kind_of(Key key) { return curve_of(key) != 0 ? Key::ecdsa_p256 : key; }

/// The first shared group of an ECDHE exchange up to TLS 1.2, or 0.
std::uint16_t choose_group12(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version) {
  const bool servers_order = policy.server_preference || server.group12_by_server;
  wire::Codes theirs = offer.groups;
  if (theirs.empty() && server.implied_group12 != 0) theirs = {server.implied_group12};
  for (const auto group : servers_order ? shared(policy.groups, theirs) : shared(theirs, policy.groups))
    if (group_fits(group, version)) return group;
  return 0;
}

/// The four parties to a choice below, so that they need not be passed one by one.
struct Context {
  const Offer& offer;
  const Policy& policy;
  const Manners& server;
  std::uint16_t version;
};

bool scheme_needed(const Context& at, const Suite& suite, const Leaf& leaf) {
  if (at.version < wire::tls1_2 || at.offer.signature_schemes.empty()) return false;
  if (!signs(suite) && !at.server.transport_needs_scheme) return false;
  if (at.server.suite12_before_any_scheme) return false;
  return (leaf.key != Key::rsa && leaf.key != Key::dsa) || !at.server.suite12_before_scheme;
}

/// Has the server a certificate for this suite? The curve of an ECDSA key must be among the client's groups, should it
/// name any (RFC 8422 section 5.1.1). mbedTLS, the last to have static ECDH, does not ask for that there.
bool leaf_usable(const Context& at, const Suite& suite, const Leaf& leaf) {
  if (!fits(suite, leaf.key)) return false;
  const bool edwards = leaf.key == Key::ed25519 || leaf.key == Key::ed448;
  if (edwards && (at.version < wire::tls1_2 || at.offer.signature_schemes.empty())) return false;
  const auto curve = curve_of(leaf.key);
  const bool any_curve = at.server.any_leaf_curve || at.offer.groups.empty();
  if (suite.exchange != KeyExchange::ecdh && curve != 0 && !any_curve && !contains(at.offer.groups, curve))
    return false;
  if (!scheme_needed(at, suite, leaf)) return true;
  const auto schemes = shared_schemes(at.offer, at.policy, at.server, at.version);
  return std::any_of(schemes.begin(), schemes.end(), [&](auto code) { return scheme_fits(code, leaf, at.version); });
}

/// Does the client name a curve that the server has ever heard of?
bool names_curve(const Offer& offer, const Manners& server) {
  const auto& known = server.knows_groups;
  return std::any_of(offer.groups.begin(), offer.groups.end(), [&](std::uint16_t group) {
    const bool heard_of = known.empty() || std::find(known.begin(), known.end(), group) != known.end();
    return heard_of && group_fits(group, wire::tls1_2);
  });
}

Leaf as_if_large(const Leaf& leaf) { return {{}, leaf.key, 1 << 14, {}}; }

struct Overlap {
  std::uint16_t share = 0;  // a key share is there already
  std::uint16_t group = 0;  // merely supported
};

Overlap overlap(const wire::Codes& ours, const Offer& offer, bool servers_order) {
  const auto first = [&](const wire::Codes& theirs) -> std::uint16_t {
    for (const auto code : servers_order ? shared(ours, theirs) : shared(theirs, ours))
      if (group_fits(code, wire::tls1_3)) return code;
    return 0;
  };
  return {first(offer.key_shares), first(offer.groups)};
}

bool is_chacha(std::uint16_t suite) {
  const auto name = wire::known_name(wire::Registry::suite, suite);
  return name && name->find("CHACHA20") != name->npos;
}

/// Debian's OpenSSL has no RC4 and no 3DES; nobody's has ARIA with CBC, Camellia with GCM, or static Diffie-Hellman.
bool is_built(std::uint16_t suite) {
  const auto name = wire::known_name(wire::Registry::suite, suite).value_or("");
  const auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
  if (has("_ECDH_RSA_") || has("_ECDH_ECDSA_") || has("_DH_RSA_") || has("_DH_DSS_") || has("_KRB5_")) return false;
  return !has("_RC4_") && !has("_3DES_") && !(has("_ARIA_") && has("_CBC_")) && !(has("_CAMELLIA_") && has("_GCM_"));
}

/// The suites that both know, in the order that counts.
wire::Codes suites_in_order(const Context& at, bool servers_order) {
  if (!servers_order) return shared(at.offer.suites, at.policy.suites);
  auto codes = shared(at.policy.suites, at.offer.suites);
  const auto first = std::find_if(at.offer.suites.begin(), at.offer.suites.end(), is_built);
  if (at.policy.chacha_by_client && first != at.offer.suites.end() && is_chacha(*first))
    std::stable_partition(codes.begin(), codes.end(), is_chacha);
  return codes;
}

/// The groups in classes of equal worth. Only a default list has several; a list that someone set is one class.
std::vector<wire::Codes> classes_of(const Policy& policy, const Manners& server) {
  wire::Codes all;
  for (const auto& tuple : server.tuples) all.insert(all.end(), tuple.begin(), tuple.end());
  if (!all.empty() && all == policy.groups) return {server.tuples.begin(), server.tuples.end()};
  return {policy.groups};
}

}  // namespace

wire::Codes shared(const wire::Codes& preferred, const wire::Codes& allowed) {
  wire::Codes codes;
  std::copy_if(preferred.begin(), preferred.end(), std::back_inserter(codes),
               [&](std::uint16_t code) { return contains(allowed, code); });
  return codes;
}

wire::Codes shared_schemes(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version) {
  const bool servers_order = policy.server_preference && !server.client_rules13;
  const auto& theirs = offer.signature_schemes;
  const auto& ours = policy.signature_schemes.empty() ? theirs : policy.signature_schemes;
  auto codes = servers_order ? shared(ours, theirs) : shared(theirs, ours);
  const auto is_modern = [](std::uint16_t code) { return code >= 0x0700; };
  if (version <= wire::tls1_2 && !server.signs_pss12) std::erase_if(codes, is_modern);
  return codes;
}

std::vector<const Leaf*> leaves_for(const Policy& policy, const Manners& server,
                                    const std::optional<std::string>& sni) {
  std::vector<const Leaf*> leaves;
  const auto keep = [&](auto fits) {
    for (const Leaf& leaf : policy.leaves)
      if (fits(leaf)) leaves.push_back(&leaf);
  };
  if (sni) keep([&](const Leaf& leaf) { return is_named(leaf, *sni); });
  if (leaves.empty() && !policy.strict_sni && !policy.leaves.empty())
    keep([&](const Leaf& leaf) { return folded(leaf.names) == folded(policy.leaves.front().names); });
  if (server.one_leaf_a_kind)
    for (std::size_t at = 0; at < leaves.size(); ++at)
      leaves.erase(std::remove_if(leaves.begin() + static_cast<std::ptrdiff_t>(at) + 1, leaves.end(),
                                  [&](const Leaf* leaf) { return kind_of(leaf->key) == kind_of(leaves[at]->key); }),
                   leaves.end());
  return leaves;
}

std::vector<const Leaf*> leaf_for_hello(const Offer& offer, const std::vector<const Leaf*>& leaves) {
  const auto is_own = [&](const Leaf* leaf) {
    return leaf->names.empty() || (offer.sni && is_named(*leaf, *offer.sni));
  };
  if (std::none_of(leaves.begin(), leaves.end(), is_own)) return {leaves.front()};
  const auto signs_by = [&](int algorithm) {
    return std::any_of(offer.signature_schemes.begin(), offer.signature_schemes.end(),
                       [&](std::uint16_t scheme) { return (scheme & 0xff) == algorithm; });
  };
  const bool suits_ecdsa = std::any_of(offer.suites.begin(), offer.suites.end(), [](std::uint16_t code) {
    const Suite suite = suite_of(code);
    return is_built(code) && suite.authentication == Authentication::ecdsa && suite.exchange != KeyExchange::ecdh;
  });
  const bool by_ecdsa = signs_by(3) && suits_ecdsa;
  const bool by_rsa = signs_by(1) || offer.signature_schemes.empty();
  const auto find = [&](bool rsa) {
    return std::find_if(leaves.begin(), leaves.end(), [&](const Leaf* leaf) { return (leaf->key == Key::rsa) == rsa; });
  };
  auto chosen = find(!by_ecdsa && by_rsa);
  if (chosen == leaves.end()) chosen = leaves.begin();
  return {*chosen};
}

SuiteChoice choose_suite(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version,
                         const std::vector<const Leaf*>& leaves) {
  const Context at{offer, policy, server, version};
  const bool tls13 = version >= wire::tls1_3;
  const bool servers_order = policy.server_preference && !(tls13 && server.client_rules13);
  const auto group = choose_group12(offer, policy, server, version);
  const bool curve_named = names_curve(offer, server);
  const bool group_will_do = group != 0 || (server.suite12_before_group && curve_named);
  SuiteChoice choice;
  for (const auto code : suites_in_order(at, servers_order)) {
    const Suite suite = suite_of(code);
    if (!fits(suite, version)) continue;
    if (tls13) return {code, 0, leaves, {}};
    if (suite.anonymous && suite.exchange != KeyExchange::ecdh) return {code, 0, leaves, {}};
    if (suite.anonymous && group != 0) return {code, group, leaves, {}};
    if (choice.reason == Reason::no_shared_suite) choice.reason = Reason::no_certificate;
    auto usable = leaves;
    std::erase_if(usable, [&](const Leaf* leaf) { return !leaf_usable(at, suite, *leaf); });
    if (usable.empty()) continue;
    if (suite.exchange == KeyExchange::ecdh && !curve_named) continue;
    if (suite.exchange != KeyExchange::ecdhe) return {code, 0, usable, {}};
    if (group_will_do) return {code, group, usable, {}};
    choice.reason = Reason::no_shared_group;
  }
  return choice;
}

/// OpenSSL 3.5 (tls_parse_ctos_key_share) goes through its classes: a key share in this class is taken, a group of this
/// class without one is worth a HelloRetryRequest. With one class this is what RFC 8446 section 4.2.8 asks of
/// everybody.
GroupChoice choose_group13(const Offer& offer, const Policy& policy, const Manners& server) {
  const bool servers_order = policy.server_preference && !server.client_rules13;
  if (server.share13_by_client) {
    if (const auto share = overlap(policy.groups, offer, false).share; share != 0) return {share, false};
    const auto group = overlap(policy.groups, offer, true).group;
    if (group != 0) return {group, true};
    return {};
  }
  if (server.group13_before_share) {
    const auto group = overlap(policy.groups, offer, servers_order).group;
    if (group != 0) return {group, !contains(offer.key_shares, group)};
    return {};
  }
  for (const auto& ours : classes_of(policy, server)) {
    const Overlap found = overlap(ours, offer, servers_order);
    if (found.share != 0) return {found.share, false};
    if (found.group != 0) return {found.group, true};
  }
  return {};
}

SignatureChoice choose_signature(const Offer& offer, const Policy& policy, const Manners& server, std::uint16_t version,
                                 std::uint16_t suite, const std::vector<const Leaf*>& leaves) {
  const Suite traits = suite_of(suite);
  if (version < wire::tls1_2 || traits.anonymous || (!signs(traits) && !server.transport_needs_scheme))
    return {leaves.front(), 0, {}};
  if (version == wire::tls1_2 && offer.signature_schemes.empty()) {
    const auto implied = implied_scheme(leaves.front()->key);
    const bool known = policy.signature_schemes.empty() || contains(policy.signature_schemes, implied);
    if (server.implied_scheme_counts && !known) return {};
    return {leaves.front(), implied, {}};
  }
  const auto schemes = shared_schemes(offer, policy, server, version);
  const auto can_sign = [&](const Leaf& leaf, std::uint16_t scheme) {
    return fits(traits, leaf.key) && (scheme_fits(scheme, leaf, version) ||
                                      (server.overrates_small_keys && scheme_fits(scheme, as_if_large(leaf), version)));
  };
  const bool leaf_first = version >= wire::tls1_3 && server.leaf13_before_scheme;
  for (const Leaf* first : leaf_first ? leaves : std::vector<const Leaf*>{nullptr})
    for (const auto scheme : schemes)
      for (const Leaf* leaf : leaves)
        if ((!first || first == leaf) && can_sign(*leaf, scheme)) return {leaf, scheme, {}};
  return {nullptr, 0, schemes.empty() ? Reason::no_shared_signature_scheme : Reason::no_certificate};
}

}  // namespace bothends::policy
