// Two engines joined by nothing but octets, and certificates for them.
#pragma once

#include <doctest/doctest.h>

#include "certs/mint.hpp"
#include "tls/stacks.hpp"
#include "wire/codes.hpp"

namespace bothends::tls {

inline certs::Mint& mint() {
  static const auto made = certs::Mint::create(std::chrono::system_clock::now());
  REQUIRE(made.has_value());
  return **made;
}

inline Credential credential(certs::Kind kind, policy::Key key = policy::Key::ecdsa_p256,
                             std::vector<std::string> names = {"shop.test"}) {
  certs::Recipe recipe;
  recipe.name = certs::name(kind);
  recipe.kind = kind;
  recipe.key = key;
  recipe.names = std::move(names);
  auto made = mint().make(recipe);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().what));
  return *made;
}

inline ServerSettings server_settings(Credential certificate = credential(certs::Kind::good)) {
  ServerSettings settings;
  settings.certificates.push_back(std::move(certificate));
  return settings;
}

/// Trusts the mint's root and checks nothing unless told to.
inline ClientSettings client_settings(policy::Verify verify = policy::Verify::none) {
  ClientSettings settings;
  settings.verify = verify;
  settings.trust = {mint().root()};
  return settings;
}

inline Peer peer(std::string name = "shop.test") {
  Peer peer;
  peer.sni = name;
  peer.name = std::move(name);
  return peer;
}

/// One client and one server; `piece` is how many octets travel at a time, 0 for all that there are.
class Pair {
 public:
  Pair(const ClientContext& client, const ServerContext& server, const Peer& to = peer(), std::size_t piece = 0)
      : piece_(piece) {
    auto connected = client.connect(to);
    REQUIRE_MESSAGE(connected.has_value(), (connected ? "" : connected.error().what));
    auto accepted = server.accept();
    REQUIRE(accepted.has_value());
    client_ = std::move(*connected);
    server_ = std::move(*accepted);
  }

  /// Until neither has anything more to say.
  Pair& run() {
    if (client_->phase() == Phase::handshaking) client_->step({}, to_server_);
    while (!to_server_.empty() || !to_client_.empty()) {
      move(to_server_, *server_, to_client_);
      move(to_client_, *client_, to_server_);
    }
    return *this;
  }

  Engine& client() { return *client_; }
  Engine& server() { return *server_; }

  std::string say(Engine& from, std::string_view text) {
    from.write(view_of(text), &from == client_.get() ? to_server_ : to_client_);
    run();
    return std::string(text_of((&from == client_.get() ? *server_ : *client_).take_plain()));
  }

  void close(Engine& from) {
    from.close(&from == client_.get() ? to_server_ : to_client_);
    run();
  }

 private:
  void move(Bytes& from, Engine& into, Bytes& answer) {
    Bytes octets = std::exchange(from, {});
    std::size_t piece = piece_ == 0 ? octets.size() : piece_;
    for (View rest(octets); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size())))
      into.step(rest.first(std::min(piece, rest.size())), answer);
  }

  std::size_t piece_;
  std::unique_ptr<Engine> client_;
  std::unique_ptr<Engine> server_;
  Bytes to_server_;
  Bytes to_client_;
};

inline Pair pair_of(const ClientSettings& client, const ServerSettings& server, const Peer& to = peer(),
                    std::size_t piece = 0) {
  auto client_context = mbedtls().client(client);
  REQUIRE_MESSAGE(client_context.has_value(), (client_context ? "" : client_context.error().what));
  auto server_context = mbedtls().server(server);
  REQUIRE_MESSAGE(server_context.has_value(), (server_context ? "" : server_context.error().what));
  return Pair(**client_context, **server_context, to, piece);
}

inline const wire::Transcript& transcript(const Engine& engine) { return engine.handshake().transcript; }

/// "ClientHello> <ServerHello <Certificate* …": who sent it as seen by this end; a star where it was encrypted.
inline std::string story(const Engine& engine) {
  std::string text;
  for (const auto& event : transcript(engine).events) {
    std::string what = wire::name(wire::Registry::content_type, event.type);
    if (event.type == wire::handshake) what = wire::name(wire::Registry::handshake_type, event.bytes[0]);
    if (event.type == wire::alert) what = "alert(" + std::to_string(event.bytes[1]) + ")";
    if (event.encrypted) what += "*";
    bool sent = event.direction == wire::Direction::sent;
    text += (text.empty() ? "" : " ") + (sent ? what + ">" : "<" + what);
  }
  return text;
}

inline int alert_sent(const Engine& engine) {
  auto found = transcript(engine).fatal_alert(wire::Direction::sent);
  return found ? found->description : -1;
}
inline int alert_received(const Engine& engine) {
  auto found = transcript(engine).fatal_alert(wire::Direction::received);
  return found ? found->description : -1;
}

}  // namespace bothends::tls
