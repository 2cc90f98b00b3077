#include "suite_meeting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tls/examine.hpp"

namespace bothends::tls {

namespace {

constexpr int most_flights = 64;

void deliver(Bytes& octets, Engine& to, Bytes& answer, Pieces pieces) {
  const Bytes taken = std::exchange(octets, {});
  const std::size_t size = pieces == Pieces::whole ? taken.size() : 1;
  for (std::size_t at = 0; at < taken.size(); at += size) to.step(View(taken).subspan(at, size), answer);
}

std::vector<policy::Defect> defects_of(const policy::ChainVerdict& verdict) {
  std::vector<policy::Defect> defects;
  for (const auto& problem : verdict.problems) defects.push_back(problem.defect);
  return defects;
}

/// As the ends see it: nobody tells them what a chain lacks, so `incomplete` is an unknown issuer here.
std::vector<policy::Defect> found_by_client(const Setting& setting, const Bytes& leaf) {
  const auto& all = setting.server.certificates;
  const auto sent =
      std::find_if(all.begin(), all.end(), [&](const Credential& one) { return one.chain.front() == leaf; });
  if (sent == all.end()) return {};
  const bool by_name = setting.client.verify == policy::Verify::full;
  return defects_of(
      examine(sent->chain,
              {.trust = setting.client.trust, .name = by_name ? setting.peer.name : "", .weak = setting.client.weak}));
}

std::vector<policy::Defect> found_by_server(const Setting& setting) {
  if (!setting.client.certificate) return {};
  return defects_of(examine(setting.client.certificate->chain,
                            {.trust = setting.server.trust, .name = "", .server = false, .weak = setting.server.weak}));
}

}  // namespace

Result<Meeting> Meeting::arrange(const Stack& client, const Stack& server, const Setting& setting) {
  const auto client_context = client.client(setting.client);
  if (!client_context) return tl::unexpected(client_context.error());
  const auto server_context = server.server(setting.server);
  if (!server_context) return tl::unexpected(server_context.error());
  auto client_engine = (*client_context)->connect(setting.peer);
  if (!client_engine) return tl::unexpected(client_engine.error());
  auto server_engine = (*server_context)->accept();
  if (!server_engine) return tl::unexpected(server_engine.error());
  Meeting meeting;
  meeting.client_stack_ = &client;
  meeting.server_stack_ = &server;
  meeting.setting_ = &setting;
  meeting.client_ = std::move(*client_engine);
  meeting.server_ = std::move(*server_engine);
  meeting.client_->step({}, meeting.to_server_);
  return meeting;
}

policy::Outcome Meeting::predicted() const {
  const auto hello = client_->handshake().transcript.client_hello();
  if (!hello) return policy::Refusal{};
  auto offer = offer_of(*client_stack_, setting_->client, *hello);
  const auto policy = policy_of(*server_stack_, setting_->server);
  offer.server_finds = found_by_server(*setting_);
  if (const auto* sent = policy::leaf_sent(offer, policy)) offer.finds = found_by_client(*setting_, sent->der);
  return policy::negotiate(offer, policy);
}

void Meeting::pump(Pieces pieces) {
  for (int flight = 0; flight < most_flights; ++flight) {
    if (to_server_.empty() && to_client_.empty()) return;
    deliver(to_server_, *server_, to_client_, pieces);
    deliver(to_client_, *client_, to_server_, pieces);
  }
  settled_ = false;
}

void Meeting::talk(Pieces pieces) {
  client_->write(view_of("ping"), to_server_);
  server_->write(view_of("pong"), to_client_);
  pump(pieces);
  const Bytes heard_by_server = server_->take_plain();
  const Bytes heard_by_client = client_->take_plain();
  talked_ = bothends::text_of(heard_by_server) == "ping" && bothends::text_of(heard_by_client) == "pong";
  client_->close(to_server_);
  server_->close(to_client_);
  pump(pieces);
  closed_ = client_->phase() == Phase::closed && server_->phase() == Phase::closed;
}

void Meeting::play(Pieces pieces) {
  pump(pieces);
  if (client_->phase() == Phase::open && server_->phase() == Phase::open) talk(pieces);
}

std::string text_of(const policy::Outcome& outcome) {
  using wire::Registry;
  if (const auto* no = std::get_if<policy::Refusal>(&outcome))
    return fmt::format("refused by the {}: {}, alert {}, defect {}", policy::name(no->by), policy::name(no->reason),
                       no->alert ? wire::name(Registry::alert, *no->alert) : "none",
                       no->defect ? policy::name(*no->defect) : "none");
  const auto& yes = std::get<policy::Agreement>(outcome);
  return fmt::format(
      "{}, {}, {}, {}, ALPN \"{}\", {}{}certificate {}{}, leaf {}", wire::name(Registry::version, yes.version),
      wire::name(Registry::suite, yes.suite), wire::name(Registry::group, yes.group),
      wire::name(Registry::signature_scheme, yes.signature_scheme), yes.alpn, yes.hello_retry ? "retried, " : "",
      yes.resumed ? "resumed, " : "", yes.client_certificate_asked ? "asked" : "not asked",
      yes.client_certificate_sent ? " and sent" : "", yes.leaf.empty() ? "none" : fingerprint(yes.leaf).substr(0, 16));
}

}  // namespace bothends::tls
