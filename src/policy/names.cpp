// The words in which these enumerations appear in scenarios, reports and findings.
#include <algorithm>
#include <array>

#include "policy/policy.hpp"

namespace bothends::policy {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array stages{"connect"sv,  "client-hello"sv, "server-hello"sv, "certificate"sv, "client-certificate"sv,
                            "finished"sv, "request"sv,      "response"sv,     "done"sv};
constexpr std::array defects{"expired"sv,       "not-yet-valid"sv,  "self-signed"sv,    "unknown-issuer"sv,
                             "incomplete"sv,    "issuer-expired"sv, "wrong-name"sv,     "no-subject-alt-name"sv,
                             "wrong-purpose"sv, "weak-key"sv,       "weak-signature"sv, "bad-signature"sv,
                             "not-a-ca"sv,      "path-too-long"sv,  "revoked"sv,        "none-sent"sv,
                             "other"sv};
constexpr std::array reasons{"no-shared-version"sv,
                             "no-shared-suite"sv,
                             "no-shared-group"sv,
                             "no-shared-signature-scheme"sv,
                             "no-shared-alpn"sv,
                             "unknown-name"sv,
                             "no-certificate"sv,
                             "chain"sv,
                             "client-certificate-required"sv,
                             "client-certificate-refused"sv,
                             "other"sv};
constexpr std::array endings{"open"sv,        "closed"sv,   "alert-sent"sv, "alert-received"sv,
                             "eof"sv,         "reset"sv,    "timed-out"sv,  "connection-refused"sv,
                             "unreachable"sv, "foreign"sv,  "malformed"sv,  "failed"sv,
                             "stopped"sv,     "broke-off"sv};
constexpr std::array keys{"rsa"sv,     "rsa-pss"sv, "ecdsa-p256"sv, "ecdsa-p384"sv, "ecdsa-p521"sv,
                          "ed25519"sv, "ed448"sv,   "dsa"sv,        "other"sv};
constexpr std::array parties{"client"sv, "server"sv};
constexpr std::array verifies{"none"sv, "chain"sv, "full"sv};
constexpr std::array client_certificates{"none"sv, "optional"sv, "required"sv};

static_assert(stages.size() == static_cast<std::size_t>(Stage::done) + 1);
static_assert(defects.size() == static_cast<std::size_t>(Defect::other) + 1);
static_assert(reasons.size() == static_cast<std::size_t>(Reason::other) + 1);
static_assert(endings.size() == static_cast<std::size_t>(Ending::How::broke_off) + 1);
static_assert(keys.size() == static_cast<std::size_t>(Key::other) + 1);

template <class Words, class Value>
std::string_view word(const Words& words, Value value) {
  return words.at(static_cast<std::size_t>(value));
}

template <class Value, class Words>
std::optional<Value> value_of(const Words& words, std::string_view name) {
  const auto at = std::find(words.begin(), words.end(), name);
  if (at == words.end()) return std::nullopt;
  return static_cast<Value>(at - words.begin());
}

}  // namespace

std::string_view name(Stage stage) { return word(stages, stage); }
std::string_view name(Defect defect) { return word(defects, defect); }
std::string_view name(Reason reason) { return word(reasons, reason); }
std::string_view name(Ending::How how) { return word(endings, how); }
std::string_view name(Party party) { return word(parties, party); }
std::string_view name(Verify verify) { return word(verifies, verify); }
std::string_view name(Key key) { return word(keys, key); }
std::string_view name(ClientCertificate asked) { return word(client_certificates, asked); }

std::optional<Defect> defect_of(std::string_view name) { return value_of<Defect>(defects, name); }
std::optional<Reason> reason_of(std::string_view name) { return value_of<Reason>(reasons, name); }
std::optional<Key> key_of(std::string_view name) { return value_of<Key>(keys, name); }
std::optional<Verify> verify_of(std::string_view name) { return value_of<Verify>(verifies, name); }
std::optional<ClientCertificate> client_certificate_of(std::string_view name) {
  return value_of<ClientCertificate>(client_certificates, name);
}

}  // namespace bothends::policy
