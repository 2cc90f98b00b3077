// Is an endpoint really on the policy that someone says it is on? A survey against a named list, as sets.
//
// The rule: an endpoint meets a policy when it accepts what the policy lists, and nothing else: for each version it
// speaks its suites, groups and signature schemes, the order where the policy's server chooses, and the leaf's key. An
// endpoint that accepts less differs as well: it is on another policy, and clients that count on this one will notice.
// (A policy of one's own may say `allows_less`: then it is an upper bound.)
//
// Three things are no difference. What the policy is silent on is not judged. A suite or scheme that none of the
// endpoint's leaves could serve is not missing: an ECDSA suite without an ECDSA leaf. And what is not known, since the
// survey is incomplete or the policy's own list is, stays not known: without a difference elsewhere the verdict is then
// "unknown", never "meets".
#pragma once

#include <span>

#include "policy/probed.hpp"

namespace bothends::policy {

struct GradePolicy {
  std::string id, vendor;
  std::vector<std::string> aliases;            // other names of it
  std::vector<std::string> uncertain_aliases;  // names that are thought to mean it
  std::string alias;                           // the uncertain one by which it was asked for; mostly empty
  enum class Leg { client, origin, server, both } leg = Leg::server;
  enum class Status { documented, measured, uncertain, own } status = Status::own;
  struct Source {
    std::string title, version, url;
  };
  std::vector<Source> sources;
  std::string note;

  // An empty list says nothing. Suites of all versions stand in one, in order of preference.
  wire::Codes versions, suites, groups, schemes;
  std::optional<bool> server_preference;
  bool complete = true;       // false: suites, groups and schemes may be more than those listed
  bool allows_less = false;   // what is missing does not count
  std::uint16_t dh_bits = 0;  // at least; 0: any
  std::vector<Key> keys;      // of leaves; empty: any
  unsigned rsa_bits = 0;      // of leaves with RSA keys, at least
  unsigned days = 0;          // a leaf's validity at most
};
std::string_view name(GradePolicy::Leg leg);
std::string_view name(GradePolicy::Status status);

struct Item {
  enum class What { version, suite, group, scheme, order, dh_size, key, key_size, lifetime } what = What::version;
  std::uint16_t version = 0;  // of which this is said; 0: of the leaf
  std::uint16_t code = 0;     // of a version, suite, group or scheme; 0: of the whole list
  std::string detail;         // printable
  unsigned member = 0;        // of unequal servers behind one address, which (from 1); 0: there is one
  friend bool operator==(const Item&, const Item&) = default;
};
std::string_view name(Item::What what);

struct Grade {
  enum class Verdict { meets, differs, unknown } verdict = Verdict::unknown;
  std::vector<Item> too_much;   // accepted and not in the policy
  std::vector<Item> missing;    // in the policy and not accepted
  std::vector<Item> otherwise;  // order, sizes, the leaf's key
  std::vector<Item> not_known;
  wire::Codes unserved;              // suites of the policy for which the endpoint has no certificate
  std::vector<std::string> remarks;  // sentences, printable
  GradePolicy policy;
};
std::string_view name(Grade::Verdict verdict);

/// `chains`: of surveyed.presented, index by index.
Grade grade(const Surveyed& surveyed, std::span<const ChainFacts> chains, const GradePolicy& policy);

}  // namespace bothends::policy
