// What we say of a chain that an endpoint presented: each certificate, how they hang together, whether they are trusted
// and for whom, and what the stapled OCSP response says.
#pragma once

#include "policy/probed.hpp"

namespace bothends::tls {

struct ChainSettings {
  std::vector<Bytes> anchors;  // DER; those whose subjects occur in the chain are enough
  bool anchors_known = true;   // false: there is no store at hand; nothing is called untrusted for want of an anchor
  std::string name;            // DNS name or address; empty: not checked
};

/// `chain` as sent, DER, leaf first; `staple` an OCSPResponse, or empty. Never an Error: what cannot be parsed is a
/// problem in the verdict and `malformed` in the staple. The verdict is examine()'s.
policy::ChainFacts chain_facts(const std::vector<Bytes>& chain, View staple, const ChainSettings& settings);

}  // namespace bothends::tls
