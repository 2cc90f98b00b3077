// Prediction is observation: for every pair of stacks and every setting, what policy::negotiate says of the client's
// real hello and the server's settings is what both ends then see.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "policy/manners.hpp"
#include "suite_meeting.hpp"

using namespace bothends;
using namespace bothends::tls;

namespace {

constexpr int fewest_settings = 60;

const Cast& cast() {
  static const Cast cast;
  return cast;
}

const std::vector<Setting>& settings() {
  static const Settings settings = [] {
    Settings all(cast());
    for (const auto add : {add_versions, add_suites, add_groups, add_schemes, add_leaves, add_alpn, add_chains,
                           add_weak_chains, add_client_certificates})
      add(all);
    return all;
  }();
  return settings.all();
}

std::optional<std::uint8_t> alert(const Engine& engine, wire::Direction direction) {
  const auto alert = engine.handshake().transcript.fatal_alert(direction);
  return alert ? std::optional(alert->description) : std::nullopt;
}

void check_agreement(const Meeting& meeting, const policy::Agreement& agreement) {
  for (const Engine* engine : {&meeting.client(), &meeting.server()}) {
    const auto& handshake = engine->handshake();
    CAPTURE(engine == &meeting.client() ? "at the client" : "at the server");
    CAPTURE(handshake.note);
    const auto seen = handshake.agreement();
    CHECK(seen.has_value());
    if (!seen) continue;
    CHECK(text_of(*seen) == text_of(agreement));
    CHECK(*seen == agreement);
    CHECK(handshake.complete);
    CHECK(policy::stage_of(handshake.transcript) == policy::Stage::finished);
    CHECK_FALSE(alert(*engine, wire::Direction::sent));
    CHECK_FALSE(alert(*engine, wire::Direction::received));
  }
  CHECK(meeting.talked());
  CHECK(meeting.closed());
}

void check_defect(const Engine& engine, const policy::Refusal& refusal) {
  if (!refusal.defect) return;
  const auto& chain = engine.handshake().chain;
  CHECK(chain.has_value());
  if (!chain) return;
  CHECK_FALSE(chain->ok());
  if (chain->ok()) return;
  CHECK(policy::name(chain->problems.front().defect) == policy::name(*refusal.defect));
}

bool speaks_tls13(const Engine& engine) {
  const auto agreement = engine.handshake().agreement();
  return agreement && agreement->version >= wire::tls1_3;
}

/// What the refused end says to that is no refusal: mostly nothing. In TLS 1.3 the alert may come under other keys than
/// it expects, which looks like damage: from OpenSSL's client in the clear, from mbedTLS's server under those of the
/// handshake.
void check_reaction(const Engine& refused, const policy::Refusal& refusal, bool garbled) {
  const auto heard = alert(refused, wire::Direction::received);
  const auto said = alert(refused, wire::Direction::sent);
  CHECK((heard == refusal.alert || (garbled && !heard)));
  if (garbled)
    CHECK(said == wire::bad_record_mac);
  else
    CHECK((!said || (speaks_tls13(refused) && said == wire::bad_record_mac)));
  CHECK((refused.phase() == Phase::failed) == refusal.alert.has_value());
}

void check_refusal(const Meeting& meeting, const policy::Refusal& refusal, const policy::Manners& server) {
  const bool by_client = refusal.by == policy::Party::client;
  const Engine& refusing = by_client ? meeting.client() : meeting.server();
  const Engine& refused = by_client ? meeting.server() : meeting.client();
  CAPTURE(refusing.handshake().note);
  CAPTURE(refused.handshake().note);
  CHECK(refusing.phase() == Phase::failed);
  CHECK(alert(refusing, wire::Direction::sent) == refusal.alert);
  CHECK_FALSE(alert(refusing, wire::Direction::received));
  const bool of_client_certificate = refusal.reason == policy::Reason::client_certificate_required ||
                                     refusal.reason == policy::Reason::client_certificate_refused;
  check_reaction(refused, refusal, of_client_certificate && speaks_tls13(refusing) && server.garbles_alert13);
  check_defect(refusing, refusal);
}

void check_expected(const Setting& setting, const policy::Outcome& predicted) {
  if (setting.either) return;
  const auto* refusal = std::get_if<policy::Refusal>(&predicted);
  CHECK((refusal != nullptr) == setting.refused.has_value());
  if (refusal && setting.refused) CHECK(policy::name(refusal->reason) == policy::name(*setting.refused));
}

void play(const Stack& client, const Stack& server, const Setting& setting, Pieces pieces) {
  auto meeting = Meeting::arrange(client, server, setting);
  const std::string obstacle = meeting ? "" : meeting.error().message();
  CHECK(obstacle == "");
  if (!meeting) return;
  CHECK(meeting->client().handshake().transcript.client_hello());
  const auto predicted = meeting->predicted();
  const std::string prediction = text_of(predicted);
  CAPTURE(prediction);
  check_expected(setting, predicted);
  meeting->play(pieces);
  CHECK(meeting->settled());
  if (const auto* agreement = std::get_if<policy::Agreement>(&predicted))
    check_agreement(*meeting, *agreement);
  else
    check_refusal(*meeting, std::get<policy::Refusal>(predicted), policy::manners_of(server.name()));
}

void play_all(const Stack& client, const Stack& server, Pieces pieces) {
  int played = 0;
  int skipped = 0;
  for (const auto& setting : settings()) {
    if (!lacking(client, server, setting).empty()) {
      ++skipped;
      continue;
    }
    const std::string what = fmt::format("{} -> {}: {}", client.name(), server.name(), setting.name);
    CAPTURE(what);
    play(client, server, setting, pieces);
    ++played;
  }
  MESSAGE(fmt::format("{} -> {}: {} settings played, {} skipped for want of a capability", client.name(), server.name(),
                      played, skipped));
  CHECK(played >= fewest_settings);
}

}  // namespace

TEST_CASE("Prediction is observation, octets in whole flights") {
  for (const Stack* client : stacks())
    for (const Stack* server : stacks()) play_all(*client, *server, Pieces::whole);
}

TEST_CASE("Prediction is observation, octets one by one") {
  for (const Stack* client : stacks())
    for (const Stack* server : stacks()) play_all(*client, *server, Pieces::single);
}
