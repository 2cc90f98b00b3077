#include <algorithm>
#include <memory>

#include "policy/survey_plan.hpp"

namespace bothends::policy {

namespace {

constexpr std::string_view unknown_name = "no-such-name.invalid";  // RFC 2606: nobody's
constexpr std::string_view an_address = "192.0.2.1";               // RFC 5737; RFC 6066 forbids addresses in SNI
constexpr std::size_t two_packets = 3000;                          // octets: more than one segment of Ethernet holds
constexpr unsigned canaries = 3;                                   // the question about the name itself is a fourth
constexpr std::size_t most_names = 64;                             // in the SNI map

/// "sHoP.TeSt"
std::string mixed_case(std::string name) {
  bool upper = false;
  for (char& letter : name) {
    const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    if (!is_letter) continue;
    letter = static_cast<char>(upper ? letter & ~0x20 : letter | 0x20);
    upper = !upper;
  }
  return name;
}

}  // namespace

/// What a client of today would say: every version from TLS 1.2 that is spoken, else the highest; everything offered.
Question Plan::modern() const {
  Question question;
  for (const auto version : {wire::tls1_3, wire::tls1_2})
    if (is_spoken(version) && (version != wire::tls1_3 || share_group() != 0)) question.versions.push_back(version);
  if (question.versions.empty() && highest_below13()) question.versions = {*highest_below13()};
  if (question.versions.empty()) return question;
  const auto highest = question.versions.front();
  question = base(highest, {});
  if (is_spoken(wire::tls1_2) && highest > wire::tls1_2) question.versions = {highest, wire::tls1_2};
  for (const auto version : question.versions) {
    auto codes = suites_to_ask(version);
    if (of(version).needs_short_list) codes.resize(std::min<std::size_t>(codes.size(), 40));
    question.suites.insert(question.suites.end(), codes.begin(), codes.end());
  }
  if (highest >= wire::tls1_3) question.key_shares = {share_group()};
  question.until = Question::Until::flight;
  return question;
}

void Plan::begin_server() {
  if (modern().versions.empty()) {
    for (const char* topic : {"names", "ALPN", "resumption", "tolerance"}) close(topic);
    const bool refused = refuses_everything();
    if (refused)
      say_unknown("everything: it refuses every ClientHello " +
                  std::string(settings_.sni ? "for this name" : "that asks for no name") + refusal_words());
    if (!refused) return;
  }
  ask_names();
  if (modern().versions.empty()) return;
  canary_question_ = modern();
  for (unsigned again = 0; again < canaries; ++again) queue_.ask(*canary_question_, [](const Answer&) {});
  ask_protocols(protocols_to_ask());
  ask_tolerance();
  ask_sessions();
}

std::string Plan::refusal_words() const {
  const auto& found = of(of(wire::tls1_3).policy.spoken == Known::unknown ? wire::tls1_3 : wire::tls1_2);
  if (found.refuses_name) return " (unrecognized_name)";
  if (!found.policy.alert) return ", by closing; maybe for the name's sake";
  return " (" + wire::name(wire::Registry::alert, *found.policy.alert) + "), maybe for the name's sake";
}

/// protocol_version says no to a version; any other alert, to all versions alike, may be about something else: a name
/// that the server does not know, a client that it does not want. Then nothing is known of versions.
bool Plan::refuses_everything() {
  const auto is_doubtful = [](const auto& one) {
    const auto& found = one.second;
    return found.refuses_name || (found.policy.spoken == Known::no && found.policy.alert != wire::protocol_version);
  };
  const auto& newest = *versions_.find(wire::tls1_3);
  const auto& common = *versions_.find(wire::tls1_2);
  if (!is_doubtful(newest) && !is_doubtful(common)) return false;
  for (auto& [version, found] : versions_)
    if (found.policy.spoken == Known::no && found.policy.alert != wire::protocol_version)
      found.policy.spoken = Known::unknown;
  return true;
}

void Plan::ask_names() {
  using Case = NameAnswer::Case;
  open("names");
  names_open_ = 1;
  std::vector<std::string> names = settings_.names;
  if (settings_.sni) names.insert(names.begin(), *settings_.sni);
  if (names.size() > most_names) {
    names.resize(most_names);
    say_unknown("names after the first " + std::to_string(most_names));
  }
  for (const auto& name : names) ask_name(Case::given, name);
  ask_name(Case::none, std::nullopt);
  ask_name(Case::unknown, std::string(unknown_name));
  if (!names.empty()) {
    ask_name(Case::mixed_case, mixed_case(names.front()));
    ask_name(Case::trailing_dot, names.front() + ".");
  }
  ask_name(Case::address, std::string(an_address));
  if (--names_open_ == 0) close("names");
}

void Plan::ask_name(NameAnswer::Case which, const std::optional<std::string>& sni) {
  auto question = modern();
  if (question.versions.empty()) question = name_only();
  if (question.is_bare) return;
  question.sni = sni;
  const auto at = found_.names.size();
  NameAnswer line;
  line.which = which;
  line.sni = sni.value_or("");
  found_.names.push_back(std::move(line));
  ++names_open_;
  queue_.ask(std::move(question), [this, at](const Answer& answer) { name_answered(at, answer); });
}

/// When the only thing known is that the name is refused: what today's clients say, under another name.
Question Plan::name_only() const {
  auto question = base(wire::tls1_2, suites_to_ask(wire::tls1_3));
  const auto codes = suites_to_ask(wire::tls1_2);
  question.suites.insert(question.suites.end(), codes.begin(), codes.end());
  question.versions = {wire::tls1_3, wire::tls1_2};
  question.key_shares = {29, 23};
  return question;
}

void Plan::name_answered(std::size_t at, const Answer& answer) {
  auto& line = found_.names[at];
  line.kind = answer.kind;
  line.alert = answer.kind == Answer::Kind::refused ? answer.alert : std::nullopt;
  line.how = answer.how;
  line.note = answer.note;
  line.presented = answer.chain.empty() ? std::nullopt : present(answer);
  if (answer.kind == Answer::Kind::none) say_unknown("what it answers to some of the names: see the list of names");
  if (--names_open_ == 0) close("names");
}

/// The server's order (RFC 7301 section 3.2), by elimination; in the end it ignores the offer or refuses it.
void Plan::ask_protocols(std::vector<std::string> left) {
  auto question = modern();
  question.alpn = left;
  queue_.ask(std::move(question), [this, left](const Answer& answer) { protocols_answered(left, answer); });
}

void Plan::protocols_answered(std::vector<std::string> left, const Answer& answer) {
  const auto at = std::find(left.begin(), left.end(), answer.alpn);
  if (answer.kind == Answer::Kind::accepted && !answer.alpn.empty() && at != left.end()) {
    found_.alpn.push_back(answer.alpn);
    left.erase(at);
    if (!left.empty()) return ask_protocols(std::move(left));
  }
  if (answer.kind == Answer::Kind::none) {
    say_unknown("ALPN: no answer");
  } else {
    found_.alpn_known = Known::yes;
    found_.alpn_otherwise = answer.alpn;
    found_.alpn_alert = answer.kind == Answer::Kind::refused ? answer.alert : std::nullopt;
  }
  close("ALPN");
}

void Plan::ask_tolerance() {
  auto large = modern(), greased = modern();
  large.padded_to = two_packets;
  greased.grease = true;
  tolerances_open_ = 2;
  ask_special(large, found_.large_hello);
  ask_special(greased, found_.grease);
}

/// Intolerance is what fails twice, while the same without it is answered in between.
void Plan::ask_special(const Question& special, Known& known) {
  const auto settle = [this, &known](Known is) {
    known = is;
    if (--tolerances_open_ == 0) close("tolerance");
  };
  const auto lost = [this, settle] {
    say_unknown("tolerance of large ClientHellos or of GREASE: no plain answer to compare with");
    settle(Known::unknown);
  };
  queue_.ask(special, [this, special, settle, lost](const Answer& answer) {
    if (answer.kind == Answer::Kind::accepted) return settle(Known::yes);
    queue_.ask(modern(), [this, special, settle, lost](const Answer& plain) {
      if (plain.kind != Answer::Kind::accepted) return lost();
      queue_.ask(special, [settle, lost](const Answer& again) {
        const bool is_ours = again.how == Ending::How::failed || again.how == Ending::How::foreign;
        if (again.kind == Answer::Kind::none && is_ours) return lost();
        settle(again.kind == Answer::Kind::accepted ? Known::yes : Known::no);
      });
    });
  });
}

void Plan::ask_sessions() {
  open("client certificate");
  auto& resumption = found_.resumption;
  if (is_spoken(wire::tls1_3)) ask_session(Question::Resume::psk, wire::tls1_3, &resumption.psk);
  if (const auto version = highest_below13(); version && *version >= wire::tls1_0) {
    ask_session(Question::Resume::ticket, *version, &resumption.ticket);
    ask_session(Question::Resume::id, *version, &resumption.id);
  }
  if (sessions_open_ == 0) {
    close("resumption");
    close("client certificate");
  }
}

void Plan::ask_session(Question::Resume by, std::uint16_t version, Known* to) {
  Question question;
  question.versions = {version};
  question.sni = settings_.sni;
  question.until = Question::Until::whole;
  question.resume = by;
  ++sessions_open_;
  queue_.ask(std::move(question), [this, version, by, to](const Answer& answer) {
    if (answer.complete) *to = answer.resumed ? Known::yes : Known::no;
    if (answer.resumed && by != Question::Resume::id)
      for (std::size_t at = 0; at < std::min<std::size_t>(settings_.names.size(), 2); ++at)
        ask_across(version, settings_.names[at]);
    if (answer.resumed && by != Question::Resume::id && settings_.names.empty() && settings_.sni)
      ask_across(version, std::string(unknown_name));
    session_answered(answer);
  });
}

/// A session of one name offered for another: accepting it hands the one's identity to the other (CVE-2025-23419).
void Plan::ask_across(std::uint16_t version, const std::string& to) {
  const bool tls13 = version >= wire::tls1_3;
  Question question;
  question.versions = {version};
  question.sni = settings_.sni;
  question.until = Question::Until::whole;
  question.resume = tls13 ? Question::Resume::psk : Question::Resume::ticket;
  question.resume_sni = to;
  ++sessions_open_;
  const auto at = found_.resumption.across.size();
  found_.resumption.across.push_back({settings_.sni.value_or(""), to, version, Known::unknown});
  queue_.ask(std::move(question), [this, at](const Answer& answer) {
    if (answer.complete && answer.granted)
      found_.resumption.across[at].accepted = answer.resumed ? Known::yes : Known::no;
    session_answered(answer);
  });
}

void Plan::session_answered(const Answer& answer) {
  if (answer.complete && found_.certificate_required == Known::unknown) found_.certificate_required = Known::no;
  if (!answer.complete && answer.certificate_asked && answer.kind != Answer::Kind::none) {
    found_.certificate_required = Known::yes;
    say_unknown("resumption: it requires a client certificate, and none was sent");
  } else if (!answer.complete) {
    say_unknown("resumption: no handshake was completed" + (answer.note.empty() ? "" : " (" + answer.note + ")"));
  }
  if (--sessions_open_ > 0) return;
  close("resumption");
  close("client certificate");
}

/// All other suite codes, thousands at once.
void Plan::ask_sweep(std::uint16_t version) {
  constexpr std::size_t at_once = 4000;  // 8 KB of ClientHello
  const auto codes = suites_of_sweep();
  const auto topic = topic_of(version, "unregistered cipher suites");
  open(topic);
  auto left = std::make_shared<std::size_t>((codes.size() + at_once - 1) / at_once);
  for (std::size_t from = 0; from < codes.size(); from += at_once) {
    ListTopic list;
    list.candidates.assign(codes.begin() + static_cast<std::ptrdiff_t>(from),
                           codes.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, codes.size())));
    list.ordered = false;
    list.question = [this, version](const wire::Codes& left) { return base(version, left); };
    list.chosen = [version](const Answer& answer) {
      return answer.version == version ? answer.suite : std::uint16_t{0};
    };
    list.took = [this, version](std::uint16_t code) { add(of(version).policy.suites, code); };
    survey_list(queue_, std::move(list), [this, version, topic, left](Listed listed) {
      if (--*left == 0) close(topic);
      if (!listed.unknown.empty())
        say_unknown(topic_of(version, "unregistered suites " +
                                          wire::name(wire::Registry::suite, listed.unknown.front()) + " to " +
                                          wire::name(wire::Registry::suite, listed.unknown.back()) + ": no answer"));
    });
  }
}

}  // namespace bothends::policy
