// Two engines talking to each other in memory.
#pragma once

#include <memory>

#include "tls/engine.hpp"

namespace bothends::test {

struct Pair {
  std::unique_ptr<tls::Engine> client;
  std::unique_ptr<tls::Engine> server;
  Bytes to_server;  // on its way
  Bytes to_client;

  /// Until nobody has anything to say; at most `piece` octets at a time, 0: all there is.
  Pair& run(std::size_t piece = 0);
  bool open() const { return client->phase() == tls::Phase::open && server->phase() == tls::Phase::open; }
  /// Writes at one end, runs, and gives what came out at the other.
  std::string say_to_server(std::string_view text);
  std::string say_to_client(std::string_view text);
};

/// A Pair of connections; throws std::runtime_error with the message of what failed.
Pair connect(const tls::ClientContext& client, const tls::ServerContext& server, const tls::Peer& peer = {});
Pair connect(const tls::Stack& client, const tls::ClientSettings& client_settings, const tls::Stack& server,
             const tls::ServerSettings& server_settings, const tls::Peer& peer = {});

}  // namespace bothends::test
