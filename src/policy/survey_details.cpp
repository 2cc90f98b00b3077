#include <algorithm>
#include <array>

#include "policy/survey_plan.hpp"

namespace bothends::policy {

namespace {

/// Groups that a share can be made for, the cheapest first.
constexpr std::array<std::uint16_t, 16> shareable{29,     23,     24,     30,     25,     0x11ec, 0x11eb, 0x11ed,
                                                  0x0201, 0x0200, 0x0202, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104};

struct NamedCurve {
  std::uint16_t group;
  std::string_view oid;  // DER
};
constexpr std::array curves{NamedCurve{23, {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10}},
                            NamedCurve{24, {"\x06\x05\x2b\x81\x04\x00\x22", 7}},
                            NamedCurve{25, {"\x06\x05\x2b\x81\x04\x00\x23", 7}},
                            NamedCurve{22, {"\x06\x05\x2b\x81\x04\x00\x0a", 7}},
                            NamedCurve{26, {"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 11}},
                            NamedCurve{27, {"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", 11}},
                            NamedCurve{28, {"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", 11}}};

/// The curve of a leaf's key, by its object identifier; 0: of none of them. Only what to ask next depends on it.
std::uint16_t curve_in(View der) {
  const std::string_view text(reinterpret_cast<const char*>(der.data()), der.size());
  for (const auto& curve : curves)
    if (text.find(curve.oid) != text.npos) return curve.group;
  return 0;
}

wire::Codes suites_that(const wire::Codes& suites, const std::function<bool(const Suite&)>& fit) {
  wire::Codes codes;
  std::copy_if(suites.begin(), suites.end(), std::back_inserter(codes),
               [&](std::uint16_t code) { return fit(suite_of(code)); });
  return codes;
}

wire::Codes suites_of(const wire::Codes& suites, const SchemeFamily& family) {
  wire::Codes codes;
  for (const auto code : suites) {
    const auto name = wire::known_name(wire::Registry::suite, code).value_or("");
    const Suite suite = suite_of(code);
    const bool is_marked = !family.suite_mark.empty() && name.find(family.suite_mark) != name.npos;
    const bool is_signed = suite.exchange == KeyExchange::ecdhe || suite.exchange == KeyExchange::dhe;
    if (family.suite_mark.empty() ? is_signed && suite.authentication == family.authentication : is_marked)
      codes.push_back(code);
  }
  return codes;
}

}  // namespace

/// Of TLS 1.3: the cheapest that is known to be accepted; 0: none that we can make.
std::uint16_t Plan::share_group() const {
  const auto& found = of(wire::tls1_3);
  auto groups = found.policy.groups;
  if (groups.empty() && found.first) groups = {found.first->group};
  if (groups.empty() && found.needs_shares) groups = {29};
  for (const auto group : shareable)
    if (std::find(groups.begin(), groups.end(), group) != groups.end()) return group;
  return 0;
}

void Plan::begin_details(std::uint16_t version) {
  if (version >= wire::tls1_3) return list_groups13();
  if (version == wire::tls1_2)
    list_schemes(version);
  else
    close(topic_of(version, "signature schemes"));
  const auto highest = highest_below13();
  if (version == highest) return list_groups(version);
  if (!is_open(topic_of(*highest, "groups"))) check_groups(version);
}

void Plan::list_groups13() {
  ListTopic list;
  list.candidates = groups_to_ask(wire::tls1_3);
  list.question = [this](const wire::Codes& left) {
    auto question = base(wire::tls1_3, of(wire::tls1_3).policy.suites);
    question.groups = left;
    std::erase_if(question.key_shares,
                  [&](auto code) { return std::find(left.begin(), left.end(), code) == left.end(); });
    return question;
  };
  list.chosen = [](const Answer& answer) { return answer.group; };
  list.confirmations = 1;
  list.contradicted = [this](std::uint16_t) { is_pool_ = true; };
  list.lists = [this] { return lists(); };
  list.took = [this](std::uint16_t code) { add(of(wire::tls1_3).policy.groups, code); };
  survey_list(queue_, std::move(list), [this](Listed listed) {
    groups_listed(wire::tls1_3, std::move(listed));
    list_schemes(wire::tls1_3);
  });
}

/// With an ECDSA leaf only, its own curve must be offered too (RFC 8422 section 5.1.1), at the end: once it is chosen,
/// nothing else will be.
void Plan::list_groups(std::uint16_t version) {
  const auto& suites = of(version).policy.suites;
  auto ecdhe = suites_that(suites, [](const Suite& suite) {
    return suite.exchange == KeyExchange::ecdhe && suite.authentication == Authentication::rsa;
  });
  std::uint16_t own = 0;
  if (ecdhe.empty()) {
    ecdhe = suites_that(suites, [](const Suite& suite) { return suite.exchange == KeyExchange::ecdhe; });
    for (const auto& one : found_.presented)
      if (own == 0) own = curve_in(one.chain.front());
  }
  ListTopic list;
  if (!ecdhe.empty()) list.candidates = groups_to_ask(version);
  list.question = [this, version, ecdhe, own](const wire::Codes& left) {
    auto question = base(version, ecdhe);
    question.groups = left;
    if (own != 0 && std::find(left.begin(), left.end(), own) == left.end()) question.groups.push_back(own);
    return question;
  };
  list.chosen = [](const Answer& answer) { return answer.group; };
  list.confirmations = 1;
  list.contradicted = [this](std::uint16_t) { is_pool_ = true; };
  list.lists = [this] { return lists(); };
  list.took = [this, version](std::uint16_t code) { add(of(version).policy.groups, code); };
  survey_list(queue_, std::move(list), [this, version](Listed listed) { groups_listed(version, std::move(listed)); });
}

void Plan::groups_listed(std::uint16_t version, Listed listed) {
  auto& found = of(version);
  found.policy.groups = std::move(listed.accepted);
  found.policy.groups_by = listed.by;
  found.policy.group_alert = listed.alert;
  found.policy.unknown_groups = std::move(listed.unknown);
  close(topic_of(version, "groups"));
  if (version != highest_below13()) return;
  for (const auto& [lower, one] : versions_)
    if (lower < version && is_spoken(lower) && !is_open(topic_of(lower, "cipher suites"))) check_groups(lower);
}

/// Every server known keeps one list of groups for all versions before 1.3. Two questions tell whether this one does:
/// the last of the list is taken, and nothing beside the list. If not, the version is asked for itself.
void Plan::check_groups(std::uint16_t version) {
  const auto& above = of(*highest_below13()).policy;
  auto& policy = of(version).policy;
  const auto ecdhe = suites_that(policy.suites, [](const Suite& suite) {
    return suite.exchange == KeyExchange::ecdhe && suite.authentication != Authentication::ecdsa;
  });
  if (ecdhe.empty() || above.groups.empty()) return list_groups(version);
  auto last = base(version, ecdhe), others = base(version, ecdhe);
  last.groups = {above.groups.back()};
  std::erase_if(others.groups, [&](auto code) {
    return std::find(above.groups.begin(), above.groups.end(), code) != above.groups.end();
  });
  queue_.ask(std::move(last), [this, version, others](const Answer& answer) {
    if (answer.kind != Answer::Kind::accepted) return list_groups(version);
    queue_.ask(others, [this, version](const Answer& answer) {
      if (answer.kind != Answer::Kind::refused) return list_groups(version);
      const auto& above = of(*highest_below13()).policy;
      of(version).policy.groups = above.groups;
      of(version).policy.groups_by = above.groups_by;
      of(version).policy.group_alert = answer.alert;
      close(topic_of(version, "groups"));
    });
  });
}

void Plan::list_schemes(std::uint16_t version) {
  const auto& policy = of(version).policy;
  if (version >= wire::tls1_3 && share_group() == 0) {
    say_unknown("TLSv1.3 signature schemes and certificates: no key share can be made here for the groups it takes");
    return close(topic_of(version, "signature schemes"));
  }
  families_open_[version] = 1;
  for (const auto& family : scheme_families(version)) {
    auto suites = version >= wire::tls1_3 ? policy.suites : suites_of(policy.suites, family);
    if (!suites.empty()) list_family(version, family, std::move(suites));
  }
  family_listed(version);
}

/// What no key signs by when all is offered, key by key: see list_rest().
void Plan::list_other_keys() {
  const auto& policy = of(wire::tls1_3).policy;
  ++families_open_[wire::tls1_3];
  for (const auto key : {Authentication::rsa, Authentication::ecdsa, Authentication::other}) {
    SchemeFamily family{key, {}, schemes_of(key)};
    std::erase_if(family.schemes, [&](std::uint16_t code) {
      const auto is_in = [&](const wire::Codes& codes) {
        return std::find(codes.begin(), codes.end(), code) != codes.end();
      };
      return is_in(policy.schemes) || is_in(policy.unknown_schemes);
    });
    list_family(wire::tls1_3, family, policy.suites);
  }
  family_listed(wire::tls1_3);
}

void Plan::list_family(std::uint16_t version, const SchemeFamily& family, wire::Codes suites) {
  ++families_open_[version];
  ListTopic list;
  list.candidates = family.schemes;
  list.ordered = family.authentication == Authentication::any;
  list.lists = [this] { return lists(); };
  list.question = [this, version, suites](const wire::Codes& left) {
    auto question = base(version, suites);
    question.schemes = left;
    question.until = Question::Until::flight;
    if (version >= wire::tls1_3) question.key_shares = {share_group()};
    return question;
  };
  list.chosen = [](const Answer& answer) { return answer.scheme; };
  list.took = [this, version](std::uint16_t code) { add(of(version).policy.schemes, code); };
  const bool is_all = family.authentication == Authentication::any;
  survey_list(queue_, std::move(list), [this, version, is_all](Listed listed) {
    auto& policy = of(version).policy;
    if (is_all) {
      policy.schemes_by = listed.by;
      policy.schemes = listed.accepted;
    }
    if (listed.alert) policy.scheme_alert = listed.alert;
    policy.unknown_schemes.insert(policy.unknown_schemes.end(), listed.unknown.begin(), listed.unknown.end());
    if (is_all) list_other_keys();
    family_listed(version);
  });
}

void Plan::family_listed(std::uint16_t version) {
  if (--families_open_[version] == 0) close(topic_of(version, "signature schemes"));
}

}  // namespace bothends::policy
