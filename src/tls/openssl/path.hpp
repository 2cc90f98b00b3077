// From the leaf to a trust anchor (RFC 5280 section 6), through whatever certificates are at hand. A peer can send
// chains in which everything could have issued everything, so the search has a budget.
#pragma once

#include <span>

#include "tls/openssl/handles.hpp"

namespace bothends::tls::ossl {

enum class Source { sent, trust, known };

struct Link {
  X509* certificate = nullptr;
  Source source = Source::sent;
};

struct Path {
  std::vector<Link> links;  // leaf first; never empty
  bool trusted = false;     // the last one is a trust anchor
};

/// What the search may use. All of it must outlive the paths that come out.
struct Certificates {
  std::span<const X509Ptr> sent;  // leaf first; nullptr for what could not be parsed
  std::span<const X509Ptr> trust;
  std::span<const X509Ptr> known;
};

/// By subject, issuer and key identifiers.
bool names_as_issuer(X509* subject, X509* issuer);
bool is_signed_by(X509* subject, X509* issuer);
bool is_self_issued(X509* certificate);

struct Search {
  bool with_known = false;
  bool demand_signatures = true;
};
/// A path to an anchor, or else the longest one there is. The leaf must be there.
Path find_path(const Certificates& certificates, Search search);

}  // namespace bothends::tls::ossl
