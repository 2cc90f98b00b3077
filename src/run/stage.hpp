// What stands before the first try of a stage: certificates made, origins listening, the proxy ready in front of them.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "path/outcome.hpp"
#include "proxy/proxy.hpp"
#include "proxy/version.hpp"
#include "run/client.hpp"
#include "run/origin.hpp"
#include "run/reach.hpp"
#include "run/running_proxy.hpp"

namespace bothends::run {

/// A text that is equal exactly for equal client settings.
std::string settings_key(const ClientSpec& spec);

/// Why a stage, or a try on it, cannot be: an error of ours or the file's, or something a part cannot do (skipped).
struct Unready {
  path::Status status = path::Status::error;
  std::string reason;
};

/// Where drivers and certificates come from; outlives every stage.
struct Workshop {
  net::Loop& loop;
  certs::Mint& mint;
  std::optional<proxy::Driver> own_driver;                   // --driver FILE: takes the place of every `use`
  std::map<std::string, Result<std::string>> versions = {};  // of proxies that were asked, by driver
};

class Stage {
 public:
  using Ready = std::function<void(std::optional<Unready>)>;
  /// `ready` comes once, from the loop, not from inside. Destroying a stage ends all of it.
  static std::unique_ptr<Stage> set_up(Workshop& workshop, const StageSpec& spec, Ready ready);
  /// The same in two steps: all but the proxy, which start() then starts.
  static std::unique_ptr<Stage> prepare(Workshop& workshop, const StageSpec& spec);
  /// Equal for stages that may share a proxy process; empty: this one shares none.
  std::string share_key() const;
  /// `guests` are stages of the same share_key() that get a site of the same process; they must live until `ready`,
  /// which tells for all of them.
  void start(std::vector<Stage*> guests, Ready ready);
  ~Stage();
  /// Ends the proxy without blocking; `ended` comes once, from the loop, and may destroy the stage.
  void shut_down(std::function<void()> ended);

  /// Engine and address for this try's client; `session` is what it offers to resume.
  tl::expected<std::unique_ptr<tls::Engine>, Unready> client_engine(
      const TrySpec& one, std::shared_ptr<const tls::Session> session = nullptr);
  const net::Endpoint& proxy_address() const { return proxy_address_; }
  const std::vector<std::unique_ptr<Origin>>& origins() const { return origins_; }

  /// The proxy was set up by us.
  bool has_own_front() const { return real_ || builtin_; }
  /// Whether there is a real proxy of ours, which may end by itself.
  bool can_end() const { return real_ != nullptr; }
  /// Why no further try can be: the real proxy has ended.
  std::optional<Unready> broken() const;
  /// What came to the origins until now belongs to no try; times count from here. Returns Loop::now().
  net::microseconds begin_try();
  /// No origin connection is in the middle of something.
  bool quiet() const;
  /// Everything that both ends saw since begin_try(), joined with what the client saw.
  path::PathRecord take(const TrySpec& one, path::Observation client);

 private:
  Stage(Workshop& workshop, StageSpec spec);
  std::optional<Unready> build();
  std::optional<Unready> choose_proxy();
  std::optional<Unready> make_certificates();
  std::optional<Unready> start_origins();
  std::optional<Unready> make_setup();
  std::optional<Unready> start_proxy();
  std::optional<Unready> find_real_proxy();
  std::optional<Unready> start_real_proxy();
  std::optional<Unready> run_real_proxy();
  std::optional<Unready> run_if_tested(const Result<std::string>& version);
  std::optional<Unready> reach_running_proxy(const std::string& address);
  void tell_ready(std::optional<Unready> problem);

  Result<void> fill(tls::CommonSettings& settings, const TlsSpec& spec, const std::vector<std::string>& trust) const;
  Result<tls::Credential> credential(const std::string& name) const;
  Result<proxy::Route> route(const RouteSpec& spec) const;
  Result<tls::ClientSettings> client_settings(const ClientSpec& spec) const;
  policy::Policy front_policy() const;
  path::Known known_for(const TrySpec& one) const;
  void examine(path::PathRecord& record, const TrySpec& one);
  policy::ChainVerdict examine_chain(const std::vector<Bytes>& chain, const std::vector<Bytes>& trust,
                                     const std::string& name, bool server = true);

  struct ClientKit {
    tls::ClientSettings settings;
    const tls::Stack* stack = nullptr;
    std::shared_ptr<const tls::ClientContext> context;
  };
  tl::expected<const ClientKit*, Unready> client_kit(const ClientSpec& spec);

  Workshop& workshop_;
  StageSpec spec_;
  Ready ready_;
  std::optional<Unready> problem_;  // that there is before the proxy
  std::vector<Stage*> guests_;      // until `ready`
  std::map<std::string, tls::Credential> credentials_;
  std::vector<std::unique_ptr<Origin>> origins_;
  proxy::Setup setup_;
  std::optional<proxy::Driver> driver_;  // of a real proxy
  std::vector<policy::Defect> proxy_minds_;
  std::string proxy_name_;
  std::string proxy_stack_ = "openssl";
  net::Endpoint proxy_address_;
  std::unique_ptr<proxy::Proxy> builtin_;  // at most one of the three
  std::shared_ptr<RunningProxy> real_;
  std::size_t site_ = 0;  // of real_
  std::unique_ptr<Reach> reach_;
  std::unique_ptr<proxy::AskedVersion> asked_;
  std::size_t log_seen_ = 0;
  net::microseconds try_begun_{0};
  std::map<std::string, ClientKit> kits_;                       // by a text that tells settings apart
  std::map<std::string, policy::ChainVerdict> examined_;        // by a digest of chain, trust and name
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // tasks posted to the loop ask it
};

}  // namespace bothends::run
