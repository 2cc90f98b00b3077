// Known clients: foretold, compared with what their hellos got, and grouped for people.
#include "policy/clients.hpp"

#include <doctest/doctest.h>

namespace bothends::policy::test {

namespace {

const Agreement modern{.version = wire::tls1_3, .suite = 0x1301, .group = 0x11ec};
const Agreement classic{.version = wire::tls1_2, .suite = 0xc02f, .group = 0x001d};
const Refusal no_version{.reason = Reason::no_shared_version, .alert = wire::protocol_version};

KnownClient client(std::string name, wire::Codes versions) {
  return {name, name, Offer{.versions = std::move(versions), .suites = {0x1301}}};
}

ClientAnswer answer(std::string name, std::optional<Outcome> foretold, std::optional<Answer> seen = {}) {
  return {name, name, std::move(foretold), std::move(seen)};
}

Answer accepted(const Agreement& agreed) {
  return {.kind = Answer::Kind::accepted, .version = agreed.version, .suite = agreed.suite, .group = agreed.group};
}

Answer refused(std::uint8_t alert) {
  return {.kind = Answer::Kind::refused, .how = Ending::How::alert_received, .alert = alert};
}

}  // namespace

TEST_CASE("each client is foretold by its own offer, in order") {
  const std::vector clients{client("new", {wire::tls1_3}), client("old", {wire::tls1_0}), client("odd", {})};
  Probed probed;
  probed.connections = 7;
  const auto answers =
      foretell_clients(clients, probed, [](const Offer& offer, const Probed& of) -> std::optional<Outcome> {
        CHECK(of.connections == 7);
        if (offer.versions.empty()) return std::nullopt;
        if (offer.versions.front() == wire::tls1_3) return modern;
        return no_version;
      });
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].id == "new");
  CHECK(std::get<Agreement>(*answers[0].foretold) == modern);
  CHECK(std::get<Refusal>(*answers[1].foretold) == no_version);
  CHECK_FALSE(answers[2].foretold);
  CHECK_FALSE(answers[0].seen);
}

TEST_CASE("a real answer equals what was foretold, or does not") {
  CHECK(verified(answer("a", modern)) == Verified::unknown);
  CHECK(verified(answer("a", std::nullopt, accepted(modern))) == Verified::unknown);
  CHECK(verified(answer("a", modern, Answer{})) == Verified::unknown);
  CHECK(verified(answer("a", modern, accepted(modern))) == Verified::equal);
  CHECK(verified(answer("a", modern, accepted(classic))) == Verified::differs);
  CHECK(verified(answer("a", modern, refused(40))) == Verified::differs);
  CHECK(verified(answer("a", no_version, accepted(modern))) == Verified::differs);
  CHECK(verified(answer("a", no_version, refused(wire::protocol_version))) == Verified::equal);
  CHECK(verified(answer("a", no_version, refused(40))) == Verified::differs);
}

TEST_CASE("a certificate that the server minds only after the hello's answer cannot be seen") {
  const Refusal minds{.reason = Reason::client_certificate_required, .alert = wire::certificate_required};
  Answer asked = accepted(modern);
  asked.certificate_asked = true;
  CHECK(verified(answer("a", minds, asked)) == Verified::unknown);
  asked.alert = wire::certificate_required;
  CHECK(verified(answer("a", minds, asked)) == Verified::equal);
  CHECK(verified(answer("a", minds, accepted(modern))) == Verified::differs);
}

TEST_CASE("what the real hellos got is told with what was foretold") {
  const std::vector clients{client("new", {wire::tls1_3}), client("old", {wire::tls1_0})};
  Probed probed;
  probed.hellos = {{"old", refused(70)}};
  const auto answers = foretell_clients(clients, probed, [](const Offer&, const Probed&) { return no_version; });
  CHECK_FALSE(answers[0].seen);
  REQUIRE(answers[1].seen);
  CHECK(answers[1].seen->alert == std::optional<std::uint8_t>(70));
  CHECK(verified(answers[1]) == Verified::equal);
}

TEST_CASE("a group counts only where both are known, ALPN only where it was seen") {
  Answer without_group = accepted(modern);
  without_group.group = 0;
  CHECK(verified(answer("a", modern, without_group)) == Verified::equal);
  Answer other_group = accepted(modern);
  other_group.group = 0x001d;
  CHECK(verified(answer("a", modern, other_group)) == Verified::differs);
  Agreement with_alpn = classic;
  with_alpn.alpn = "h2";
  CHECK(verified(answer("a", with_alpn, accepted(classic))) == Verified::equal);
  Answer other_alpn = accepted(classic);
  other_alpn.alpn = "http/1.1";
  CHECK(verified(answer("a", with_alpn, other_alpn)) == Verified::differs);
}

TEST_CASE("what the client itself would refuse, a hello cannot show") {
  const Refusal by_client{.by = Party::client, .reason = Reason::no_shared_version, .alert = wire::protocol_version};
  CHECK(verified(answer("a", by_client, accepted(classic))) == Verified::unknown);
}

TEST_CASE("a server that minds a missing certificate after its ServerHello") {
  const Refusal no_certificate{.reason = Reason::client_certificate_required, .alert = wire::certificate_required};
  Answer objecting = accepted(modern);
  CHECK(verified(answer("a", no_certificate, objecting)) == Verified::differs);
  objecting.alert = wire::certificate_required;
  CHECK(verified(answer("a", no_certificate, objecting)) == Verified::equal);
}

TEST_CASE("clients that come to the same are one group, named by product") {
  const std::vector answers{answer("Chrome 150 (macOS)", modern),
                            answer("Chrome 142", modern),
                            answer("Edge 120 (Linux)", classic),
                            answer("Firefox ESR 153 (Debian)", modern),
                            answer("curl", classic),
                            answer("Java 7", no_version),
                            answer("Chrome 99", no_version),
                            answer("odd", std::nullopt)};
  const auto groups = groups_of(answers);
  REQUIRE(groups.size() == 4);
  CHECK(names_of(answers, groups[0]) == "Chrome 150 (macOS), 142; Firefox ESR 153 (Debian)");
  CHECK(names_of(answers, groups[1]) == "Edge 120 (Linux); curl");
  CHECK(names_of(answers, groups[2]) == "Java 7; Chrome 99");
  CHECK_FALSE(groups[3].outcome);
}

TEST_CASE("refusals differ by who, why and the alert; agreements by HelloRetryRequest too") {
  Refusal other_reason = no_version, other_alert = no_version, other_party = no_version, bare = no_version;
  other_reason.reason = Reason::no_shared_suite;
  other_alert.alert = 40;
  other_party.by = Party::client;
  bare.alert.reset();
  Agreement retried = modern;
  retried.hello_retry = true;
  std::vector<ClientAnswer> answers;
  for (const Refusal& one : {no_version, other_reason, other_alert, other_party, bare})
    answers.push_back(answer("a", one));
  answers.push_back(answer("b", modern));
  answers.push_back(answer("b", retried));
  CHECK(groups_of(answers).size() == answers.size());
}

TEST_CASE("what was seen is what a group shows; the reason stays the foretold one") {
  const std::vector answers{answer("a", modern, accepted(classic)), answer("b", no_version, refused(40)),
                            answer("c", modern, Answer{})};
  const auto groups = groups_of(answers);
  REQUIRE(groups.size() == 3);
  CHECK(std::get<Agreement>(*groups[0].outcome).version == wire::tls1_2);
  CHECK(std::get<Refusal>(*groups[1].outcome).alert == 40);
  CHECK(std::get<Refusal>(*groups[1].outcome).reason == Reason::no_shared_version);
  CHECK_FALSE(groups[2].outcome);
}

}  // namespace bothends::policy::test
