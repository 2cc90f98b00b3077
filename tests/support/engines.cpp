#include "tests/support/engines.hpp"

#include <algorithm>
#include <stdexcept>

namespace bothends::test {

namespace {

template <class T>
T got(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

bool deliver(tls::Engine& to, Bytes& octets, Bytes& answer, std::size_t piece) {
  if (octets.empty()) return false;
  const auto count = piece == 0 ? octets.size() : std::min(piece, octets.size());
  const Bytes now(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(count));
  octets.erase(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(count));
  to.step(now, answer);
  return true;
}

}  // namespace

Pair& Pair::run(std::size_t piece) {
  client->step({}, to_server);
  server->step({}, to_client);
  bool moved = true;
  while (moved) {
    moved = deliver(*server, to_server, to_client, piece);
    moved = deliver(*client, to_client, to_server, piece) || moved;
  }
  return *this;
}

std::string Pair::say_to_server(std::string_view text) {
  client->write(view_of(text), to_server);
  run();
  return std::string(text_of(server->take_plain()));
}

std::string Pair::say_to_client(std::string_view text) {
  server->write(view_of(text), to_client);
  run();
  return std::string(text_of(client->take_plain()));
}

Pair connect(const tls::ClientContext& client, const tls::ServerContext& server, const tls::Peer& peer) {
  return {got(client.connect(peer)), got(server.accept()), {}, {}};
}

Pair connect(const tls::Stack& client, const tls::ClientSettings& client_settings, const tls::Stack& server,
             const tls::ServerSettings& server_settings, const tls::Peer& peer) {
  return connect(*got(client.client(client_settings)), *got(server.server(server_settings)), peer);
}

}  // namespace bothends::test
