// The engine suite: one setting is one client's and one server's settings, and what the two should come to. Every
// setting is played by every pair of stacks that declares to be able to, and held against policy::negotiate's
// prediction.
#pragma once

#include <functional>

#include "certs/mint.hpp"
#include "policy/negotiate.hpp"
#include "tls/stacks.hpp"

namespace bothends::tls {

/// The certificates of all settings, made once.
class Cast {
 public:
  Cast();
  Credential make(certs::Recipe recipe) const;
  Credential good(std::vector<std::string> names, policy::Key key = policy::Key::ecdsa_p256) const;
  Credential client(std::optional<std::chrono::hours> until = {}) const;
  Bytes root() const { return mint_->root(); }

 private:
  std::unique_ptr<certs::Mint> mint_;
};

struct Setting {
  std::string name;
  ClientSettings client;
  ServerSettings server;
  Peer peer;
  std::optional<policy::Reason> refused;  // what the prediction must say; nullopt: an agreement
  bool either = false;                    // stacks differ: only prediction and observation must be the same
};

using Change = std::function<void(Setting&)>;

/// Collects settings that each change something in one that works: full verification, a good P-256 leaf for a.test.
class Settings {
 public:
  explicit Settings(const Cast& cast) : cast_(cast) {}
  void add(std::string name, const Change& change);
  void refused(std::string name, policy::Reason reason, const Change& change);
  void either(std::string name, const Change& change);
  const Cast& cast() const { return cast_; }
  const std::vector<Setting>& all() const { return all_; }

 private:
  Setting plain(std::string name) const;

  const Cast& cast_;
  std::vector<Setting> all_;
};

void both_speak(Setting& setting, std::uint16_t lowest, std::uint16_t highest);
void both_speak(Setting& setting, std::uint16_t version);

void add_versions(Settings& settings);
void add_suites(Settings& settings);
void add_groups(Settings& settings);
void add_schemes(Settings& settings);
void add_leaves(Settings& settings);
void add_alpn(Settings& settings);
void add_chains(Settings& settings);
void add_weak_chains(Settings& settings);
void add_client_certificates(Settings& settings);

/// What a stack declares not to be able to do of a setting, or empty.
std::string lacking(const Stack& client, const Stack& server, const Setting& setting);

}  // namespace bothends::tls
