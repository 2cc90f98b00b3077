// Certificates made at run time, so that validity is relative to now and nothing expires in the tree.
// The cast: one certificate authority (root → intermediate) and every certificate that a TLS guide warns of.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tls/settings.hpp"

namespace bothends::certs {

enum class Kind {
  good,
  expired,
  not_yet_valid,
  wrong_name,
  no_intermediate,
  wrong_order,
  self_signed,
  unknown_ca,
  expired_intermediate,
  cn_only,
  client_auth_only,
  rsa_1024,
  sha1,
  broken_chain,
  oversize_chain,  // leaf and intermediate, then one more authority over and over: more than 100 KiB
  client
};
/// "good", "not-yet-valid", "rsa-1024", …; in the order of the enumeration.
const std::vector<std::string>& kind_names();
std::optional<Kind> kind_of(std::string_view name);
std::string_view name(Kind kind);

/// What a scenario's [certs] table says of one certificate.
struct Recipe {
  std::string name;  // the scenario's own: becomes Credential::name
  Kind kind = Kind::good;
  policy::Key key = policy::Key::ecdsa_p256;  // rsa_1024 is always RSA
  unsigned bits = 0;                          // of an RSA key; 0: 2048
  // DNS names (also wildcards, IDNs as A-labels) and addresses; wrong_name gets others, and its Credential says which.
  // For a client: any common names.
  std::vector<std::string> names;
  std::optional<std::chrono::seconds> from;  // validity, relative to now; default: the kind's
  std::optional<std::chrono::seconds> until;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

/// Makes certificates under one root. RSA keys come from a cache on disk shared by all runs
/// ($XDG_CACHE_HOME/bothends/keys, folder 0700, files 0600, written atomically; without a usable one they live in
/// memory): each costs 100 ms. They are for tests only, and marked so in the folder's README. Other keys, those of the
/// authorities too, are fresh each time. One thread at a time may use a Mint; different Mints share nothing but the
/// cache.
class Mint {
 public:
  /// `now`: what "now" means for validity.
  static Result<std::unique_ptr<Mint>> create(std::chrono::system_clock::time_point now);
  ~Mint();

  /// The same recipe gives the same credential within one Mint. Error{value} says what is wrong with the recipe.
  Result<tls::Credential> make(const Recipe& recipe);

  /// DER of the root that good chains end in; of the one nobody trusts; of the intermediate.
  const Bytes& root() const;
  const Bytes& unknown_root() const;
  const Bytes& intermediate() const;
  /// Every certificate authority certificate this Mint knows: what a chain may lack.
  std::vector<Bytes> authorities() const;

 private:
  struct State;
  explicit Mint(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bothends::certs
