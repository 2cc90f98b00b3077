// What settings come to once defaults are filled in: the same reading for the engines and for the predictor.
#pragma once

#include "tls/engine.hpp"

namespace bothends::tls {

/// The versions that can really be spoken, highest first: between min and max, known to the stack, and, where suites
/// are named, with at least one suite of that version (a list of TLS 1.2 suites means TLS 1.2). May be empty.
wire::Codes effective_versions(const Capabilities& can, const CommonSettings& settings);

/// The suites of TLS 1.3, also those outside 0x13xx (RFC 9150).
bool is_suite_of_tls13(std::uint16_t suite);

/// Which of the names, in order, a server answers to `sni` with: the indices of the credentials that match; without any
/// match (and without SNI) the first credential and all further ones for exactly the same names.
struct Chosen {
  std::vector<std::size_t> indices;
  bool matched = false;
};
Chosen choose_by_name(const std::vector<std::vector<std::string>>& names_of_each,
                      const std::optional<std::string>& sni);

}  // namespace bothends::tls
