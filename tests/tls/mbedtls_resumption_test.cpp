#include "mbedtls_support.hpp"

using namespace bothends;
using namespace bothends::tls;

namespace {

struct Contexts {
  std::shared_ptr<const ClientContext> client;
  std::shared_ptr<const ServerContext> server;
};

Contexts contexts(std::uint16_t version, bool client_tickets = true, bool server_tickets = true) {
  auto client = client_settings(policy::Verify::full);
  client.min_version = client.max_version = version;
  client.tickets = client_tickets;
  auto server = server_settings();
  server.tickets = server_tickets;
  return {*mbedtls().client(client), *mbedtls().server(server)};
}

std::shared_ptr<const Session> first_session(const Contexts& both) {
  Pair pair(*both.client, *both.server);
  pair.run();
  REQUIRE(pair.client().phase() == Phase::open);
  CHECK_FALSE(pair.client().handshake().agreement()->resumed);
  return pair.client().session();
}

bool resumes(const Contexts& both, std::shared_ptr<const Session> session, std::size_t piece = 0) {
  auto to = peer();
  to.session = std::move(session);
  Pair pair(*both.client, *both.server, to, piece);
  pair.run();
  REQUIRE(pair.client().phase() == Phase::open);
  CHECK(pair.say(pair.client(), "again") == "again");
  CHECK(pair.client().handshake().agreement()->resumed == pair.server().handshake().agreement()->resumed);
  return pair.client().handshake().agreement()->resumed;
}

class ForeignSession : public Session {};

}  // namespace

TEST_CASE("mbedtls resumes with tickets, and the same session more than once") {
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    auto both = contexts(version);
    auto session = first_session(both);
    REQUIRE(session != nullptr);
    CHECK(resumes(both, session));
    CHECK(resumes(both, session, 1));
  }
}

TEST_CASE("mbedtls: a resumed connection says so in its transcript") {
  auto story_of = [](std::uint16_t version) {
    auto both = contexts(version);
    auto to = peer();
    to.session = first_session(both);
    Pair pair(*both.client, *both.server, to);
    pair.run();
    CHECK_FALSE(pair.client().handshake().chain.has_value());
    CHECK(pair.client().session() != nullptr);
    return story(pair.client());
  };
  CHECK(story_of(wire::tls1_3) ==
        "client_hello> <server_hello <change_cipher_spec <encrypted_extensions* <finished* change_cipher_spec> "
        "finished*> <new_session_ticket*");
  CHECK(story_of(wire::tls1_2) ==
        "client_hello> <server_hello <change_cipher_spec <finished* change_cipher_spec> finished*>");
}

TEST_CASE("mbedtls resumes TLS 1.2 by session ID where there are no tickets") {
  auto both = contexts(wire::tls1_2, false, false);
  CHECK(resumes(both, first_session(both)));
}

TEST_CASE("mbedtls: without tickets there is nothing to resume in TLS 1.3") {
  CHECK(first_session(contexts(wire::tls1_3, true, false)) == nullptr);
  CHECK(first_session(contexts(wire::tls1_3, false, true)) == nullptr);
}

TEST_CASE("mbedtls: another server does not know the ticket, and a full handshake follows") {
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    auto session = first_session(contexts(version));
    CHECK_FALSE(resumes(contexts(version), session));
  }
}

TEST_CASE("mbedtls: a session of other settings or another stack") {
  auto server = *mbedtls().server(server_settings());
  for (std::uint16_t version : {wire::tls1_2, wire::tls1_3}) {
    std::uint16_t other = version == wire::tls1_2 ? wire::tls1_3 : wire::tls1_2;
    auto session = first_session({contexts(version).client, server});
    REQUIRE(session != nullptr);
    CHECK_FALSE(resumes({contexts(other).client, server}, session));
  }
  auto to = peer();
  to.session = std::make_shared<ForeignSession>();
  CHECK_FALSE(contexts(wire::tls1_3).client->connect(to).has_value());
}
