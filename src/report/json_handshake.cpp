// One connection's handshake as JSON: everything that the transcript tells, and nothing that would let a reader decrypt
// it.
#include "report/json_parts.hpp"
#include "report/words.hpp"

namespace bothends::report {
namespace {

using wire::Registry;

/// Zero is "does not apply".
Json code_or_null(Registry registry, std::uint16_t value) { return value == 0 ? Json() : code(registry, value); }

Json texts(const std::vector<std::string>& values) {
  auto list = Json::array();
  for (const auto& value : values)
    if (list.size() < most_codes) list.push_back(shortened(value));
  return list;
}

Json agreement(const std::optional<policy::Agreement>& agreed) {
  if (!agreed) return nullptr;
  return {{"version", code_or_null(Registry::version, agreed->version)},
          {"suite", code_or_null(Registry::suite, agreed->suite)},
          {"group", code_or_null(Registry::group, agreed->group)},
          {"signature_scheme", code_or_null(Registry::signature_scheme, agreed->signature_scheme)},
          {"alpn", shortened(agreed->alpn)},
          {"hello_retry", agreed->hello_retry},
          {"resumed", agreed->resumed},
          {"client_certificate_asked", agreed->client_certificate_asked},
          {"client_certificate_sent", agreed->client_certificate_sent}};
}

Json client_hello(const std::optional<wire::ClientHello>& hello, const path::Digests& digests) {
  if (!hello) return nullptr;
  auto sni = hello->sni();
  return {{"sni", sni ? Json(shortened(*sni)) : Json()},
          {"alpn", texts(hello->alpn())},
          {"versions", codes(Registry::version, hello->versions())},
          {"suites", codes(Registry::suite, hello->cipher_suites)},
          {"groups", codes(Registry::group, hello->groups())},
          {"key_shares", codes(Registry::group, hello->key_share_groups())},
          {"signature_schemes", codes(Registry::signature_scheme, hello->signature_schemes())},
          {"extensions", codes(Registry::extension, hello->extension_types())},
          {"ja3", digests.md5 ? Json(wire::ja3(*hello, digests.md5)) : Json()},
          {"ja4", digests.sha256 ? Json(wire::ja4(*hello, digests.sha256)) : Json()}};
}

Json server_hello(const std::optional<wire::ServerHello>& hello) {
  if (!hello) return nullptr;
  wire::Codes extensions;
  if (hello->extensions)
    for (const auto& extension : *hello->extensions) extensions.push_back(extension.type);
  return {{"version", code_or_null(Registry::version, hello->version())},
          {"suite", code(Registry::suite, hello->cipher_suite)},
          {"group", code_or_null(Registry::group, hello->group())},
          {"extensions", codes(Registry::extension, extensions)}};
}

Json chain(const policy::ChainVerdict* verdict) {
  if (!verdict) return nullptr;
  auto problems = Json::array();
  for (const auto& problem : verdict->problems)
    if (problems.size() < most_codes)
      problems.push_back({{"defect", name(problem.defect)},
                          {"depth", problem.depth},
                          {"subject", shortened(problem.subject)},
                          {"detail", shortened(problem.detail)}});
  return {{"subject", shortened(verdict->subject)}, {"issuer", shortened(verdict->issuer)},
          {"names", texts(verdict->names)},         {"not_before", verdict->not_before},
          {"not_after", verdict->not_after},        {"sent", verdict->sent},
          {"problems", std::move(problems)}};
}

std::string event_name(const wire::Event& event) {
  if (event.type == wire::handshake && !event.bytes.empty())
    return wire::name(Registry::handshake_type, event.bytes[0]);
  if (event.type == wire::alert && event.bytes.size() == 2) return wire::name(Registry::alert, event.bytes[1]);
  return wire::name(Registry::content_type, event.type);
}

Json event(const wire::Event& event) {
  return {{"direction", event.direction == wire::Direction::sent ? "sent" : "received"},
          {"type", wire::name(Registry::content_type, event.type)},
          {"name", event_name(event)},
          {"at_us", event.at.count()},
          {"length", event.bytes.size()},
          {"encrypted", event.encrypted}};
}

Json transcript(const wire::Transcript& transcript) {
  auto events = Json::array();
  for (const auto& one : transcript.events)
    if (events.size() < most_events) events.push_back(event(one));
  auto omitted = transcript.events.size() - events.size();
  return {{"events", std::move(events)},
          {"events_omitted", omitted},
          {"foreign", to_hex(transcript.foreign)},
          {"malformed", shortened(transcript.malformed)}};
}

Json alerts(const path::Observation& seen) {
  auto list = Json::array();
  for (const auto& event : seen.handshake.transcript.events) {
    if (event.type != wire::alert || event.bytes.size() != 2 || list.size() == most_codes) continue;
    bool ours = event.direction == wire::Direction::sent;
    list.push_back({{"from", name(ours ? our_side(seen.leg) : path::Side::proxy)},
                    {"level", event.bytes[0]},
                    {"alert", code(Registry::alert, event.bytes[1])},
                    {"at_us", event.at.count()}});
  }
  return list;
}

Json ending(const policy::Ending& ending) {
  return {{"how", name(ending.how)},
          {"stage", name(ending.stage)},
          {"alert", ending.alert ? code(Registry::alert, *ending.alert) : Json()},
          {"at_us", ending.at.count()},
          {"note", shortened(ending.note)}};
}

}  // namespace

Json handshake(const path::Observation& seen, const path::Digests& digests) {
  const auto& transcript_of = seen.handshake.transcript;
  return {{"complete", seen.handshake.complete},
          {"agreement", agreement(seen.handshake.agreement())},
          {"hello", client_hello(transcript_of.client_hello(), digests)},
          {"server_hello", server_hello(transcript_of.server_hello())},
          {"certificate", chain(path::server_chain(seen))},
          {"client_certificate", chain(path::client_chain(seen))},
          {"alerts", alerts(seen)},
          {"ending", ending(seen.ending)},
          {"transcript", transcript(transcript_of)}};
}

}  // namespace bothends::report
