// Two engines that talk until neither has anything to say, and what policy::negotiate said about it beforehand.
#pragma once

#include "suite_setting.hpp"

namespace bothends::tls {

/// How octets travel: as they come, or one at a time.
enum class Pieces { whole, single };

class Meeting {
 public:
  /// Error when a stack cannot do what the setting asks of it.
  static Result<Meeting> arrange(const Stack& client, const Stack& server, const Setting& setting);

  /// Before a word is said: the hello is real, the rest foretold.
  policy::Outcome predicted() const;
  void play(Pieces pieces);

  const Engine& client() const { return *client_; }
  const Engine& server() const { return *server_; }
  bool talked() const { return talked_; }    // a word of plaintext each way
  bool settled() const { return settled_; }  // both fell silent within reasonable time
  bool closed() const { return closed_; }    // both saw the other's close_notify

 private:
  Meeting() = default;
  void pump(Pieces pieces);
  void talk(Pieces pieces);

  const Stack* client_stack_ = nullptr;
  const Stack* server_stack_ = nullptr;
  const Setting* setting_ = nullptr;
  std::unique_ptr<Engine> client_;
  std::unique_ptr<Engine> server_;
  Bytes to_client_;
  Bytes to_server_;
  bool talked_ = false;
  bool settled_ = true;
  bool closed_ = false;
};

/// "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519, …" or "refused by the server: no-shared-alpn, alert 120".
std::string text_of(const policy::Outcome& outcome);

}  // namespace bothends::tls
