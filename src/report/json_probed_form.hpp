// The form of a probe's document. Only json_probed.cpp includes this.
#pragma once

#include <array>

#include "policy/probed.hpp"
#include "report/json_form.hpp"

namespace bothends::policy {

// Each list is in the order of its enumerators.
using Words = std::span<const std::string_view>;
inline Words words_of(NameAnswer::Case) {
  static constexpr std::string_view words[] = {"none", "unknown", "given", "mixed-case", "trailing-dot", "address"};
  return words;
}
inline Words words_of(Answer::Kind) {
  static constexpr std::string_view words[] = {"accepted", "refused", "none"};
  return words;
}
/// Enumerations that have names already.
template <class E, E last>
Words named() {
  static const auto words = [] {
    std::array<std::string_view, static_cast<std::size_t>(last) + 1> all;
    for (std::size_t at = 0; at < all.size(); ++at) all[at] = name(static_cast<E>(at));
    return all;
  }();
  return words;
}
inline Words words_of(Known) { return named<Known, Known::unknown>(); }
inline Words words_of(Preference) { return named<Preference, Preference::adaptive>(); }
inline Words words_of(Ending::How) { return named<Ending::How, Ending::How::broke_off>(); }
inline Words words_of(Key) { return named<Key, Key::other>(); }
inline Words words_of(Defect) { return named<Defect, Defect::other>(); }
inline Words words_of(StapleFacts::Status) {
  static constexpr std::string_view words[] = {"none", "good", "revoked", "unknown", "malformed"};
  return words;
}
inline Words words_of(CrossCheck::Is) {
  static constexpr std::string_view words[] = {"equal", "the-stack's", "the-server's", "unknown"};
  return words;
}

template <class Form, report::Like<VersionPolicy> T>
void fields(Form& form, T& value) {
  using report::Named;
  using wire::Registry;
  form("version", Named{Registry::version, value.version});
  form("spoken", value.spoken);
  form("alert", Named{Registry::alert, value.alert});
  form("suites", Named{Registry::suite, value.suites});
  form("suites_by", value.suites_by);
  form("groups", Named{Registry::group, value.groups});
  form("groups_by", value.groups_by);
  form("schemes", Named{Registry::signature_scheme, value.schemes});
  form("dh_bits", Named{Registry::suite, value.dh_bits});
  form("group_alert", Named{Registry::alert, value.group_alert});
  form("scheme_alert", Named{Registry::alert, value.scheme_alert});
  form("unknown_suites", Named{Registry::suite, value.unknown_suites});
  form("unknown_groups", Named{Registry::group, value.unknown_groups});
  form("unknown_schemes", Named{Registry::signature_scheme, value.unknown_schemes});
}

template <class Form, report::Like<Presented> T>
void fields(Form& form, T& value) {
  form("chain", value.chain);
  form("versions", report::Named{wire::Registry::version, value.versions});
  form("schemes", report::Named{wire::Registry::signature_scheme, value.schemes});
  form("staple", value.staple);
}

template <class Form, report::Like<NameAnswer> T>
void fields(Form& form, T& value) {
  form("case", value.which);
  form("sni", value.sni);
  form("answer", value.kind);
  form("alert", report::Named{wire::Registry::alert, value.alert});
  form("presented", value.presented);
  form("ending", value.how);
  form("note", value.note);
}

template <class Form, report::Like<Resumption::Across> T>
void fields(Form& form, T& value) {
  form("from", value.from);
  form("to", value.to);
  form("version", report::Named{wire::Registry::version, value.version});
  form("accepted", value.accepted);
}

template <class Form, report::Like<Resumption> T>
void fields(Form& form, T& value) {
  form("ticket", value.ticket);
  form("id", value.id);
  form("psk", value.psk);
  form("across", value.across);
}

template <class Form, report::Like<Member> T>
void fields(Form& form, T& value) {
  form("leaf", value.leaf);
  form("versions", value.versions);
  form("answers", value.answers);
}

template <class Form, report::Like<Surveyed> T>
void fields(Form& form, T& value) {
  form("sni", value.sni);
  form("versions", value.versions);
  form("presented", value.presented);
  form("names", value.names);
  form("alpn", value.alpn);
  form("alpn_known", value.alpn_known);
  form("alpn_alert", report::Named{wire::Registry::alert, value.alpn_alert});
  form("alpn_otherwise", value.alpn_otherwise);
  form("certificate_asked", value.certificate_asked);
  form("certificate_required", value.certificate_required);
  form("issuers", value.issuers);
  form("resumption", value.resumption);
  form("compression", value.compression);
  form("secure_renegotiation", value.secure_renegotiation);
  form("extended_master_secret", value.extended_master_secret);
  form("encrypt_then_mac", value.encrypt_then_mac);
  form("large_hello", value.large_hello);
  form("grease", value.grease);
  form("members", value.members);
  form("unknown", value.unknown);
  form("foreign", value.foreign);
  form("questions", value.questions);
}

template <class Form, report::Like<CertificateFacts> T>
void fields(Form& form, T& value) {
  form("subject", value.subject);
  form("issuer", value.issuer);
  form("names", value.names);
  form("more_names", value.more_names);
  form("key", value.key);
  form("key_name", value.key_name);
  form("bits", value.bits);
  form("signature", value.signature);
  form("not_before", value.not_before);
  form("not_after", value.not_after);
  form("is_ca", value.is_ca);
  form("self_issued", value.self_issued);
  form("sha256", value.sha256);
}

template <class Form, report::Like<StapleFacts> T>
void fields(Form& form, T& value) {
  form("status", value.status);
  form("this_update", value.this_update);
  form("next_update", value.next_update);
  form("fits", value.fits);
}

template <class Form, report::Like<ChainProblem> T>
void fields(Form& form, T& value) {
  form("defect", value.defect);
  form("depth", value.depth);
  form("subject", value.subject);
  form("detail", value.detail);
}

template <class Form, report::Like<ChainVerdict> T>
void fields(Form& form, T& value) {
  form("problems", value.problems);
  form("names", value.names);
  form("subject", value.subject);
  form("issuer", value.issuer);
  form("not_before", value.not_before);
  form("not_after", value.not_after);
  form("sent", value.sent);
}

template <class Form, report::Like<ChainFacts> T>
void fields(Form& form, T& value) {
  form("certificates", value.certificates);
  form("more_certificates", value.more_certificates);
  form("trust", value.trust);
  form("trust_known", value.trust_known);
  form("named", value.named);
  form("in_order", value.in_order);
  form("root_included", value.root_included);
  form("superfluous", value.superfluous);
  form("incomplete", value.incomplete);
  form("staple", value.staple);
}

template <class Form, report::Like<CrossCheck> T>
void fields(Form& form, T& value) {
  form("stack", value.stack);
  form("version", report::Named{wire::Registry::version, value.version});
  form("foretold", value.foretold);
  form("seen", value.seen);
  form("is", value.is);
  form("why", value.why);
}

template <class Form, report::Like<Likeness> T>
void fields(Form& form, T& value) {
  form("stack", value.stack);
  form("explained", value.explained);
  form("answers", value.answers);
}

template <class Form, report::Like<Probed> T>
void fields(Form& form, T& value) {
  form("target", value.target);
  form("address", value.address);
  form("error", value.error);
  form("at", value.at);
  form("took_ms", value.took);
  form("round_trip_us", value.round_trip);
  form("connections", value.connections);
  form("throttled", value.throttled);
  form("interrupted", value.interrupted);
  form("anchors", value.anchors);
  form("survey", value.survey);
  form("chains", value.chains);
  form("likeness", value.likeness);
  form("cross_checks", value.cross_checks);
}

}  // namespace bothends::policy
