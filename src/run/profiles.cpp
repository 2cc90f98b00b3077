#include "run/profiles.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <span>

#include "base/embedded.hpp"
#include "base/text.hpp"

namespace bothends::run {

std::span<const EmbeddedFile> embedded_profiles();

namespace {

std::vector<std::string> texts(const toml::table& table, std::string_view key) {
  std::vector<std::string> values;
  if (const toml::array* array = table[key].as_array())
    for (const toml::node& node : *array) values.push_back(node.value_or<std::string>(""));
  return values;
}

std::uint16_t code(const std::string& text) {
  return static_cast<std::uint16_t>(std::strtoul(text.c_str(), nullptr, 16));
}

wire::Codes codes(const toml::table& table, std::string_view key) {
  wire::Codes values;
  for (const std::string& text : texts(table, key)) values.push_back(code(text));
  return values;
}

// "150.0.7871.127" → {150, 0, 7871, 127}: newer versions compare greater.
std::vector<unsigned long> parts(const std::string& version) {
  std::vector<unsigned long> numbers;
  for (const std::string& part : split(version, '.')) numbers.push_back(std::strtoul(part.c_str(), nullptr, 10));
  return numbers;
}

ClientProfile profile_of(const toml::table& table) {
  return {.id = table["id"].value_or<std::string>(""),
          .name = table["name"].value_or<std::string>(""),
          .family = table["family"].value_or<std::string>(""),
          .source = table["source"].value_or<std::string>(""),
          .release = table["version"].value_or<std::string>(""),
          .versions = codes(table, "versions"),
          .suites = codes(table, "suites"),
          .groups = codes(table, "groups"),
          .signature_schemes = codes(table, "signature_schemes"),
          .alpn = texts(table, "alpn"),
          .key_shares = codes(table, "key_shares"),
          .status = table["status"].value_or<std::string>("") == "measured" ? ClientProfile::Status::measured
                                                                            : ClientProfile::Status::documented,
          .date = table["date"].value_or<std::string>(""),
          .platform = table["platform"].value_or<std::string>(""),
          .stack = table["stack"].value_or<std::string>(""),
          .note = table["note"].value_or<std::string>(""),
          .record_version = code(table["record"].value_or<std::string>("")),
          .permutes = table["permutes"].value_or(false),
          .hello = from_hex(table["hello"].value_or<std::string>("")).value_or(Bytes{})};
}

// What a stack has only when asked, it has: a profile asks.
wire::Codes those_of(const wire::Codes& wanted, const wire::Codes& possible, const wire::Codes& on_request = {}) {
  const auto has = [](const wire::Codes& codes, std::uint16_t code) {
    return std::ranges::find(codes, code) != codes.end();
  };
  wire::Codes kept;
  for (const std::uint16_t code : wanted)
    if (has(possible, code) || has(on_request, code)) kept.push_back(code);
  return kept;
}

}  // namespace

// The file is ours and embedded: a test reads it whole, so that a mistake in it never reaches a user.
const std::vector<ClientProfile>& client_profiles() {
  static const std::vector<ClientProfile> all = [] {
    std::vector<ClientProfile> read;
    const toml::table file = toml::parse(embedded_profiles().front().content);
    if (const toml::array* clients = file["client"].as_array())
      for (const toml::node& client : *clients)
        if (const toml::table* table = client.as_table()) read.push_back(profile_of(*table));
    return read;
  }();
  return all;
}

Result<const ClientProfile*> client_profile(std::string_view like) {
  const ClientProfile* best = nullptr;
  for (const ClientProfile& profile : client_profiles()) {
    if (profile.id == like) return &profile;
    if (profile.family == like && (!best || parts(profile.release) > parts(best->release))) best = &profile;
  }
  if (best) return best;
  return fail(ErrorCode::value,
              "there is no client profile \"" + printable(like) + "\"" + suggestion(like, client_profile_names()));
}

std::vector<std::string> client_profile_names() {
  std::vector<std::string> names;
  for (const ClientProfile& profile : client_profiles()) {
    names.push_back(profile.id);
    names.push_back(profile.family);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Result<void> apply(const ClientProfile& profile, const tls::Stack& stack, tls::CommonSettings& settings) {
  const tls::Capabilities& can = stack.can();
  const wire::Codes versions = those_of(profile.versions, can.versions);
  const wire::Codes suites = those_of(profile.suites, can.suites, can.suites_on_request);
  if (versions.empty() || suites.empty())
    return fail(ErrorCode::tls, std::string(stack.name()) + " has none of the " +
                                    (versions.empty() ? "versions" : "suites") + " that " + profile.id + " offers");
  if (settings.min_version == 0) settings.min_version = std::ranges::min(versions);
  if (settings.max_version == 0) settings.max_version = std::ranges::max(versions);
  if (settings.suites.empty()) settings.suites = suites;
  if (settings.groups.empty()) settings.groups = those_of(profile.groups, can.groups, can.groups_on_request);
  if (settings.signature_schemes.empty())
    settings.signature_schemes = those_of(profile.signature_schemes, can.signature_schemes);
  const bool http1 = std::ranges::find(profile.alpn, "http/1.1") != profile.alpn.end();
  if (settings.alpn.empty() && http1) settings.alpn = {"http/1.1"};
  return {};
}

}  // namespace bothends::run
