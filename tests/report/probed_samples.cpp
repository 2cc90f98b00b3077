#include "tests/report/probed_samples.hpp"

#include <limits>

#include "wire/codes.hpp"

namespace bothends::samples {
namespace {

using policy::Known;
using policy::NameAnswer;
using policy::Preference;
using policy::Probed;

constexpr std::int64_t day = 86400;

policy::VersionPolicy version(std::uint16_t code, wire::Codes suites, wire::Codes groups, wire::Codes schemes) {
  policy::VersionPolicy one{.version = code, .spoken = Known::yes, .suites = std::move(suites)};
  one.suites_by = Preference::server;
  one.groups = std::move(groups);
  one.groups_by = Preference::client;
  one.schemes = std::move(schemes);
  return one;
}

policy::VersionPolicy refused(std::uint16_t code) {
  return {.version = code, .spoken = Known::no, .alert = wire::protocol_version};
}

policy::CertificateFacts certificate(std::string subject, std::string issuer, std::vector<std::string> names) {
  policy::CertificateFacts facts{.subject = std::move(subject), .issuer = std::move(issuer), .names = std::move(names)};
  facts.key = policy::Key::ecdsa_p256;
  facts.key_name = "ECDSA P-256";
  facts.bits = 256;
  facts.signature = "ecdsa-with-SHA256";
  facts.not_before = probed_at - 30 * day;
  facts.not_after = probed_at + 60 * day;
  facts.sha256 = std::string(64, 'a');
  return facts;
}

policy::ChainFacts chain(std::string name) {
  policy::ChainFacts facts;
  facts.certificates = {certificate("CN=" + name, "CN=Intermediate", {name, "www." + name}),
                        certificate("CN=Intermediate", "CN=Root", {})};
  facts.trust.sent = 2;
  facts.trust.names = {name};
  facts.named = true;
  facts.staple = {policy::StapleFacts::Status::good, probed_at - day, probed_at + 6 * day, true};
  return facts;
}

NameAnswer answer(NameAnswer::Case which, std::string sni, std::size_t presented) {
  NameAnswer one{.which = which, .sni = std::move(sni), .kind = policy::Answer::Kind::accepted};
  one.presented = presented;
  return one;
}

NameAnswer refusal(NameAnswer::Case which) {
  return {.which = which,
          .kind = policy::Answer::Kind::refused,
          .alert = wire::unrecognized_name,
          .how = policy::Ending::How::alert_received};
}

}  // namespace

Probed healthy_endpoint() {
  Probed probed{.target = "shop.test:443", .address = "192.0.2.1:443"};
  auto& survey = probed.survey;
  survey.sni = "shop.test";
  survey.versions = {version(wire::tls1_3, {0x1302, 0x1301}, {0x11ec, 0x001d}, {0x0403, 0x0804}),
                     version(wire::tls1_2, {0xc02b, 0xc02f, 0x009e}, {0x001d, 0x0017}, {0x0403}), refused(wire::tls1_1),
                     refused(wire::tls1_0), refused(wire::ssl3)};
  survey.versions[1].dh_bits = {{0x009e, 2048}};
  survey.presented = {{{{1, 2, 3}, {4, 5}}, {wire::tls1_3, wire::tls1_2}, {0x0403}, {9, 9}},
                      {{{7, 7}}, {wire::tls1_2}, {0x0804}, {}}};
  survey.names = {refusal(NameAnswer::Case::none), refusal(NameAnswer::Case::unknown),
                  answer(NameAnswer::Case::given, "shop.test", 0), answer(NameAnswer::Case::mixed_case, "SHOP.test", 0),
                  answer(NameAnswer::Case::trailing_dot, "shop.test.", 1)};
  survey.alpn = {"h2", "http/1.1"};
  survey.alpn_known = Known::yes;
  survey.alpn_alert = wire::no_application_protocol;
  survey.certificate_asked = survey.certificate_required = survey.compression = Known::no;
  survey.resumption = {Known::yes, Known::no, Known::yes, {{"shop.test", "www.shop.test", wire::tls1_3, Known::no}}};
  survey.secure_renegotiation = survey.extended_master_secret = survey.encrypt_then_mac = Known::yes;
  survey.large_hello = survey.grease = Known::yes;
  survey.questions = 412;
  probed.chains = {chain("shop.test"), chain("shop.test")};
  survey.versions[1].group_alert = survey.versions[1].scheme_alert = wire::handshake_failure;
  probed.likeness = {"openssl-3.0", 84, 84};
  probed.anchors = "the system's 140";
  probed.connections = 120;
  probed.round_trip = std::chrono::microseconds(210);
  probed.took = std::chrono::milliseconds(34);
  probed.at = probed_at;
  probed.cross_checks = {{"openssl", wire::tls1_3, "TLS_AES_256_GCM_SHA384, x25519", "TLS_AES_256_GCM_SHA384, x25519"}};
  return probed;
}

Probed sick_endpoint() {
  auto probed = healthy_endpoint();
  auto& survey = probed.survey;
  survey.versions[3] = version(wire::tls1_0, {0x0005, 0x0033, 0x0000, 0x0001, 0x0002}, {}, {});
  survey.versions[3].dh_bits = {{0x0033, 1024}};
  survey.versions[1].unknown_suites = {0xc030, 0x1234};
  survey.names[0] = answer(NameAnswer::Case::none, "", 1);
  survey.names[1] = {.which = NameAnswer::Case::unknown, .how = policy::Ending::How::timed_out, .note = "silence"};
  survey.certificate_asked = survey.certificate_required = survey.compression = Known::yes;
  survey.alpn_alert.reset();
  survey.alpn_otherwise = "http/1.1";
  probed.likeness = {"", 80, 84};
  survey.issuers = {from_hex("3013 3111 300f 0603550403 0c08 436c69656e742043").value(), {1, 2, 3}};
  survey.secure_renegotiation = survey.large_hello = survey.grease = Known::no;
  survey.resumption.across[0].accepted = Known::yes;
  survey.members = {{{1, 2, 3}, {survey.versions[0]}, 12}, {{8}, {survey.versions[1]}, 9}};
  survey.unknown = {"TLSv1.2 cipher suites: no answer about 2 of them"};
  auto& facts = probed.chains[0];
  facts.incomplete = true;
  facts.certificates.pop_back();
  facts.certificates[0].not_after = probed_at - 3 * day;
  facts.named = false;
  facts.in_order = false;
  facts.staple.status = policy::StapleFacts::Status::revoked;
  facts.trust.problems = {{policy::Defect::expired, 0, "CN=shop.test", "ended 3 days ago"},
                          {policy::Defect::unknown_issuer, 0, "", ""},
                          {policy::Defect::weak_signature, 0, "", "SHA-1"}};
  probed.chains[1].certificates[0].not_after = probed_at + 5 * day;
  probed.chains[1].superfluous = {1};
  probed.chains[1].root_included = true;
  probed.throttled = 2;
  probed.cross_checks.push_back({"mbedtls", wire::tls1_2, "TLS_RSA", "alert handshake_failure (40)",
                                 policy::CrossCheck::Is::the_servers, "it changes its mind"});
  return probed;
}

Probed hostile_endpoint() {
  const std::string evil = "\x1b]0;x\x07\x1b[2J\r\n\xc2\x9b\xe2\x80\xae\xff\xfe%s{}\\";
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  auto probed = sick_endpoint();
  probed.target = probed.address = probed.anchors = evil;
  auto& survey = probed.survey;
  survey.sni = evil;
  survey.alpn = {evil, std::string(1, '\0'), ""};
  survey.unknown = {evil};
  survey.names.push_back({.sni = evil, .kind = policy::Answer::Kind::none, .note = evil});
  survey.resumption.across.push_back({evil, evil, 0x7f1c, Known::yes});
  survey.versions.push_back(version(0xffff, {0xffff, 0x0a0a}, {0xffff}, {0xffff}));
  survey.presented.push_back({});
  survey.issuers.push_back(Bytes(300, 0x30));
  survey.questions = probed.connections = probed.throttled = ~0U;
  for (auto& facts : probed.chains)
    for (auto& one : facts.certificates) {
      one.subject = one.issuer = one.key_name = one.signature = one.sha256 = evil;
      one.names.assign(2000, evil);
      one.not_before = std::numeric_limits<std::int64_t>::min();
      one.not_after = most;
    }
  probed.chains[0].trust.problems.push_back({policy::Defect::other, ~0U, evil, evil});
  probed.chains.push_back({});
  probed.chains[0].staple.this_update = probed.chains[0].staple.next_update = -most;
  probed.cross_checks.push_back({evil, 0, evil, evil, policy::CrossCheck::Is::unknown, evil});
  probed.at = -most;
  return probed;
}

Probed silent_endpoint() {
  Probed probed{.target = "192.0.2.9", .address = "192.0.2.9:443"};
  for (std::uint16_t code : {wire::tls1_3, wire::tls1_2}) probed.survey.versions.push_back({.version = code});
  probed.survey.unknown = {"versions: timed out 4 times"};
  probed.at = probed_at;
  return probed;
}

}  // namespace bothends::samples
