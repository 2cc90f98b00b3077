// Which known clients an endpoint serves, and with what: foretold from its survey, and compared with what their real
// hellos got.
#pragma once

#include <functional>
#include <span>

#include "policy/probed.hpp"

namespace bothends::policy {

struct KnownClient {
  std::string id, name;  // "chrome-150", "Chrome 150 (macOS)"
  Offer offer;           // of its hello for the endpoint's name
};

struct ClientAnswer {
  std::string id, name;
  std::optional<Outcome> foretold;  // nullopt: the survey does not know enough
  std::optional<Answer> seen;       // of its real hello; nullopt: it was not sent
};

using Foretelling = std::function<std::optional<Outcome>(const Offer&, const Probed&)>;

/// In the order of `clients`; `seen` is what `probed` has of them.
std::vector<ClientAnswer> foretell_clients(std::span<const KnownClient> clients, const Probed& probed,
                                           const Foretelling& foretelling = foretell);

/// What the answer shows, in the words of an outcome; nullopt when nothing came that says yes or no. A server that
/// objects after its ServerHello (for the client's missing certificate, say) has agreed on what that says.
std::optional<Outcome> outcome_of(const Answer& answer);

/// Did the real hello get what was foretold? Version, suite, ALPN (TLS 1.3 has it encrypted: only where it was seen)
/// and the group where both are known; of refusals the alert. `unknown`: one of both is missing, or it is foretold that
/// the client itself refuses, or that the server minds its missing certificate, which a hello alone cannot show.
enum class Verified { equal, differs, unknown };
std::string_view name(Verified verified);
Verified verified(const ClientAnswer& answer);

/// Clients that come to the same: one line for people. What was seen counts before what was foretold.
struct ClientGroup {
  std::optional<Outcome> outcome;
  std::vector<std::size_t> clients;  // indices of the answers
};
/// By their first client. Clients of one family may stand in several. ALPN and signature scheme do not part them.
std::vector<ClientGroup> groups_of(std::span<const ClientAnswer> answers);

/// "Chrome 150 (macOS), 142, 136; Edge 120 (Linux)": the product's name once for what follows each other.
std::string names_of(std::span<const ClientAnswer> answers, const ClientGroup& group);

}  // namespace bothends::policy
