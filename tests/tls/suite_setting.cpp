#include "suite_setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace bothends::tls {

Cast::Cast() {
  auto mint = certs::Mint::create(std::chrono::system_clock::now());
  if (!mint) throw std::runtime_error(mint.error().message());
  mint_ = std::move(*mint);
}

Credential Cast::make(certs::Recipe recipe) const {
  auto made = mint_->make(recipe);
  if (!made) throw std::runtime_error(made.error().message());
  return *made;
}

Credential Cast::good(std::vector<std::string> names, policy::Key key) const {
  return make({.name = names.front(), .key = key, .names = std::move(names)});
}

Credential Cast::client(std::optional<std::chrono::hours> until) const {
  return make({.name = "client", .kind = certs::Kind::client, .names = {"someone"}, .until = until});
}

Setting Settings::plain(std::string name) const {
  Setting setting;
  setting.name = std::move(name);
  setting.client.verify = policy::Verify::full;
  setting.client.trust = {cast_.root()};
  setting.server.trust = {cast_.root()};
  setting.server.certificates = {cast_.good({"a.test"})};
  setting.peer.sni = "a.test";
  setting.peer.name = "a.test";
  return setting;
}

void Settings::add(std::string name, const Change& change) {
  auto setting = plain(std::move(name));
  change(setting);
  all_.push_back(std::move(setting));
}

void Settings::refused(std::string name, policy::Reason reason, const Change& change) {
  add(std::move(name), change);
  all_.back().refused = reason;
}

void Settings::either(std::string name, const Change& change) {
  add(std::move(name), change);
  all_.back().either = true;
}

void both_speak(Setting& setting, std::uint16_t lowest, std::uint16_t highest) {
  setting.client.min_version = setting.server.min_version = lowest;
  setting.client.max_version = setting.server.max_version = highest;
}

void both_speak(Setting& setting, std::uint16_t version) { both_speak(setting, version, version); }

namespace {

bool has(const wire::Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// The first of `wanted` that is in neither list.
std::string missing(wire::Registry registry, const wire::Codes& wanted, const wire::Codes& can,
                    const wire::Codes& more) {
  for (const auto code : wanted)
    if (code != 0 && !has(can, code) && !has(more, code)) return wire::name(registry, code);
  return "";
}

std::string missing_key(const Capabilities& can, const std::vector<Credential>& credentials) {
  for (const auto& credential : credentials)
    if (std::find(can.keys.begin(), can.keys.end(), credential.kind) == can.keys.end())
      return std::string(policy::name(credential.kind));
  return "";
}

std::string lacking(const Stack& stack, const CommonSettings& settings, const std::vector<Credential>& credentials) {
  using wire::Registry;
  const auto& can = stack.can();
  for (const auto& what : {missing(Registry::version, {settings.min_version, settings.max_version}, can.versions, {}),
                           missing(Registry::suite, settings.suites, can.suites, can.suites_on_request),
                           missing(Registry::group, settings.groups, can.groups, can.groups_on_request),
                           missing(Registry::signature_scheme, settings.signature_schemes, can.signature_schemes, {}),
                           missing_key(can, credentials)})
    if (!what.empty()) return fmt::format("{} has no {}", stack.name(), what);
  return "";
}

}  // namespace

std::string lacking(const Stack& client, const Stack& server, const Setting& setting) {
  std::vector<Credential> own;
  if (setting.client.certificate) own.push_back(*setting.client.certificate);
  const auto of_client = lacking(client, setting.client, own);
  return !of_client.empty() ? of_client : lacking(server, setting.server, setting.server.certificates);
}

}  // namespace bothends::tls
