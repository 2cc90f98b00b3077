// How one end of a path conducts itself beyond its TLS settings: well, or with a fault.
#pragma once

#include "tls/fault.hpp"

namespace bothends::run {

struct Conduct {
  /// Whether there is anybody to connect to: of an origin its own port, of a client the address it asks.
  enum class Reach { normal, refused, deaf } reach = Reach::normal;
  tls::Fault wire;
  /// Instead of an answer (an origin), or of waiting for one (a client).
  std::optional<tls::Fault::Then> after_request;
  bool foreign_ticket = false;  // a client: offers a ticket that it was given under another name

  friend bool operator==(const Conduct&, const Conduct&) = default;
};

}  // namespace bothends::run
