#include "run/probe.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "policy/cross_check.hpp"
#include "policy/likeness.hpp"
#include "run/profiles.hpp"
#include "tls/chain_facts.hpp"

namespace bothends::run {

namespace {
constexpr std::size_t most_chains = 32;  // a server that mints a leaf for everyone could present thousands
}  // namespace

Probe::Probe(const ProbeTools& tools, const Target& target, ProbeSettings settings, Progress progress,
             Probers::Ended ended)
    : tools_(tools),
      target_(target),
      settings_(std::move(settings)),
      progress_(std::move(progress)),
      ended_(std::move(ended)),
      crowd_(std::make_shared<Crowd>([this] { prober_ ? prober_->go_on() : void(); })),
      survey_({.sni = target.sni, .names = settings_.names, .sweep = settings_.sweep}),
      reach_(tools.loop, target.endpoint, [this](Result<net::Endpoint> found) { reached(std::move(found)); }) {
  probed_.target = target.text;
  probed_.at = tools.now;
}

Probe::~Probe() { crowd_->forget(); }

void Probe::interrupt() {
  interrupted_ = true;
  if (prober_) return prober_->interrupt();
  probed_.interrupted = true;
  fail("interrupted");
}

void Probe::fail(std::string why) {
  probed_.error = std::move(why);
  if (auto ended = std::exchange(ended_, nullptr)) ended(std::move(probed_));
}

void Probe::reached(Result<net::Endpoint> found) {
  if (interrupted_) return;
  if (!found) return fail(found.error().what);
  way_ = {*found, settings_.pace.question, settings_.proxy_protocol, crowd_};
  probed_.address = found->text();
  begin(plan_, settings_.pace, &Probe::surveyed);
}

void Probe::begin(Plan& plan, const Pace& pace, void (Probe::*ended)(const Paced&)) {
  prober_ = std::make_unique<Prober>(
      tools_.loop, plan,
      [this](const policy::Question& question, Prober::Answered answered) { ask(question, std::move(answered)); }, pace,
      Prober::Callbacks{[this](const std::string& line) { progress_(target_.text + ": " + line); },
                        [this, ended](const Paced& paced) { (this->*ended)(paced); }, [this] { return room(); }});
}

unsigned Probe::room() const {
  const auto most = settings_.pace.connections;
  return most - std::min(most, crowd_->size());
}

void Probe::ask(const policy::Question& question, Prober::Answered answered) {
  const auto at = askings_.emplace(askings_.end());
  *at = std::make_unique<Asking>(tools_.asking, way_, question,
                                 [this, at, answered = std::move(answered)](policy::Answer answer) {
                                   if (answer.kind == policy::Answer::Kind::none) last_ = answer;
                                   const auto done = std::move(*at);
                                   askings_.erase(at);
                                   answered(std::move(answer));
                                 });
}

std::string Probe::unreached(const Paced& paced) const {
  using How = policy::Ending::How;
  if (last_.how == How::connection_refused) return "nobody listens at " + probed_.address;
  if (last_.how == How::unreachable)
    return probed_.address + " cannot be reached" + (last_.note.empty() ? "" : ": " + last_.note);
  if (last_.how == How::failed) return probed_.address + " could not be asked: " + last_.note;
  return probed_.address + " answers nothing" + (paced.gave_up.empty() ? "" : ": " + paced.gave_up);
}

void Probe::surveyed(const Paced& paced) {
  probed_.survey = survey_.result();
  probed_.connections = paced.connections;
  probed_.throttled = paced.throttled;
  probed_.round_trip = paced.round_trip;
  probed_.took = paced.took;
  probed_.interrupted = paced.interrupted;
  probed_.anchors = tools_.trust.name();
  if (!paced.reached && probed_.survey.foreign.empty() && !paced.interrupted) return fail(unreached(paced));
  judge_chains();
  probed_.likeness = policy::likeness_of(probed_);
  probed_.survey.heard = {};
  auto questions = further_questions();
  if (questions.empty()) return end();
  further_.emplace(std::move(questions));
  Pace pace = settings_.pace;
  pace.total -= std::min(pace.total, paced.took);
  if (paced.throttled > 0) {
    pace.connections = paced.at_once;
    pace.per_second = paced.per_second;
  }
  if (!paced.interrupted && pace.total.count() > 0) return begin(*further_, pace, &Probe::verified);
  further_->give_up(paced.interrupted ? "interrupted" : "there was no time left");
  verified({.interrupted = paced.interrupted});
}

void Probe::judge_chains() {
  const auto count = std::min(probed_.survey.presented.size(), most_chains);
  for (const auto& presented : std::span(probed_.survey.presented).first(count))
    probed_.chains.push_back(tls::chain_facts(presented.chain, presented.staple,
                                              {.anchors = tools_.trust.anchors_for(presented.chain),
                                               .anchors_known = tools_.trust.known(),
                                               .name = target_.sni.value_or("")}));
}

std::vector<policy::Question> Probe::further_questions() const {
  std::vector<policy::Question> questions;
  if (!probed_.survey.foreign.empty()) return questions;
  if (settings_.verify_clients)
    for (const ClientProfile& profile : client_profiles()) {
      auto& question = questions.emplace_back();
      question.like = profile.id;
      question.sni = target_.sni;
      question.until = policy::Question::Until::flight;
    }
  for (const auto& stack : settings_.stacks)
    for (auto& question : policy::cross_questions(probed_, stack)) questions.push_back(std::move(question));
  return questions;
}

void Probe::verified(const Paced& paced) {
  probed_.connections += paced.connections;
  probed_.throttled += paced.throttled;
  probed_.took += paced.took;
  probed_.interrupted = probed_.interrupted || paced.interrupted;
  for (std::size_t at = 0; at < further_->questions().size(); ++at) {
    const auto& question = further_->questions()[at];
    const auto& answer = further_->answers()[at];
    if (question.like.empty())
      probed_.cross_checks.push_back(policy::cross_check(question, answer, probed_));
    else
      probed_.hellos.emplace(question.like, answer);
  }
  end();
}

void Probe::end() {
  if (auto ended = std::exchange(ended_, nullptr)) ended(std::move(probed_));
}

}  // namespace bothends::run
