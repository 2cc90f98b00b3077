// The rules of the diagnosis: each looks for one story in the evidence and tells it, or says nothing. Pure.
#pragma once

#include <optional>

#include "path/finding.hpp"

namespace bothends::path {

using Story = std::optional<Finding>;
using Rule = Story (*)(const PathRecord&);

/// In the order in which they are asked; the first story of a leg is told.
const std::vector<Rule>& client_rules();
const std::vector<Rule>& break_rules();  // of the origin leg: no TLS at all, broken connections
const std::vector<Rule>& origin_rules();

// What the rules of both legs share.

/// A finding with the cause's own remedy.
Finding finding(std::string_view cause, Leg leg, std::optional<Side> refused_by, policy::Stage stage,
                Certainty certainty, std::vector<std::string> evidence);
/// The cause for what a check of a chain found first; `name_cause` takes the place of cert-name-mismatch.
std::string_view cause_of_chain(const policy::ChainVerdict& chain, std::string_view name_cause);
/// A wrong name has several stories: no SNI and so the default certificate; the SNI of another name; no such
/// certificate; or the certificate is right, and an address or an internal label was asked for (`checked`).
std::string_view cause_of_name(const Observation& seen, const std::optional<policy::Policy>& server,
                               const std::string& host, const std::string& checked = {});
/// The cause for why two sides did not agree.
std::string_view cause_of_refusal(const policy::Refusal& refusal, const policy::Offer& offer,
                                  const policy::Policy& policy, Leg leg);
/// The causes an alert by itself may stand for, the likeliest first.
std::vector<std::string> causes_of_alert(std::uint8_t alert);
/// Nothing but the alert tells why: the one cause it stands for (inferred), or tls-refused with its candidates.
Finding finding_by_alert(std::uint8_t alert, Leg leg, Side refused_by, policy::Stage stage,
                         std::vector<std::string> evidence);

/// The problems that a side which verifies this much minds: a wrong name only with Verify::full.
policy::ChainVerdict minded(const policy::ChainVerdict& chain, policy::Verify verify);
/// The same of the proxy towards the origin: by what it was told, and what it checks even so.
policy::ChainVerdict minded(const policy::ChainVerdict& chain, const Known& known);

// Sentences for evidence; printable.
std::string say_alert(std::string_view who, std::string_view whom, std::uint8_t alert);
std::string say_problem(const policy::ChainProblem& problem, std::string_view whose);
std::string say_offer(const policy::Offer& offer, std::string_view who);
std::string say_policy(const policy::Policy& policy, std::string_view who);
/// Only what the two did not agree on: one sentence for each side.
void say_disagreement(std::vector<std::string>& evidence, policy::Reason reason, const policy::Offer& offer,
                      std::string_view client, const policy::Policy& policy, std::string_view server);
std::string say_start(View octets, std::string_view who);
std::string say_client(const PathRecord& record);  // what the client got
bool is_http(View octets);
bool is_tls(View octets);

/// The first fatal alert by either end: that one is the refusal. What follows may be an answer to an alert that could
/// not be read (RFC 8446 section 6 lets both happen: mbedTLS sends some alerts of TLS 1.3 in the clear or under older
/// keys).
struct FirstAlert {
  wire::Direction direction;
  std::uint8_t description;
};
std::optional<FirstAlert> first_alert(const wire::Transcript& transcript);

/// The last connection to an origin that says why there was no answer.
const Observation* last_origin(const PathRecord& record);
/// A complete answer reached the client.
bool answered(const PathRecord& record);
/// The status the client saw; 0 without an answer.
unsigned client_status(const PathRecord& record);
/// The answer came from the origin: some origin connection carried a complete exchange.
bool served(const PathRecord& record);

}  // namespace bothends::path
