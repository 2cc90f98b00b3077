#include <fmt/format.h>

#include "base/text.hpp"
#include "report/hello.hpp"
#include "report/json_form.hpp"
#include "report/json_grade.hpp"
#include "wire/extension_words.hpp"

namespace bothends::report {
namespace {

using wire::Registry;

constexpr int format_version = 1;

Json extension(const wire::Extension& one) {
  auto words = wire::words_of(one);
  auto omitted = words.values.size() - std::min(words.values.size(), most_hello_values);
  words.values.resize(words.values.size() - omitted);
  return {{"type", code(Registry::extension, one.type)},
          {"grease", wire::is_grease(one.type)},
          {"length", one.data.size()},
          {"known", words.known},
          {"values", words.values},
          {"values_omitted", omitted},
          {"malformed", words.malformed.empty() ? Json() : Json(words.malformed)},
          {"hex", to_hex(View(one.data).first(std::min(one.data.size(), longest_text / 2)))}};
}

Json extensions(const wire::ClientHello& hello) {
  if (!hello.extensions) return nullptr;
  auto list = Json::array();
  for (const auto& one : *hello.extensions)
    if (list.size() < most_hello_values) list.push_back(extension(one));
  return list;
}

Json names_of(const std::vector<std::string>& values) {
  auto list = Json::array();
  for (const auto& value : values)
    if (list.size() < most_hello_values) list.push_back(shortened(value));
  return list;
}

Json body(const wire::ClientHello& hello, const path::Digests& digests) {
  auto sni = hello.sni();
  return {{"legacy_version", code(Registry::version, hello.legacy_version)},
          {"random", to_hex(hello.random)},
          {"session_id", to_hex(hello.session_id)},
          {"suites", codes(Registry::suite, hello.cipher_suites)},
          {"compression_methods", to_hex(hello.compression_methods)},
          {"extensions", extensions(hello)},
          {"extensions_omitted",
           hello.extensions ? hello.extensions->size() - std::min(hello.extensions->size(), most_hello_values) : 0},
          {"versions", codes(Registry::version, hello.versions())},
          {"sni", sni ? Json(shortened(*sni)) : Json()},
          {"alpn", names_of(hello.alpn())},
          {"groups", codes(Registry::group, hello.groups())},
          {"key_shares", codes(Registry::group, hello.key_share_groups())},
          {"signature_schemes", codes(Registry::signature_scheme, hello.signature_schemes())},
          {"ja3_text", shortened(wire::ja3_text(hello))},
          {"ja3", wire::ja3(hello, digests.md5)},
          {"ja4", wire::ja4(hello, digests.sha256)}};
}

Json number_or_null(std::size_t number) { return number == 0 ? Json() : Json(number); }

Registry registry(policy::Apart::What what) {
  using What = policy::Apart::What;
  if (what == What::versions) return Registry::version;
  if (what == What::groups) return Registry::group;
  return what == What::suites ? Registry::suite : Registry::signature_scheme;
}

Json apart(const policy::Apart& apart) {
  const bool is_alpn = apart.what == policy::Apart::What::alpn;
  const auto listed = [&](const wire::Codes& list, const std::vector<std::string>& protocols) {
    return is_alpn ? names_of(protocols) : codes(registry(apart.what), list);
  };
  return {{"what", name(apart.what)},
          {"version", apart.version == 0 ? Json() : code(Registry::version, apart.version)},
          {"offered", listed(apart.offered, apart.offered_alpn)},
          {"accepted", listed(apart.accepted, apart.accepted_alpn)}};
}

Json against(const policy::Against& against) {
  return {{"outcome", outcome(against.outcome)},
          {"apart", against.apart ? apart(*against.apart) : Json()},
          {"unknown", against.unknown.empty() ? Json() : Json(shortened(against.unknown))}};
}

Json endpoint(const policy::Probed& probed) {
  return {{"target", text_json(probed.target)},
          {"address", text_json(probed.address)},
          {"sni", probed.survey.sni ? text_json(*probed.survey.sni) : Json()},
          {"at", probed.at},
          {"complete", probed.error.empty() && probed.survey.complete()}};
}

Json hello_of(const wire::CapturedHello& one, std::size_t number, const path::Digests& digests,
              const HeldAgainst* held) {
  const auto& found = one.found;
  Json out{{"number", number},
           {"stream", one.stream.empty() ? Json() : Json(one.stream)},
           {"packet", number_or_null(one.packet)},
           {"last_packet", number_or_null(one.last_packet)},
           {"offset", one.stream_offset},
           {"after_retry", one.is_second},
           {"records", found.records},
           {"record_version", found.records ? code(Registry::version, found.record_version) : Json()},
           {"length", found.message.size()},
           {"problem", found.hello ? Json() : Json(found.problem)},
           {"hello", found.hello ? body(*found.hello, digests) : Json()}};
  if (!held) return out;
  const auto at = held->hellos.find(number);
  out["against"] = at == held->hellos.end() ? Json() : against(at->second);
  return out;
}

}  // namespace

std::string hello_json(const wire::Capture& capture, const std::vector<std::size_t>& numbers,
                       const path::Digests& digests, const HeldAgainst* held) {
  Json top{{"format", "bothends-hello"},
           {"version", format_version},
           {"input", capture.form},
           {"notes", capture.notes},
           {"nothing", capture.nothing.empty() ? Json() : Json(capture.nothing)},
           {"count", capture.hellos.size()}};
  if (held) top["endpoint"] = endpoint(held->probed);
  auto head = dumped(top);
  head.pop_back();
  std::vector<std::string> rendered;  // one by one, so that a large capture is not held as JSON
  for (std::size_t number = 1; number <= capture.hellos.size(); ++number)
    if (numbers.empty() || std::find(numbers.begin(), numbers.end(), number) != numbers.end())
      rendered.push_back(dumped(hello_of(capture.hellos[number - 1], number, digests, held)));
  return fmt::format("{},\"hellos\":[\n{}\n]}}\n", head, join(rendered, ",\n"));
}

}  // namespace bothends::report
