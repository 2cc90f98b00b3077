// The prober's engine: one crafted ClientHello, its answer read by our own codec, and no further. Nothing is verified.
#pragma once

#include "policy/question.hpp"
#include "tls/engine.hpp"

namespace bothends::tls {

/// A key share made by us (RFC 8446 section 4.2.8), kept for one handshake.
class KeyShare {
 public:
  virtual ~KeyShare() = default;
  virtual std::uint16_t group() const = 0;
  virtual const Bytes& ours() const = 0;  // key_exchange of the ClientHello
  /// The shared secret from the server's key_exchange; Error{tls} when that is none.
  virtual Result<Bytes> secret(View theirs) const = 0;
};
/// Curves, finite fields (RFC 7919) and the ML-KEM groups; Error{tls} for a group we cannot make a share of.
Result<std::shared_ptr<const KeyShare>> key_share(std::uint16_t group);

/// The ClientHello of a question, as it goes over the wire, with `shares` for its key_shares. `random` has 64 octets:
/// random and session id.
wire::ClientHello hello_of(const policy::Question& question, const std::vector<std::shared_ptr<const KeyShare>>& shares,
                           View random);

struct HelloSettings {
  wire::ClientHello hello;
  std::vector<std::shared_ptr<const KeyShare>> shares;  // those in the hello that we hold the keys of; may be none
  policy::Question::Until until = policy::Question::Until::hello;
  std::uint16_t record_version = 0;  // of the record around the hello; 0: what most clients write there
  std::size_t limit = 1 << 18;       // octets of answer; more is malformed
};

/// Sends the hello; `closed` as soon as the answer is here as far as `until` asks (a close_notify, if one can be read,
/// is then in `to_peer`: servers that die of a reset are asked gently), `failed` when the server refused or made no
/// sense. The transcript holds what came, decrypted where we hold the share.
std::unique_ptr<Engine> hello(HelloSettings settings);

/// What an engine's handshake says in answer to a question; `ending` is the connection's.
policy::Answer answer_of(const policy::Handshake& handshake, const policy::Ending& ending);

}  // namespace bothends::tls
