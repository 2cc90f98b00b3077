// A client profile's real ClientHello, ready to be sent: for `probe --verify-clients`, and what its offer foretells.
#pragma once

#include <memory>

#include "policy/clients.hpp"
#include "run/profiles.hpp"
#include "tls/hello/hello.hpp"

namespace bothends::run {

/// The profile's hello, octet for octet but for what belongs to one connection: random, session id (of the length that
/// the client has), GREASE values, the order of extensions where the client draws it, the content of ECH GREASE, the
/// name, the key shares, and a padding that follows from these. `sni` goes where the client has a name; a client
/// without one stays without, and nullopt takes the name out.
/// `shares` has one for each of the profile's `key_shares`, others are not used; Error{tls} names the missing one.
/// `random` has 64 octets: random and session id; whatever else must be drawn is derived from them.
Result<wire::ClientHello> hello_of(const ClientProfile& profile, const std::optional<std::string>& sni,
                                   const std::vector<std::shared_ptr<const tls::KeyShare>>& shares, View random);

/// What a server makes of that hello, and what the client would take of its answer: for policy::foretell_clients().
Result<policy::KnownClient> known_client(const ClientProfile& profile, const std::optional<std::string>& sni);
/// All profiles, in their order.
Result<std::vector<policy::KnownClient>> known_clients(const std::optional<std::string>& sni);

}  // namespace bothends::run
