// A server made of a policy and the predictor, which answers a survey's questions without a socket.
#pragma once

#include <algorithm>
#include <functional>
#include <random>

#include "policy/likeness.hpp"
#include "policy/negotiate.hpp"
#include "policy/survey.hpp"

namespace bothends::policy {

/// TLS 1.2 and 1.3, an ECDSA leaf and an RSA one, the client's order.
inline Policy web_server() {
  Policy policy;
  policy.versions = {0x0304, 0x0303};
  policy.suites = {0x1302, 0x1303, 0x1301, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013};
  policy.groups = {29, 23, 24};
  policy.signature_schemes = {0x0403, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501};
  policy.alpn = {"h2", "http/1.1"};
  policy.leaves = {{{"a.test"}, Key::ecdsa_p256, 256, {1, 1}}, {{"a.test"}, Key::rsa, 2048, {2, 2}}};
  return policy;
}

inline Answer answer_from(const Policy& policy, Question question) {
  if (question.until == Question::Until::whole) {  // by a stack's own lists
    question.suites = policy.suites;
    question.groups = question.key_shares = policy.groups;
    question.schemes = policy.signature_schemes;
  }
  Answer answer;
  answer.took = std::chrono::microseconds(200);
  const auto outcome = negotiate(offer_of(question), policy);
  if (const auto* refusal = std::get_if<Refusal>(&outcome);
      refusal && refusal->reason != Reason::client_certificate_required) {
    answer.kind = Answer::Kind::refused;
    answer.how = Ending::How::alert_received;
    answer.alert = refusal->alert;
    return answer;
  }
  // A client certificate is asked for after everything a survey wants is said.
  auto open_policy = policy;
  open_policy.client_certificate = ClientCertificate::none;
  const auto agreed = std::get<Agreement>(negotiate(offer_of(question), open_policy));
  answer.kind = Answer::Kind::accepted;
  answer.how = Ending::How::closed;
  answer.version = agreed.version;
  answer.suite = agreed.suite;
  answer.group = agreed.group;
  answer.retry = agreed.hello_retry;
  answer.secure_renegotiation = agreed.version < 0x0304;
  if (agreed.hello_retry) return answer;
  answer.scheme = agreed.signature_scheme;
  answer.alpn = agreed.alpn;
  answer.chain = {agreed.leaf};
  answer.flight = true;
  answer.certificate_asked = policy.client_certificate != ClientCertificate::none;
  answer.complete = policy.client_certificate != ClientCertificate::required;
  answer.granted = answer.resumed = answer.complete;
  return answer;
}

/// Runs a survey to its end; sixteen questions are out at a time and are answered in random order.
inline Surveyed surveyed_by(const std::function<Answer(const Question&)>& server, SurveySettings settings = {},
                            unsigned seed = 1) {
  Survey survey(std::move(settings));
  std::mt19937 random(seed);
  std::vector<Survey::Numbered> out;
  for (unsigned turn = 0; !survey.done() && turn < 20000; ++turn) {
    for (auto& question : survey.next(16 - out.size())) out.push_back(std::move(question));
    if (out.empty()) break;
    std::swap(out[random() % out.size()], out.back());
    const auto question = std::move(out.back());
    out.pop_back();
    survey.absorb(question.number, server(question.question));
  }
  if (!survey.done()) throw std::runtime_error("the survey does not end");
  return survey.result();
}

inline Surveyed surveyed_by(const Policy& policy, SurveySettings settings = {}) {
  return surveyed_by([&](const Question& question) { return answer_from(policy, question); }, std::move(settings));
}

}  // namespace bothends::policy
