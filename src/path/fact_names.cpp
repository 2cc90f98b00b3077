// What can be asked for: one table for both legs, so that names, registries and kinds can't come apart.
#include <algorithm>
#include <array>

#include "path/facts.hpp"
#include "path/outcome.hpp"

namespace bothends::path {
namespace {

using wire::Registry;

enum class Words { any, yes_no, endings, stages, sides, defects, causes, faults };

struct Known {
  std::string_view name;  // of a part of a leg, without "client." or "origin."
  std::optional<Registry> registry = std::nullopt;
  bool list = false;
  Words words = Words::any;
};

constexpr Known of_a_leg[] = {
    {"agreed.version", Registry::version},
    {"agreed.suite", Registry::suite},
    {"agreed.group", Registry::group},
    {"agreed.signature_scheme", Registry::signature_scheme},
    {"agreed.alpn"},
    {"agreed.resumed", {}, false, Words::yes_no},
    {"agreed.hello_retry", {}, false, Words::yes_no},
    {"agreed.client_certificate", {}, false, Words::yes_no},
    {"hello.sni"},
    {"hello.alpn", {}, true},
    {"hello.versions", Registry::version, true},
    {"hello.suites", Registry::suite, true},
    {"hello.groups", Registry::group, true},
    {"hello.key_shares", Registry::group, true},
    {"hello.signature_schemes", Registry::signature_scheme, true},
    {"hello.extensions", Registry::extension, true},
    {"hello.ja3"},
    {"hello.ja4"},
    {"server_hello.version", Registry::version},
    {"server_hello.suite", Registry::suite},
    {"server_hello.group", Registry::group},
    {"server_hello.extensions", Registry::extension, true},
    {"certificate.subject"},
    {"certificate.issuer"},
    {"certificate.names", {}, true},
    {"certificate.sent"},
    {"certificate.problems", {}, true, Words::defects},
    {"client_certificate.sent"},
    {"client_certificate.problems", {}, true, Words::defects},
    {"alert.sent", Registry::alert},
    {"alert.received", Registry::alert},
    {"ending", {}, false, Words::endings},
    {"stage", {}, false, Words::stages},
    {"refused.by", {}, false, Words::sides},
    {"refused.alert", Registry::alert},
};

constexpr Known of_the_path[] = {
    {"status"},
    {"body"},
    {"finding", {}, true, Words::causes},
    {"fault", {}, false, Words::faults},
    {"client.response.status"},
    {"client.response.reason"},
    {"client.response.header.*"},
    {"client.response.body"},
    {"origin.request.method"},
    {"origin.request.target"},
    {"origin.request.host"},
    {"origin.request.header.*"},
    {"origin.request.body"},
    {"origin.response.status"},
    {"origin.name"},
    {"origin.connections"},
    {"proxy.log"},
};

bool fits(std::string_view pattern, std::string_view fact) {
  if (!pattern.ends_with(".*")) return pattern == fact;
  pattern.remove_suffix(1);
  return fact.starts_with(pattern) && fact.size() > pattern.size();
}

const Known* known(std::string_view fact) {
  auto whole = std::find_if(std::begin(of_the_path), std::end(of_the_path),
                            [fact](const Known& known) { return fits(known.name, fact); });
  if (whole != std::end(of_the_path)) return whole;
  constexpr std::size_t prefix = std::string_view("client.").size();
  if (!fact.starts_with("client.") && !fact.starts_with("origin.")) return nullptr;
  auto part = std::find_if(std::begin(of_a_leg), std::end(of_a_leg),
                           [fact](const Known& known) { return known.name == fact.substr(prefix); });
  return part == std::end(of_a_leg) ? nullptr : part;
}

template <class Value>
std::vector<std::string> words_up_to(Value last) {
  std::vector<std::string> words;
  for (int at = 0; at <= static_cast<int>(last); ++at) words.emplace_back(name(static_cast<Value>(at)));
  return words;
}

std::vector<std::string> words_for(Words words) {
  switch (words) {
    case Words::any:
      break;
    case Words::yes_no:
      return {"true", "false"};
    case Words::endings:
      return words_up_to(policy::Ending::How::broke_off);
    case Words::stages:
      return words_up_to(policy::Stage::done);
    case Words::sides:
      return words_up_to(Side::origin);
    case Words::defects: {
      auto defects = words_up_to(policy::Defect::other);
      defects.insert(defects.begin(), "none");
      return defects;
    }
    case Words::faults: {
      auto words = words_up_to(FaultOutcome::Came::unnamed);
      words.insert(words.begin(), "none");
      return words;
    }
    case Words::causes: {
      std::vector<std::string> ids{"none"};
      for (const auto& cause : causes()) ids.emplace_back(cause.id);
      return ids;
    }
  }
  return {};
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& known : of_the_path) names.emplace_back(known.name);
  for (const auto* leg : {"client.", "origin."})
    for (const auto& known : of_a_leg) names.push_back(leg + std::string(known.name));
  return names;
}

}  // namespace

const std::vector<std::string>& fact_names() {
  static const auto names = all_names();
  return names;
}

bool is_fact(std::string_view fact) { return known(fact) != nullptr; }

bool is_list(std::string_view fact) {
  const auto* found = known(fact);
  return found && found->list;
}

std::vector<std::string> words_of(std::string_view fact) {
  const auto* found = known(fact);
  return found ? words_for(found->words) : std::vector<std::string>();
}

std::optional<wire::Registry> registry_of(std::string_view fact) {
  const auto* found = known(fact);
  return found ? found->registry : std::nullopt;
}

std::string spelled(Registry registry, std::uint16_t code) {
  if (auto name = wire::known_name(registry, code)) return std::string(*name);
  if (registry == Registry::alert) return std::to_string(code);
  return wire::is_grease(code) ? "GREASE" : wire::name(registry, code);
}

}  // namespace bothends::path
