// A PathRecord as a flat list of named facts: what expectations compare with, and what reports print.
// Of the path:
//   status   body   finding   (set by the caller: ids of causes, or "none")   proxy.log
//   client.response.{status,reason,header.NAME,body}
//   origin.request.{method,target,host,header.NAME,body}   origin.response.status   origin.name   origin.connections
// Of each leg, X being "client" or "origin":
//   X.agreed.{version,suite,group,signature_scheme,alpn,resumed,hello_retry,client_certificate}
//   X.hello.{sni,alpn,versions,suites,groups,key_shares,signature_schemes,extensions,ja3,ja4}
//   X.server_hello.{version,suite,group,extensions}
//   X.certificate.{subject,issuer,names,sent,problems}   (of the leg's server)   X.client_certificate.{sent,problems}
//   X.alert.{sent,received}   (by our end)   X.refused.{by,alert}   (by client, proxy or origin)   X.ending   X.stage
// Spelling: yes and no are "true" and "false", GREASE is "GREASE" whatever its value, problems of a chain that was
// examined and found sound are "none" (absent: nothing was examined), `sent` of certificates is a number, X.ending and
// X.stage are the words of policy/handshake.hpp. A header that was sent twice is a list; proxy.log is one text with a
// line for each. X.refused is absent unless an alert was sent: a bare close needs more than one leg to be told from a
// refusal (diagnose).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "path/path_record.hpp"
#include "wire/fingerprint.hpp"

namespace bothends::path {

/// What an origin.* fact tells of when there were several connections: the last one that carried a request, else the
/// last.
const Observation* telling_origin(const PathRecord& record);

/// What is known of the chain of this leg's server: our own examination, without it what our client made of it.
/// nullptr: nothing. Lives as long as the observation.
const policy::ChainVerdict* server_chain(const Observation& seen);
/// Of the certificate that the proxy showed to our origin. nullptr: none, or it was not asked for, or not our end of
/// the leg.
const policy::ChainVerdict* client_chain(const Observation& seen);

struct Fact {
  std::vector<std::string> values;  // empty: absent
  bool list = false;
};

struct Digests {
  wire::Digest md5, sha256;
};
/// Code points by their names, others as hex; strings raw.
std::map<std::string, Fact> facts_of(const PathRecord& record, const Digests& digests);

/// Every name an expectation may use; those that end in ".*" take any further word (header names).
const std::vector<std::string>& fact_names();
/// Whether it is one of them, the ones with ".*" included.
bool is_fact(std::string_view fact);
/// Whether the fact is always a list (a header becomes one only by repetition).
bool is_list(std::string_view fact);
/// The only words this fact can have ("client", "proxy", "origin"); empty when there is no such closed list.
std::vector<std::string> words_of(std::string_view fact);
/// Which registry the values of this fact come from, so that "P-256" and "0x0017" mean secp256r1; nullopt: plain text.
std::optional<wire::Registry> registry_of(std::string_view fact);
/// The spelling facts have: a registry's name, "GREASE", or hex for what has no name (an alert's number in decimal).
std::string spelled(wire::Registry registry, std::uint16_t code);

}  // namespace bothends::path
