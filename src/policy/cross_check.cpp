#include "policy/cross_check.hpp"

#include <algorithm>

#include "policy/suite.hpp"
#include "wire/codes.hpp"

namespace bothends::policy {

namespace {

using How = Ending::How;
using Is = CrossCheck::Is;
using wire::Registry;

template <class Fits>
wire::Codes those(const wire::Codes& codes, const Fits& fits) {
  wire::Codes left;
  std::copy_if(codes.begin(), codes.end(), std::back_inserter(left), fits);
  return left;
}

Leaf leaf_at(const Probed& probed, std::size_t presented) {
  Leaf leaf{{}, Key::other, 0, {}};
  if (presented >= probed.chains.size() || probed.chains[presented].certificates.empty()) return leaf;
  leaf.key = probed.chains[presented].certificates.front().key;
  leaf.bits = probed.chains[presented].certificates.front().bits;
  return leaf;
}

/// In TLS 1.3 PKCS #1 is for certificates only (RFC 8446 section 4.2.3), but some servers tell a client that can do RSA
/// at all by it.
wire::Codes schemes_for(const Presented& presented, const Leaf& leaf, std::uint16_t version) {
  auto schemes = those(presented.schemes, [&](std::uint16_t code) { return scheme_fits(code, leaf, version); });
  if (version >= wire::tls1_3 && leaf.key == Key::rsa && !schemes.empty())
    for (const std::uint16_t pkcs1 : {0x0401, 0x0501, 0x0601}) schemes.push_back(pkcs1);
  return schemes;
}

Question question_for(const Probed& probed, const VersionPolicy& found, std::size_t presented) {
  const Leaf leaf = leaf_at(probed, presented);
  Question question;
  question.until = Question::Until::whole;
  question.versions = {found.version};
  question.sni = probed.survey.sni;
  question.alpn = probed.survey.alpn;
  question.suites = those(found.suites, [&](std::uint16_t code) {
    return found.version >= wire::tls1_3 || fits(suite_of(code), leaf.key);
  });
  if (question.suites.empty()) question.suites = found.suites;
  if (found.version >= wire::tls1_2)
    question.schemes = schemes_for(probed.survey.presented[presented], leaf, found.version);
  return question;
}

/// How the handshake came out.
enum class Came { completed, refused, gave_up, nothing };

Came came(const Answer& answer) {
  if (answer.complete) return Came::completed;
  if (answer.how == How::alert_sent || answer.how == How::failed || answer.how == How::malformed) return Came::gave_up;
  if (answer.kind == Answer::Kind::none || answer.how == How::timed_out) return Came::nothing;
  return Came::refused;
}

std::string alert_words(const std::optional<std::uint8_t>& alert) {
  return alert ? "alert " + wire::name(Registry::alert, *alert) : "closes without an alert";
}

std::string agreed_words(const Agreement& agreed) {
  std::string words = wire::name(Registry::suite, agreed.suite);
  if (agreed.group != 0) words += ", " + wire::name(Registry::group, agreed.group);
  if (agreed.signature_scheme != 0) words += ", " + wire::name(Registry::signature_scheme, agreed.signature_scheme);
  return agreed.alpn.empty() ? words : words + ", " + agreed.alpn;
}

std::string words_of(const std::optional<Outcome>& outcome) {
  if (!outcome) return "not known";
  if (const auto* agreed = std::get_if<Agreement>(&*outcome)) return agreed_words(*agreed);
  const auto& refusal = std::get<Refusal>(*outcome);
  return (refusal.by == Party::client ? "the client refuses: " : "") + alert_words(refusal.alert);
}

std::string how_words(How how) {
  std::string words(name(how));
  std::replace(words.begin(), words.end(), '-', ' ');
  return words;
}

std::string seen_words(const Answer& answer) {
  switch (came(answer)) {
    case Came::completed:
      return words_of(outcome_of(answer));
    case Came::refused:
      return alert_words(answer.alert);
    case Came::gave_up:
      return answer.hello.empty() ? "not asked" : "the stack gave up";
    case Came::nothing:
      break;
  }
  return "no answer: " + how_words(answer.how);
}

struct Verdict {
  Is is;
  std::string why;
};

std::string with(std::string sentence, const std::string& note) {
  return note.empty() ? sentence : std::move(sentence) + ": " + note;
}

bool is_same(std::uint16_t one, std::uint16_t other) { return one == 0 || other == 0 || one == other; }

Verdict against(const Agreement& foretold, const Answer& answer) {
  if (came(answer) == Came::refused)
    return {Is::the_servers, with("the server refuses what was foretold", answer.note)};
  const Agreement seen = std::get<Agreement>(*outcome_of(answer));
  const auto differ = [](std::string what) {
    return Verdict{Is::the_servers, "the server chose another " + std::move(what) + " than foretold"};
  };
  if (foretold.version != seen.version) return differ("version");
  if (foretold.suite != seen.suite) return differ("suite");
  if (!is_same(foretold.group, seen.group)) return differ("group");
  if (!is_same(foretold.signature_scheme, seen.signature_scheme)) return differ("signature scheme");
  if (foretold.alpn != seen.alpn) return differ("protocol");
  if (!foretold.leaf.empty() && !seen.leaf.empty() && foretold.leaf != seen.leaf) return differ("certificate");
  return {Is::equal, {}};
}

Verdict against(const Refusal& foretold, const Answer& answer) {
  const bool refused = came(answer) == Came::refused;
  if (foretold.by == Party::client)
    return refused ? Verdict{Is::the_servers, "the server refused first"}
                   : Verdict{Is::the_stacks, "the stack takes what it was foretold to refuse"};
  if (!refused) return {Is::the_servers, "the server accepts what it was foretold to refuse"};
  // A certificate that is missing may be minded in HTTP.
  const bool minds_certificate = foretold.reason == Reason::client_certificate_required && answer.certificate_asked;
  if (foretold.alert == answer.alert || minds_certificate) return {Is::equal, {}};
  return {Is::the_servers, "the server refuses in another way"};
}

Verdict verdict_of(const std::optional<Outcome>& foretold, const Answer& answer) {
  const auto how = came(answer);
  if (how == Came::nothing) return {Is::unknown, with("the server did not answer", answer.note)};
  if (how == Came::gave_up && answer.hello.empty()) return {Is::the_stacks, with("it cannot ask that", answer.note)};
  if (!foretold) return {Is::unknown, "the survey does not know enough to foretell this"};
  const auto* refusal = std::get_if<Refusal>(&*foretold);
  if (how == Came::gave_up)
    return refusal && refusal->by == Party::client
               ? Verdict{Is::equal, {}}
               : Verdict{Is::the_stacks, with("it gave up though the server did not refuse", answer.note)};
  return refusal ? against(*refusal, answer) : against(std::get<Agreement>(*foretold), answer);
}

std::optional<Outcome> foretold_of(const Question& asked, const Answer& answer, const Probed& probed,
                                   const Foretelling& foretelling) {
  const auto hello = wire::parse_client_hello(answer.hello);
  if (!hello.value) return std::nullopt;
  Offer offer = offer_of(*hello.value);
  offer.stack = asked.stack;
  offer.min_version = *std::min_element(asked.versions.begin(), asked.versions.end());
  return foretelling(offer, probed);
}

}  // namespace

std::vector<Question> cross_questions(const Probed& probed, std::string_view stack) {
  std::vector<Question> questions;
  const auto& presented = probed.survey.presented;
  for (const auto& found : probed.survey.versions) {
    if (found.spoken != Known::yes) continue;
    for (std::size_t at = 0; at < presented.size(); ++at) {
      const auto& versions = presented[at].versions;
      if (std::find(versions.begin(), versions.end(), found.version) == versions.end()) continue;
      auto question = question_for(probed, found, at);
      question.stack = stack;
      if (std::find(questions.begin(), questions.end(), question) == questions.end())
        questions.push_back(std::move(question));
    }
  }
  return questions;
}

CrossCheck cross_check(const Question& asked, const Answer& answer, const Probed& probed,
                       const Foretelling& foretelling) {
  const auto foretold = foretold_of(asked, answer, probed, foretelling);
  auto [is, why] = verdict_of(foretold, answer);
  return {asked.stack, asked.versions.front(), words_of(foretold), seen_words(answer), is, std::move(why)};
}

}  // namespace bothends::policy
