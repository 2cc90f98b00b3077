// Client profiles (clients.toml, embedded): what a browser or library offers, for `like`.
#pragma once

#include "base/result.hpp"
#include "tls/engine.hpp"

namespace bothends::run {

struct ClientProfile {
  std::string id, name, family, source;
  std::string release;                                      // of the client: "150.0.7871.127"
  wire::Codes versions, suites, groups, signature_schemes;  // in its order, GREASE left out
  std::vector<std::string> alpn;
};

/// By id, or the newest of a family. Error{value} with "did you mean".
Result<const ClientProfile*> client_profile(std::string_view like);
/// Every id and family, sorted.
std::vector<std::string> client_profile_names();

/// Fills what the settings leave open with the profile's, as far as the stack can do it; Error{tls} when it speaks none
/// of the profile's versions or suites. HTTP/2 is left out of ALPN: this client does not speak it.
Result<void> apply(const ClientProfile& profile, const tls::Stack& stack, tls::CommonSettings& settings);

}  // namespace bothends::run
