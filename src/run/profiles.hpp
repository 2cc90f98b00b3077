// Client profiles (clients.toml, embedded): what a browser or library offers, for `like` and for `probe --clients`. The
// file is parsed when the first of these functions is called, not before.
#pragma once

#include "base/result.hpp"
#include "tls/engine.hpp"

namespace bothends::run {

struct ClientProfile {
  std::string id, name, family, source;
  std::string release;                                      // of the client: "150.0.7871.127"
  wire::Codes versions, suites, groups, signature_schemes;  // in its order, GREASE left out
  std::vector<std::string> alpn;
  wire::Codes key_shares;
  enum class Status { measured, documented } status = Status::documented;
  std::string date;      // of the recording, or of the source
  std::string platform;  // "macOS"; empty for the hand-made ones of tests
  std::string stack;     // its TLS library: "BoringSSL"
  std::string note;
  std::uint16_t record_version = 0x0301;  // in the header of the record that carries the hello
  bool permutes = false;                  // draws the order of its extensions anew for each connection
  Bytes hello;  // its ClientHello message; hello_of() (client_hellos.hpp) makes one that can be sent of it
};

/// By id, or the newest of a family. Error{value} with "did you mean".
Result<const ClientProfile*> client_profile(std::string_view like);
/// All of them, in the file's order: browsers, newest first, then tools and libraries.
const std::vector<ClientProfile>& client_profiles();
/// Every id and family, sorted.
std::vector<std::string> client_profile_names();

/// Fills what the settings leave open with the profile's, as far as the stack can do it; Error{tls} when it speaks none
/// of the profile's versions or suites. HTTP/2 is left out of ALPN: this client does not speak it.
Result<void> apply(const ClientProfile& profile, const tls::Stack& stack, tls::CommonSettings& settings);

}  // namespace bothends::run
