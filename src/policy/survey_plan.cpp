#include "policy/survey_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bothends::policy {

namespace {

constexpr std::array<std::uint16_t, 5> all_versions{wire::tls1_3, wire::tls1_2, wire::tls1_1, wire::tls1_0, wire::ssl3};
constexpr std::size_t common_length = 40;  // suites in a hello that nobody finds long
constexpr unsigned confirmations = 2;      // of what was refused: a pool's members answer in turn

wire::Codes first_of(wire::Codes codes, std::size_t count) {
  if (codes.size() > count) codes.resize(count);
  return codes;
}

bool contains(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// RFC 7366 is about them only.
bool is_cbc(std::uint16_t suite) {
  const auto name = wire::known_name(wire::Registry::suite, suite);
  return name && name->find("_CBC_") != name->npos;
}

/// ChaCha20 goes first for clients that put it first, with some servers (OpenSSL's SSL_OP_PRIORITIZE_CHACHA).
bool is_chacha(std::uint16_t suite) {
  const auto name = wire::known_name(wire::Registry::suite, suite);
  return name && name->find("CHACHA20") != name->npos;
}

}  // namespace

std::string topic_of(std::uint16_t version, std::string_view what) {
  return wire::name(wire::Registry::version, version) + " " + std::string(what);
}

Plan::Plan(SurveySettings settings) : settings_(std::move(settings)) {
  found_.sni = settings_.sni;
  queue_.heard = [this](const Question& question, const Answer& answer) { heard(question, answer); };
  for (const auto version : all_versions) {
    versions_[version].policy.version = version;
    for (const char* what : {"cipher suites", "groups", "signature schemes"}) open(topic_of(version, what));
  }
  for (const char* what : {"names", "ALPN", "resumption", "tolerance"}) open(what);
  undecided_ = versions_.size();
  for (const auto version : all_versions) ask_version(version);
}

/// One version, no key shares: what comes back names the suite and, in TLS 1.3, the group, at little cost to the
/// server.
Question Plan::base(std::uint16_t version, wire::Codes suites) const {
  Question question;
  question.versions = {version};
  question.suites = std::move(suites);
  question.is_bare = version == wire::ssl3;
  if (question.is_bare) return question;
  question.sni = settings_.sni;
  question.groups = groups_to_ask(version);
  if (version >= wire::tls1_2) question.schemes = schemes_to_ask();
  const bool tls13 = version >= wire::tls1_3;
  question.deflate = !tls13;
  question.until = tls13 ? Question::Until::hello : Question::Until::flight;
  if (tls13 && of(version).needs_shares) question.key_shares = {29, 23};
  return question;
}

/// In both orders at once: one more question, but one answer less to wait for. Of a version that is not spoken the
/// second repeats the first.
void Plan::ask_version(std::uint16_t version) {
  auto question = base(version, suites_to_ask(version));
  if (version == wire::ssl3) question.until = Question::Until::flight;
  auto reversed = question;
  std::reverse(reversed.suites.begin(), reversed.suites.end());
  of(version).asked = 2;
  const auto answered = [this, version](std::optional<Answer> VersionFound::*which, const Answer& answer) {
    auto& found = of(version);
    found.*which = answer;
    if (--found.asked > 0) return;
    if (found.first->kind == Answer::Kind::accepted) return decide_version(version, *found.first, *found.first);
    ask_again(version, *found.first);
  };
  queue_.ask(std::move(question), [answered](const Answer& answer) { answered(&VersionFound::first, answer); });
  queue_.ask(std::move(reversed), [answered](const Answer& answer) { answered(&VersionFound::reversed, answer); });
}

/// As a client of today would ask: a hello with every suite, or without key shares, is not what all servers expect.
void Plan::ask_again(std::uint16_t version, const Answer& answer) {
  const bool tls13 = version >= wire::tls1_3;
  auto question = base(version, first_of(suites_to_ask(version), common_length));
  if (tls13) question.key_shares = {29, 23};
  queue_.ask(std::move(question),
             [this, version, answer](const Answer& again) { decide_version(version, answer, again); });
}

void Plan::decide_version(std::uint16_t version, const Answer& answer, const Answer& again) {
  auto& found = of(version);
  const auto speaks = [&](const Answer& one) { return one.kind == Answer::Kind::accepted && one.version == version; };
  found.refuses_name = answer.alert == wire::unrecognized_name || again.alert == wire::unrecognized_name;
  if (speaks(again)) {
    found.policy.spoken = Known::yes;
    found.needs_shares = !speaks(answer) && version >= wire::tls1_3;
    found.needs_short_list = !speaks(answer) && version < wire::tls1_3;
    if (!speaks(answer)) found.first = found.reversed = std::nullopt;
  } else if (again.kind == Answer::Kind::none && answer.kind == Answer::Kind::none) {
    say_unknown(wire::name(wire::Registry::version, version) + " had no answer");
  } else if (again.kind == Answer::Kind::accepted && !versions_.contains(again.version)) {
    say_unknown("versions: it answers with " + wire::name(wire::Registry::version, again.version));
  } else if (!found.refuses_name) {
    found.policy.spoken = Known::no;
    found.policy.alert = again.kind == Answer::Kind::refused ? again.alert : answer.alert;
  }
  version_decided(version);
}

void Plan::version_decided(std::uint16_t version) {
  if (is_spoken(version)) {
    list_suites(version);
  } else {
    for (const char* what : {"cipher suites", "groups", "signature schemes"}) close(topic_of(version, what));
    const auto contradicts = [this, version](const Answer& answer) {
      if (answer.kind == Answer::Kind::accepted && answer.version == version)
        of(version).contradicted.push_back(answer.suite);
    };
    if (of(version).reversed) contradicts(*of(version).reversed);
    if (of(version).policy.spoken == Known::no) queue_.ask(base(version, suites_to_ask(version)), contradicts);
  }
  if (--undecided_ > 0) return;
  begin_server();
  for (const auto listed : std::exchange(waiting_, {})) begin_details(listed);
}

void Plan::list_suites(std::uint16_t version) {
  ListTopic list;
  list.candidates = suites_to_ask(version);
  list.question = [this, version](const wire::Codes& left) { return base(version, left); };
  list.chosen = [version](const Answer& answer) { return answer.version == version ? answer.suite : std::uint16_t{0}; };
  list.first = of(version).first;
  list.reversed = of(version).reversed;
  list.contradicted = [this, version](std::uint16_t code) { of(version).contradicted.push_back(code); };
  list.confirmations = confirmations;
  list.lists = [this] { return lists(); };
  if (of(version).needs_short_list) list.candidates = first_of(std::move(list.candidates), common_length);
  list.took = [this, version](std::uint16_t code) { add(of(version).policy.suites, code); };
  list.unoffered = [this, version](std::uint16_t code) {
    say_unknown(topic_of(version, "cipher suites: it chooses " + wire::name(wire::Registry::suite, code) +
                                      " where that is not offered"));
  };
  survey_list(queue_, std::move(list), [this, version](Listed listed) { suites_listed(version, std::move(listed)); });
}

/// Over a long way time is saved by asking about several lists at once; nearby it would only cost connections.
unsigned Plan::lists() const { return shortest_ > std::chrono::milliseconds(5) ? 8 : 1; }

void Plan::suites_listed(std::uint16_t version, Listed listed) {
  auto& found = of(version);
  found.policy.suites = std::move(listed.accepted);
  found.policy.suites_by = listed.by;
  found.policy.unknown_suites = std::move(listed.unknown);
  found.policy.alert = listed.alert;
  if (found.needs_short_list)
    say_unknown(
        topic_of(version, "cipher suites beyond the common ones: a ClientHello with all of them is not accepted"));
  look_for_chacha(version);
  if (settings_.sweep) ask_sweep(version);
  if (version >= wire::tls1_3) return suites_done(version);
  lists_open_[version] = 2;
  for (const auto key : {Authentication::rsa, Authentication::ecdsa}) list_rest(version, key);
}

/// Some servers (HAProxy) settle for a certificate before they look at suites: those of the other one show only when
/// nothing in the hello suits the first.
void Plan::list_rest(std::uint16_t version, Authentication key) {
  ListTopic list;
  const auto& policy = of(version).policy;
  for (const auto code : suites_to_ask(version))
    if (suite_of(code).authentication == key && !contains(policy.suites, code) &&
        !contains(policy.unknown_suites, code))
      list.candidates.push_back(code);
  list.ordered = false;
  list.question = [this, version, key](const wire::Codes& left) {
    auto question = base(version, left);
    if (!question.schemes.empty()) question.schemes = schemes_of(key);
    return question;
  };
  list.chosen = [version](const Answer& answer) { return answer.version == version ? answer.suite : std::uint16_t{0}; };
  list.took = [this, version](std::uint16_t code) { add(of(version).policy.suites, code); };
  survey_list(queue_, std::move(list), [this, version](Listed listed) {
    auto& policy = of(version).policy;
    policy.unknown_suites.insert(policy.unknown_suites.end(), listed.unknown.begin(), listed.unknown.end());
    if (!listed.accepted.empty()) ask_rest_again(version, listed.accepted);
    if (--lists_open_[version] == 0) suites_done(version);
  });
}

/// What was refused among others and accepted alone: is it still refused among others, or was somebody else asked?
void Plan::ask_rest_again(std::uint16_t version, const wire::Codes& accepted) {
  auto codes = suites_to_ask(version);
  const auto& policy = of(version).policy;
  std::erase_if(codes, [&](auto code) { return contains(policy.suites, code) && !contains(accepted, code); });
  queue_.ask(base(version, std::move(codes)), [this, version, accepted](const Answer& answer) {
    if (answer.kind == Answer::Kind::accepted && contains(accepted, answer.suite))
      of(version).contradicted.push_back(answer.suite);
  });
}

void Plan::suites_done(std::uint16_t version) {
  close(topic_of(version, "cipher suites"));
  if (undecided_ > 0) return waiting_.push_back(version);
  begin_details(version);
}

void Plan::look_for_chacha(std::uint16_t version) {
  const auto& policy = of(version).policy;
  auto offered = policy.suites;
  const auto middle = std::stable_partition(offered.begin(), offered.end(), is_chacha);
  const bool is_question = policy.suites_by == Preference::server && middle != offered.begin() &&
                           middle != offered.end() && !is_chacha(policy.suites.front());
  if (!is_question) return;
  queue_.ask(base(version, std::move(offered)), [this, version](const Answer& answer) {
    if (answer.kind == Answer::Kind::accepted && is_chacha(answer.suite))
      of(version).policy.suites_by = Preference::adaptive;
  });
}

void Plan::heard(const Question& question, const Answer& answer) {
  if (stopped_) return;
  if (answer.kind == Answer::Kind::none) {
    if (answer.how != Ending::How::foreign || found_.questions > 0) return;
    found_.foreign = answer.note;
    return;
  }
  found_.questions = 1;  // somebody speaks TLS here
  remember(question, answer);
  if (answer.took.count() > 0 && (shortest_.count() == 0 || answer.took < shortest_)) shortest_ = answer.took;
  if (answer.kind != Answer::Kind::accepted) return;
  watch(question, answer);
  if (!answer.chain.empty()) present(answer);
  if (answer.dh_bits != 0 && versions_.contains(answer.version))
    of(answer.version).policy.dh_bits[answer.suite] = answer.dh_bits;
  const bool below13 = answer.version < wire::tls1_3;
  const auto learn = [](Known& known, bool is) {
    if (known != Known::yes) known = is ? Known::yes : Known::no;
  };
  if (answer.flight) learn(found_.certificate_asked, answer.certificate_asked);
  if (answer.certificate_asked && found_.issuers.empty()) found_.issuers = answer.issuers;
  if (!below13 || question.is_bare || question.until == Question::Until::whole) return;
  if (question.deflate) learn(found_.compression, answer.compressed);
  learn(found_.secure_renegotiation, answer.secure_renegotiation);
  learn(found_.extended_master_secret, answer.extended_master_secret);
  if (is_cbc(answer.suite)) learn(found_.encrypt_then_mac, answer.encrypt_then_mac);
}

bool Plan::is_spoken(std::uint16_t version) const { return of(version).policy.spoken == Known::yes; }

std::optional<std::uint16_t> Plan::highest_below13() const {
  for (const auto version : all_versions)
    if (version < wire::tls1_3 && is_spoken(version)) return version;
  return std::nullopt;
}

/// What tells stacks apart is asked as soon as all lists are there, beside what takes longest, complete handshakes.
void Plan::settle() {
  const bool lists_open = std::any_of(versions_.begin(), versions_.end(), [&](const auto& one) {
    return is_open(topic_of(one.first, "groups")) || is_open(topic_of(one.first, "signature schemes"));
  });
  if (!stopped_ && !is_pool_ && !lists_open && found_.foreign.empty() && undecided_ == 0 &&
      !std::exchange(telling_asked_, true))
    ask_telling();
  if (!queue_.empty() || stopped_) return;
  if (!found_.foreign.empty()) return;
  const bool contradicted =
      std::any_of(versions_.begin(), versions_.end(), [](const auto& one) { return !one.second.contradicted.empty(); });
  if ((is_pool_ || contradicted) && !std::exchange(pool_asked_, true)) {
    is_pool_ = true;
    begin_pool();
  }
}

void Plan::give_up(std::string_view reason) {
  if (queue_.empty()) return;
  given_up_ = reason;
  stopped_ = true;
  queue_.clear();
}

void Plan::say_unknown(std::string sentence) {
  if (std::find(unknown_.begin(), unknown_.end(), sentence) == unknown_.end()) unknown_.push_back(std::move(sentence));
}

}  // namespace bothends::policy
