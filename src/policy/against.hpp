// A hello held against a survey: what comes of it, and what to change when it is refused.
#pragma once

#include "policy/probed.hpp"

namespace bothends::policy {

/// Two lists of which one has nothing, or too little, of the other.
struct Apart {
  enum class What { versions, suites, groups, signature_schemes, alpn } what = What::versions;
  std::uint16_t version = 0;      // in which both would meet; 0 with versions and alpn
  wire::Codes offered, accepted;  // of suites, groups and schemes those that exist in that version
  wire::Codes shared;             // not empty: what is in both cannot be used, for the want of something else
  std::vector<std::string> offered_alpn, accepted_alpn;
};
std::string_view name(Apart::What what);

struct Against {
  std::optional<Outcome> outcome;
  std::optional<Apart> apart;  // with a refusal that comes of two lists
  std::string unknown;         // without an outcome: what the survey does not know; a sentence, printable
};

/// The outcome is that of foretell().
Against held_against(const Offer& offer, const Probed& probed);

}  // namespace bothends::policy
