// The contract every TLS stack is adapted to (DESIGN.md, "The engine contract").
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/handshake.hpp"
#include "tls/settings.hpp"

namespace bothends::tls {

enum class Phase { handshaking, open, closed, failed };

/// One TLS endpoint as a machine: octets in, octets out. It never sees a socket and never waits.
/// A client speaks first: call step with nothing. After `closed` or `failed` every call is harmless and does nothing.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Takes everything the peer sent, in any pieces; appends everything the peer must get. Send `to_peer` even when the
  /// phase is `failed`: the alert is in it. `closed` means the peer's close_notify came.
  virtual Phase step(View from_peer, Bytes& to_peer) = 0;
  /// Only in phase `open`; otherwise nothing is written.
  virtual void write(View plain, Bytes& to_peer) = 0;
  /// Our close_notify. What the peer still sends may be read on.
  virtual void close(Bytes& to_peer) = 0;
  /// The plaintext that came since the last call.
  virtual Bytes take_plain() = 0;

  virtual Phase phase() const = 0;
  /// Lives as long as the engine.
  virtual const policy::Handshake& handshake() const = 0;
  /// What may be resumed later; clients only; nullptr until the server has granted one.
  virtual std::shared_ptr<const Session> session() const { return nullptr; }
  /// The time that transcript events get from now on, since the connection was begun. Engines have no clock.
  virtual void clock(std::chrono::microseconds now) = 0;
  /// When, since the connection was begun, it wants a step with nothing; nullopt: never. Only faults do.
  virtual std::optional<std::chrono::microseconds> wakes() const { return std::nullopt; }
  /// How it wants the connection to be ended after what is to be sent; `none` but for faults.
  enum class Breaks { none, fin, reset };
  virtual Breaks breaks() const { return Breaks::none; }
};

/// Settings made ready once, for many connections. Immutable and kept alive by its engines.
class ClientContext {
 public:
  virtual ~ClientContext() = default;
  virtual Result<std::unique_ptr<Engine>> connect(const Peer& peer) const = 0;
};
class ServerContext {
 public:
  virtual ~ServerContext() = default;
  virtual Result<std::unique_ptr<Engine>> accept() const = 0;
};

/// What a stack can do, declared and not discovered by a failing test.
struct Capabilities {
  wire::Codes versions;            // highest first
  wire::Codes suites;              // in default preference order
  wire::Codes groups;              // in default preference order
  wire::Codes signature_schemes;   // in default preference order
  std::vector<policy::Key> keys;   // server and client certificates
  bool tickets13 = false;          // TLS 1.3 resumption
  bool foreign_tickets13 = false;  // offers a TLS 1.3 session under another name than it was got by
  bool several_key_shares = false;
  // Known too, but used only when settings name them.
  wire::Codes suites_on_request;
  wire::Codes groups_on_request;
};

class Stack {
 public:
  virtual ~Stack() = default;
  virtual std::string_view name() const = 0;     // "openssl"
  virtual std::string_view version() const = 0;  // "OpenSSL 3.5.7"
  virtual const Capabilities& can() const = 0;
  /// Error{tls} names what this stack cannot do: "mbedtls has no TLS 1.0".
  virtual Result<std::shared_ptr<const ClientContext>> client(const ClientSettings& settings) const = 0;
  virtual Result<std::shared_ptr<const ServerContext>> server(const ServerSettings& settings) const = 0;
};

}  // namespace bothends::tls
