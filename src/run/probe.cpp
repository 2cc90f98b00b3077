#include "run/probe.hpp"

#include "base/text.hpp"
#include "tls/chain_facts.hpp"

namespace bothends::run {

Probe::Probe(const ProbeTools& tools, const Target& target, ProbeSettings settings, Progress progress,
             Probers::Ended ended)
    : tools_(tools),
      target_(target),
      settings_(std::move(settings)),
      progress_(std::move(progress)),
      ended_(std::move(ended)),
      survey_({.sni = target.sni, .names = settings_.names, .sweep = settings_.sweep}),
      crowd_(std::make_shared<Crowd>([this] { prober_ ? prober_->go_on() : void(); })),
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
  prober_ = std::make_unique<Prober>(
      tools_.loop, plan_,
      [this](const policy::Question& question, Prober::Answered answered) { ask(question, std::move(answered)); },
      settings_.pace,
      Prober::Callbacks{[this](const std::string& line) { progress_(target_.text + ": " + line); },
                        [this](const Paced& paced) { surveyed(paced); }, [this] { return room(); }});
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
  if (last_.how == How::unreachable) return probed_.address + " cannot be reached";
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
  for (const auto& presented : probed_.survey.presented)
    probed_.chains.push_back(tls::chain_facts(presented.chain, presented.staple,
                                              {.anchors = tools_.trust.anchors_for(presented.chain),
                                               .anchors_known = tools_.trust.known(),
                                               .name = target_.sni.value_or("")}));
  if (auto ended = std::exchange(ended_, nullptr)) ended(std::move(probed_));
}

}  // namespace bothends::run
