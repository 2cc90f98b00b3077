#include "report/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "path/glob.hpp"

namespace bothends::report {
namespace {

using How = policy::Ending::How;
using policy::Stage;
using wire::Direction;

std::string after(Stage stage) {
  switch (stage) {
    case Stage::connect:
      return "before any TLS";
    case Stage::client_hello:
      return "after the ClientHello";
    case Stage::server_hello:
      return "after the ServerHello";
    case Stage::certificate:
      return "after the server's certificate";
    case Stage::client_certificate:
      return "before the handshake was finished";
    case Stage::finished:
      return "after the handshake, no request";
    case Stage::request:
      return "after the request, no response";
    case Stage::response:
      return "in the middle of the response";
    case Stage::done:
      break;
  }
  return "after the exchange";
}

std::string alert_line(const path::Observation& seen, Direction direction) {
  auto alert = seen.handshake.transcript.fatal_alert(direction);
  auto code = alert ? std::optional(alert->description) : seen.ending.alert;
  auto us = name(our_side(seen.leg));
  auto from = direction == Direction::sent ? us : "proxy", to = direction == Direction::sent ? "proxy" : us;
  return fmt::format("alert {} {} → {}", code ? alert_name(*code) : "unknown", from, to);
}

std::string foreign_line(const path::Observation& seen) {
  const auto& octets = seen.handshake.transcript.foreign;
  if (octets.empty()) return "proxy does not speak TLS here";
  return fmt::format("proxy does not speak TLS here: it sent \"{}\"", printable(text_of(octets), 40));
}

std::string malformed_line(const path::Observation& seen) {
  const auto& why = seen.handshake.transcript.malformed;
  return "octets from proxy made no sense" + (why.empty() ? "" : ": " + printable(why, 160));
}

std::string closed_line(const path::Observation& seen) {
  const auto& transcript = seen.handshake.transcript;
  bool by_us = transcript.close_notify(Direction::sent) && !transcript.close_notify(Direction::received);
  auto who = by_us ? name(our_side(seen.leg)) : "proxy";
  return fmt::format("{} closed {}", who, after(seen.ending.stage));
}

bool wants(const path::Expectation& expectation, const std::string& cause) {
  if (expectation.how == path::Expectation::How::differs) return false;
  return std::any_of(expectation.wanted.begin(), expectation.wanted.end(),
                     [&](const std::string& wanted) { return wanted == cause || path::glob(wanted, cause); });
}

}  // namespace

Way way_of(const path::Observation& seen) {
  bool whole = std::any_of(seen.exchanges.begin(), seen.exchanges.end(), [](const auto& one) { return one.complete; });
  return whole || seen.ending.stage == Stage::done ? Way::whole : Way::broken;
}

path::Side our_side(path::Leg leg) { return leg == path::Leg::client ? path::Side::client : path::Side::origin; }

std::string ending_of(const path::Observation& seen) {
  const auto stage = after(seen.ending.stage);
  switch (seen.ending.how) {
    case How::alert_sent:
      return alert_line(seen, Direction::sent);
    case How::alert_received:
      return alert_line(seen, Direction::received);
    case How::closed:
      return closed_line(seen);
    case How::eof:
      return "proxy closed without a word " + stage;
    case How::reset:
      return "proxy reset the connection " + stage;
    case How::broke_off:
      return fmt::format("{} broke off {}", name(our_side(seen.leg)), stage);
    case How::timed_out:
      return "no answer from proxy in time, " + stage;
    case How::connection_refused:
      return "the port refused the connection";
    case How::unreachable:
      return "the address cannot be reached";
    case How::foreign:
      return foreign_line(seen);
    case How::malformed:
      return malformed_line(seen);
    case How::failed:
      return fmt::format("{} gave up {}", name(our_side(seen.leg)), stage);
    case How::stopped:
      return "stopped by us " + stage;
    case How::open:
      break;
  }
  return "still open " + stage;
}

std::string alert_name(std::uint8_t alert) {
  return fmt::format("{} ({})", wire::known_name(wire::Registry::alert, alert).value_or("unassigned"), alert);
}

std::string where(const path::Finding& finding) {
  auto refused = finding.refused_by ? fmt::format(", refused by {}", name(*finding.refused_by)) : "";
  return fmt::format("{} leg{}, stage {}", name(finding.leg), refused, name(finding.stage));
}

bool is_expected(const path::TryOutcome& one, const path::Finding& finding) {
  return std::any_of(one.verdicts.begin(), one.verdicts.end(), [&](const path::Verdict& verdict) {
    if (!verdict.met) return false;
    return verdict.expectation.fact == "fault" ||
           (verdict.expectation.fact == "finding" && wants(verdict.expectation, finding.cause));
  });
}

std::string fate_of(const path::TryOutcome& one) {
  if (!one.fault) return {};
  const std::string_view control = !one.control          ? ""
                                   : one.control->passed ? "; control passed"
                                                         : "; control failed: the verdict is void";
  return fmt::format("{}: {} — {}{}", name(one.fault->leg), one.fault->name, name(one.fault->came), control);
}

std::string variant_of(const path::TryOutcome& one) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : one.variant) parts.push_back(key + "=" + value);
  return join(parts, ", ");
}

std::string complaint(const path::Verdict& verdict) {
  const auto& place = verdict.expectation.place;
  auto at = place.known() ? place.text() + ": " : "";
  return fmt::format("{}expected {}, got {}", at, wish(verdict.expectation), verdict.actual);
}

}  // namespace bothends::report
