#include "report/probed_verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "base/text.hpp"
#include "report/style.hpp"
#include "report/words.hpp"
#include "wire/codes.hpp"

namespace bothends::report {
namespace {

using Is = ProbeVerdict::Is;
using policy::Known;
using policy::NameAnswer;
using policy::Probed;
using wire::Registry;

constexpr std::int64_t a_day = 86400;
constexpr std::size_t shown_names = 3;
constexpr std::size_t longest_path = 16;

class Verdicts {
 public:
  explicit Verdicts(const Probed& probed) : probed_(probed), survey_(probed.survey) {}

  std::vector<ProbeVerdict> all() && {
    for (std::size_t at = 0; at < survey_.presented.size(); ++at)
      if (at < probed_.chains.size()) chain(at);
    versions();
    features();
    pool();
    cross_checks();
    unknown();
    names();
    std::stable_sort(verdicts_.begin(), verdicts_.end(),
                     [](const ProbeVerdict& a, const ProbeVerdict& b) { return a.is < b.is; });
    return std::move(verdicts_);
  }

 private:
  void wrong(std::string text) { verdicts_.push_back({Is::wrong, std::move(text)}); }
  void note(std::string text) { verdicts_.push_back({Is::note, std::move(text)}); }

  void chain(std::size_t at) {
    const auto& facts = probed_.chains[at];
    const auto name = chain_name(probed_, at);
    if (facts.certificates.empty()) return wrong(name + ": no certificate in it could be read");
    if (facts.incomplete)
      wrong(fmt::format("{}: chain incomplete, the intermediate \"{}\" was not sent", name, missing_issuer(facts)));
    dates(facts, name);
    if (facts.named == false) wrong(name + ": " + wrong_name(facts));
    if (!facts.trust_known) note(name + ": not known whether it is trusted, there were no anchors to judge by");
    for (const auto& problem : facts.trust.problems) trust(facts, name, problem);
    if (!facts.in_order) wrong(name + ": the certificates are not in order");
    if (!facts.superfluous.empty())
      note(fmt::format("{}: {} superfluous certificate{} sent", name, facts.superfluous.size(),
                       facts.superfluous.size() == 1 ? "" : "s"));
    if (facts.root_included) note(name + ": the root is sent too, which nobody needs");
    staple(facts.staple, name);
  }

  /// The last one that could be followed from the leaf says who is missing.
  static std::string missing_issuer(const policy::ChainFacts& facts) {
    std::size_t last = 0;
    const auto& all = facts.certificates;
    for (std::size_t steps = 0; steps < longest_path; ++steps) {
      auto next =
          std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.subject == all[last].issuer; });
      if (next == all.end() || next->self_issued) break;
      last = static_cast<std::size_t>(next - all.begin());
    }
    return printable(all[last].issuer, 160);
  }

  void dates(const policy::ChainFacts& facts, const std::string& name) {
    for (std::size_t at = 0; at < facts.certificates.size(); ++at) {
      const auto& one = facts.certificates[at];
      if (one.not_before == 0 && one.not_after == 0) continue;  // it could not be read
      auto who = at == 0 ? std::string("the leaf") : "\"" + printable(one.subject, 160) + "\"";
      auto left = days_between(probed_.at, one.not_after);
      if (one.not_after < probed_.at)
        wrong(fmt::format("{}: {} expired {} ago, on {}", name, who, days(days_between(one.not_after, probed_.at)),
                          date_of(one.not_after)));
      else if (left < days_to_renew)
        verdicts_.push_back(
            {left < days_to_hurry ? Is::wrong : Is::note,
             fmt::format("{}: {} expires in {}, on {}", name, who, days(left), date_of(one.not_after))});
      if (one.not_before > probed_.at)
        wrong(fmt::format("{}: {} is valid only from {}", name, who, date_of(one.not_before)));
    }
  }

  static std::string days(std::int64_t count) { return fmt::format("{} day{}", count, count == 1 ? "" : "s"); }

  std::string wrong_name(const policy::ChainFacts& facts) const {
    std::vector<std::string> names;
    for (const auto& one : facts.certificates[0].names)
      if (names.size() < shown_names) names.push_back(printable(one, 80));
    auto more = facts.certificates[0].names.size() + facts.certificates[0].more_names - names.size();
    auto list = names.empty() ? "it has no names" : "it is for " + join(names, ", ");
    if (more > 0) list += fmt::format(" and {} more", more);
    return fmt::format("name mismatch, not for {}: {}", printable(survey_.sni.value_or(probed_.target), 160), list);
  }

  /// What dates and completeness have said already is not said twice.
  void trust(const policy::ChainFacts& facts, const std::string& name, const policy::ChainProblem& problem) {
    using policy::Defect;
    auto defect = problem.defect;
    if (defect == Defect::expired || defect == Defect::not_yet_valid || defect == Defect::issuer_expired) return;
    if (facts.incomplete && (defect == Defect::incomplete || defect == Defect::unknown_issuer)) return;
    auto text = fmt::format("{}: not trusted, {}", name, policy::name(defect));
    if (!problem.detail.empty()) text += " (" + printable(problem.detail, 160) + ")";
    wrong(std::move(text));
  }

  void staple(const policy::StapleFacts& staple, const std::string& name) {
    using Status = policy::StapleFacts::Status;
    if (staple.status == Status::none) return;
    if (staple.status == Status::revoked) return wrong(name + ": revoked, says the stapled OCSP response");
    if (staple.status == Status::malformed) return wrong(name + ": the stapled OCSP response is malformed");
    if (!staple.fits) return wrong(name + ": the stapled OCSP response is not about this leaf, or not by its issuer");
    if (staple.status == Status::unknown) return wrong(name + ": the stapled OCSP response does not know the leaf");
    if (staple.next_update != 0 && staple.next_update < probed_.at)
      wrong(fmt::format("{}: the stapled OCSP response is out of date since {}", name, date_of(staple.next_update)));
  }

  void versions() {
    std::vector<std::string> old;
    bool modern = false, none = !survey_.versions.empty();
    for (const auto& one : survey_.versions) {
      if (one.spoken != Known::no) none = false;
      if (one.spoken != Known::yes) continue;
      modern = modern || one.version == wire::tls1_3;
      if (one.version < wire::tls1_2) old.push_back(wire::name(Registry::version, one.version));
      weak(one);
    }
    if (!old.empty()) wrong("weak versions are spoken: " + join(old, ", "));
    if (none && survey_.foreign.empty()) wrong("no version of TLS is spoken to us");
    const auto* newest = survey_.version(wire::tls1_3);
    if (!modern && !none && newest && newest->spoken == Known::no) note("TLSv1.3 is not spoken");
  }

  void weak(const policy::VersionPolicy& version) {
    std::vector<std::string> suites;
    for (auto suite : version.suites)
      if (is_weak_suite(suite)) suites.push_back(wire::name(Registry::suite, suite));
    auto of = wire::name(Registry::version, version.version);
    if (suites.size() > shown_names) {
      auto more = suites.size() - shown_names;
      suites.resize(shown_names);
      suites.push_back(fmt::format("{} more", more));
    }
    if (!suites.empty()) wrong(of + ": weak cipher suites, " + join(suites, ", "));
    std::uint16_t least = 2048;
    for (const auto& [suite, bits] : version.dh_bits)
      if (bits > 0) least = std::min(least, bits);
    if (least < 2048) wrong(fmt::format("{}: DHE with a prime of only {} bits", of, least));
  }

  bool speaks_before_tls13() const {
    return std::any_of(survey_.versions.begin(), survey_.versions.end(),
                       [](const auto& one) { return one.spoken == Known::yes && one.version < wire::tls1_3; });
  }

  void features() {
    if (survey_.compression == Known::yes) wrong("TLS compression is accepted (CRIME)");
    if (survey_.secure_renegotiation == Known::no && speaks_before_tls13())
      wrong("no secure renegotiation: OpenSSL 3 clients refuse to connect");
    if (survey_.large_hello == Known::no)
      wrong("a ClientHello of two packets is not answered: clients with ML-KEM key shares fail");
    if (survey_.grease == Known::no) wrong("GREASE values are refused: browsers fail");
    if (survey_.certificate_required == Known::yes) note("a client certificate is required");
    for (const auto& one : survey_.resumption.across)
      if (one.accepted == Known::yes)
        note(fmt::format("a session of {} is resumed for {} ({})", printable(one.from, 160), printable(one.to, 160),
                         wire::name(Registry::version, one.version)));
    if (probed_.throttled > 0) note(fmt::format("it made us slow down {} times", probed_.throttled));
  }

  void pool() {
    if (!survey_.members.empty())
      wrong(fmt::format("{} unequal servers answer at this address: clients get one or the other",
                        survey_.members.size()));
  }

  void cross_checks() {
    for (const auto& one : probed_.cross_checks) {
      if (one.is == policy::CrossCheck::Is::equal) continue;
      auto whose = one.is == policy::CrossCheck::Is::unknown      ? "whose difference is unknown"
                   : one.is == policy::CrossCheck::Is::the_stacks ? "the stack's difference"
                                                                  : "the server's difference";
      auto text = fmt::format("{} {}: foretold {}, saw {}: {}", printable(one.stack, 40),
                              wire::name(Registry::version, one.version), printable(one.foretold, 160),
                              printable(one.seen, 160), whose);
      if (!one.why.empty()) text += " (" + printable(one.why, 160) + ")";
      verdicts_.push_back({one.is == policy::CrossCheck::Is::the_servers ? Is::wrong : Is::note, std::move(text)});
    }
  }

  void unknown() {
    for (const auto& sentence : survey_.unknown) verdicts_.push_back({Is::unknown, printable(sentence, 400)});
    if (probed_.interrupted) verdicts_.push_back({Is::unknown, "interrupted: not everything was asked"});
  }

  /// What a client gets that names nobody, or somebody else: the default certificate gives other names away.
  void names() {
    std::map<std::size_t, std::string> strangers;
    for (const auto& one : survey_.names) {
      bool stranger = one.which == NameAnswer::Case::none || one.which == NameAnswer::Case::unknown;
      if (!stranger || one.kind != policy::Answer::Kind::accepted || !one.presented) continue;
      auto& who = strangers[*one.presented];
      who += (who.empty() ? "" : " and ") + asked_name(one);
    }
    for (const auto& [presented, who] : strangers)
      note(fmt::format("the default certificate, for {}: {}", who, chain_name(probed_, presented)));
  }

  const Probed& probed_;
  const policy::Surveyed& survey_;
  std::vector<ProbeVerdict> verdicts_;
};

}  // namespace

std::vector<ProbeVerdict> verdicts_of(const Probed& probed) {
  if (!probed.error.empty()) return {{Is::unknown, "it could not be asked: " + printable(probed.error, 400)}};
  if (!probed.survey.foreign.empty())
    return {
        {Is::wrong, "not TLS: it says \"" + Style({}).text(probed.survey.foreign, 160) + "\""}};  // printable already
  return Verdicts(probed).all();
}

std::string chain_name(const Probed& probed, std::size_t presented) {
  auto text = fmt::format("chain {}", presented + 1);
  if (presented >= probed.chains.size() || probed.chains[presented].certificates.empty()) return text;
  const auto& leaf = probed.chains[presented].certificates[0];
  auto key = leaf.key_name.empty() ? "" : ", " + printable(leaf.key_name, 40);
  return fmt::format("{} ({}{})", text, printable(leaf.names.empty() ? leaf.subject : leaf.names[0], 80), key);
}

std::int64_t days_between(std::int64_t at, std::int64_t then) {
  constexpr std::int64_t far = std::int64_t{1} << 56;
  auto seconds = std::clamp(then, -far, far) - std::clamp(at, -far, far);
  return seconds >= 0 ? seconds / a_day : (seconds - a_day + 1) / a_day;
}

std::string date_of(std::int64_t seconds) {
  std::time_t time = seconds;
  std::tm parts{};
  bool is_date = gmtime_r(&time, &parts) != nullptr && parts.tm_year < 8100 && parts.tm_year > -1900;
  if (!is_date) return fmt::format("second {} of 1970", seconds);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

std::string asked_name(const NameAnswer& answer) {
  switch (answer.which) {
    case NameAnswer::Case::none:
      return "no SNI";
    case NameAnswer::Case::unknown:
      return "an unknown name";
    default:
      return printable(answer.sni, 160);
  }
}

bool is_weak_suite(std::uint16_t suite) {
  const auto name = wire::known_name(Registry::suite, suite);
  if (!name) return false;
  if (suite == 0xc0b4 || suite == 0xc0b5) return true;  // RFC 9150: TLS 1.3 without encryption
  for (std::string_view mark : {"_NULL_", "_EXPORT", "_anon_", "_RC4_", "_RC2_", "_DES_", "_DES40_", "_3DES_", "_MD5"})
    if (name->find(mark) != std::string_view::npos) return true;
  return false;
}

}  // namespace bothends::report
