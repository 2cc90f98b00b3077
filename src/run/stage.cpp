#include "run/stage.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "proxy/route.hpp"
#include "run/profiles.hpp"
#include "run/stage_default.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {

// An Error of a TLS stack says that it cannot do what was asked: the try is skipped. All else is an error.
Unready unready(const Error& error) {
  return {error.code == ErrorCode::tls ? path::Status::skipped : path::Status::error, error.message()};
}

// What distributions do: weak peers are met only by those who ask for old versions.
bool asks_for_weak(const TlsSpec& spec) { return spec.min_version != 0 && spec.min_version < wire::tls1_2; }

// A front with such a certificate must be let have it: proxies refuse to load it otherwise.
bool is_weak(const certs::Recipe& recipe) {
  return recipe.kind == certs::Kind::rsa_1024 || recipe.kind == certs::Kind::sha1;
}

}  // namespace

Stage::Stage(Workshop& workshop, StageSpec spec) : workshop_(workshop), spec_(std::move(spec)) {}

Stage::~Stage() {
  *alive_ = false;
  // The proxy first: nothing may reach an origin's port after the origin has left it to somebody else.
  if (real_ && real_.use_count() > 1) real_->retire(std::move(origins_));
  real_.reset();
  builtin_.reset();
}

void Stage::shut_down(std::function<void()> ended) {
  const auto tell = [this, alive = alive_, ended = std::move(ended)] {
    workshop_.loop.post([alive, ended] {
      if (*alive) ended();
    });
  };
  if (real_ && real_.use_count() == 1) return real_->stop(tell);
  if (real_) real_->retire(std::move(origins_));
  real_.reset();
  tell();
}

std::unique_ptr<Stage> Stage::set_up(Workshop& workshop, const StageSpec& spec, Ready ready) {
  auto stage = prepare(workshop, spec);
  stage->start({}, std::move(ready));
  return stage;
}

std::unique_ptr<Stage> Stage::prepare(Workshop& workshop, const StageSpec& spec) {
  auto stage = std::unique_ptr<Stage>(new Stage(workshop, spec));
  stage->problem_ = stage->build();
  return stage;
}

std::string Stage::share_key() const {
  if (problem_ || !driver_ || !driver_->address.empty() || !proxy::batches(*driver_)) return "";
  const auto key = proxy::batch_key(*driver_, setup_);
  return key ? *key + (spec_.proxy.told ? " told" : " default") : "";
}

void Stage::start(std::vector<Stage*> guests, Ready ready) {
  ready_ = std::move(ready);
  guests_ = std::move(guests);
  if (!problem_) problem_ = start_proxy();
  if (problem_ || (!real_ && !reach_ && !asked_)) tell_ready(problem_);
}

void Stage::tell_ready(std::optional<Unready> problem) {
  workshop_.loop.post([this, alive = alive_, problem = std::move(problem)] {
    if (*alive) ready_(problem);
  });
}

std::optional<Unready> Stage::build() {
  for (const auto step : {&Stage::choose_proxy, &Stage::make_certificates, &Stage::start_origins, &Stage::make_setup,
                          &Stage::find_real_proxy})
    if (auto problem = (this->*step)()) return problem;
  return std::nullopt;
}

// First, since it decides where origins must listen and, when it is told nothing, what their certificates must name.
std::optional<Unready> Stage::choose_proxy() {
  const ProxySpec& spec = spec_.proxy;
  if (!spec.address.empty()) return std::nullopt;
  if (workshop_.own_driver) {
    driver_ = workshop_.own_driver;
  } else if (spec.use != "builtin") {
    auto named = proxy::driver_named(spec.use);
    if (!named) return unready({named.error().code, named.error().what, spec.place});
    driver_ = std::move(*named);
  }
  if (driver_) place_origins(spec_, *driver_);
  if (spec.told) return std::nullopt;
  if (driver_ && !driver_->defaults)
    return Unready{path::Status::skipped,
                   driver_->name + ": its driver does not say what the proxy does by default ([default])"};
  const proxy::Defaults& defaults = driver_ ? *driver_->defaults : proxy::builtin_defaults();
  apply(defaults, spec_);
  proxy_minds_ = defaults.minds;
  return std::nullopt;
}

std::optional<Unready> Stage::make_certificates() {
  for (const certs::Recipe& recipe : spec_.certs) {
    auto made = workshop_.mint.make(recipe);
    if (!made) return unready(made.error());
    credentials_.emplace(recipe.name, std::move(*made));
  }
  return std::nullopt;
}

Result<tls::Credential> Stage::credential(const std::string& name) const {
  const auto found = credentials_.find(name);
  if (found == credentials_.end()) return fail(ErrorCode::value, "there is no certificate \"" + name + "\"");
  return found->second;
}

Result<void> Stage::fill(tls::CommonSettings& settings, const TlsSpec& spec,
                         const std::vector<std::string>& trust) const {
  settings.min_version = spec.min_version;
  settings.max_version = spec.max_version;
  settings.suites = spec.suites;
  settings.groups = spec.groups;
  settings.signature_schemes = spec.signature_schemes;
  settings.alpn = spec.alpn;
  for (const std::string& name : trust) {
    if (name == "root") {
      settings.trust.push_back(workshop_.mint.root());
    } else if (name == "unknown-root") {
      settings.trust.push_back(workshop_.mint.unknown_root());
    } else {
      auto trusted = credential(name);
      if (!trusted) return tl::unexpected(trusted.error());
      settings.trust.push_back(trusted->chain.front());
    }
  }
  return {};
}

std::optional<Unready> Stage::start_origins() {
  for (const OriginSpec& spec : spec_.origins) {
    tls::ServerSettings settings;
    if (auto filled = fill(settings, spec, spec.trust); !filled) return unready(filled.error());
    for (const std::string& name : spec.certs) {
      auto made = credential(name);
      if (!made) return unready(made.error());
      settings.certificates.push_back(std::move(*made));
    }
    settings.strict_sni = spec.strict_sni;
    settings.server_preference = spec.server_preference;
    settings.client_certificate = spec.client_certificate;
    auto origin = Origin::start(workshop_.loop, spec, settings);
    if (!origin) return unready(origin.error());
    origins_.push_back(std::move(*origin));
  }
  return std::nullopt;
}

Result<proxy::Route> Stage::route(const RouteSpec& spec) const {
  proxy::Route route{.match = spec.match, .leg = {}, .place = spec.place};
  proxy::OriginLeg& leg = route.leg;
  leg.origin = spec.to;
  const auto origin = std::ranges::find_if(origins_, [&](const auto& o) { return o->spec().name == spec.to; });
  if (origin == origins_.end()) return fail(ErrorCode::value, "there is no origin \"" + spec.to + "\"", spec.place);
  leg.port = (*origin)->port();
  leg.host = !spec.upstream.empty() ? spec.upstream : address_to_reach((*origin)->host());
  leg.tls = spec.tls;
  leg.sni = spec.sni;
  leg.verify_name = spec.verify_name;
  leg.stack = spec.stack.empty() ? spec_.proxy.stack : spec.stack;
  if (auto filled = fill(leg.settings, spec, spec.trust); !filled) return tl::unexpected(filled.error());
  leg.settings.weak = asks_for_weak(spec);
  leg.settings.verify = spec.verify;
  if (!spec.certificate.empty()) {
    auto made = credential(spec.certificate);
    if (!made) return tl::unexpected(made.error());
    leg.settings.certificate = std::move(*made);
  }
  leg = proxy::settled(std::move(leg));
  return route;
}

std::optional<Unready> Stage::make_setup() {
  const ProxySpec& spec = spec_.proxy;
  if (!spec.address.empty()) return std::nullopt;
  if (auto filled = fill(setup_.front, spec, spec.trust); !filled) return unready(filled.error());
  setup_.front.client_certificate = spec.client_certificate;
  setup_.told = spec.told;
  // What reverse proxies negotiate unless told otherwise, as long as nobody here speaks HTTP/2.
  if (setup_.front.alpn.empty()) setup_.front.alpn = {"http/1.1"};
  setup_.weak_certificates = std::ranges::any_of(spec_.certs, [&](const certs::Recipe& recipe) {
    return is_weak(recipe) && std::ranges::find(spec.certs, recipe.name) != spec.certs.end();
  });
  setup_.front.weak = asks_for_weak(spec) || setup_.weak_certificates;
  setup_.front.strict_sni = spec.strict_sni;
  setup_.front_stack = spec.stack;
  for (const std::string& name : spec.certs) {
    auto made = credential(name);
    if (!made) return unready(made.error());
    setup_.front.certificates.push_back(std::move(*made));
  }
  if (spec.origin_timeout) setup_.connect_timeout = setup_.origin_timeout = *spec.origin_timeout;
  for (const RouteSpec& one : spec.routes) {
    auto made = route(one);
    if (!made) return unready(made.error());
    setup_.routes.push_back(std::move(*made));
  }
  return std::nullopt;
}

std::optional<Unready> Stage::start_proxy() {
  const ProxySpec& spec = spec_.proxy;
  if (!spec.address.empty()) return reach_running_proxy(spec.address);
  if (driver_) return start_real_proxy();
  proxy_stack_ = spec.stack;
  auto started = proxy::Proxy::start(workshop_.loop, {"127.0.0.1", 0}, setup_);
  if (!started) return unready(started.error());
  builtin_ = std::move(*started);
  proxy_address_ = {"127.0.0.1", builtin_->port()};
  return std::nullopt;
}

std::optional<Unready> Stage::reach_running_proxy(const std::string& at) {
  proxy_name_ = driver_ ? driver_->name : at;
  const auto unreachable = [this](const Error& error) { return unready({error.code, error.what, spec_.proxy.place}); };
  const auto address = endpoint_of(at);
  if (!address) return unreachable(address.error());
  reach_ = std::make_unique<Reach>(workshop_.loop, *address, [this, unreachable](Result<net::Endpoint> found) {
    if (!found) return ready_(unreachable(found.error()));
    proxy_address_ = std::move(*found);
    ready_(std::nullopt);
  });
  return std::nullopt;
}

std::optional<Unready> Stage::find_real_proxy() {
  proxy_name_ = spec_.proxy.use;
  if (!driver_ || !spec_.proxy.address.empty()) return std::nullopt;
  const proxy::Driver& driver = *driver_;
  proxy_name_ = driver.name;
  proxy_stack_ = driver.stack;
  if (const auto why = proxy::declines(driver, setup_))
    return Unready{path::Status::skipped, driver.name + ": " + *why};
  if (!driver.address.empty()) return std::nullopt;
  // The program is not here: said and counted, never green by itself. Whatever else keeps it from running is an error.
  if (const auto binary = proxy::find_binary(driver); !binary)
    return Unready{path::Status::skipped, binary.error().message()};
  return std::nullopt;
}

std::optional<Unready> Stage::start_real_proxy() {
  const proxy::Driver& driver = *driver_;
  if (!driver.address.empty()) return reach_running_proxy(driver.address);
  if (spec_.proxy.told || driver.tested.empty()) return run_real_proxy();
  // What a proxy does by default changes from version to version.
  if (const auto known = workshop_.versions.find(driver.name); known != workshop_.versions.end())
    return run_if_tested(known->second);
  asked_ = std::make_unique<proxy::AskedVersion>(workshop_.loop, driver, [this](Result<std::string> version) {
    if (version) workshop_.versions.insert_or_assign(driver_->name, version);
    if (auto problem = run_if_tested(version)) ready_(std::move(problem));
  });
  return std::nullopt;
}

std::optional<Unready> Stage::run_if_tested(const Result<std::string>& version) {
  if (!version)
    return Unready{path::Status::error, "what it does by default depends on its version: " + version.error().what};
  if (!proxy::is_tested(*driver_, *version))
    return Unready{path::Status::skipped, driver_->name + ": what it does by default is known of version " +
                                              printable(driver_->tested) + ", and this is " + *version};
  return run_real_proxy();
}

std::optional<Unready> Stage::run_real_proxy() {
  std::vector<proxy::Setup> sites{setup_};
  for (const Stage* guest : guests_) sites.push_back(guest->setup_);
  auto started = RunningProxy::start(workshop_.loop, *driver_, std::move(sites), [this](Result<void> ready) {
    ready_(ready ? std::nullopt : std::optional(Unready{path::Status::error, ready.error().message()}));
  });
  if (!started) return Unready{path::Status::error, started.error().message()};
  std::vector<Stage*> all{this};
  all.insert(all.end(), guests_.begin(), guests_.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->real_ = *started;
    all[i]->site_ = i;
    all[i]->proxy_address_ = {"127.0.0.1", (*started)->port(i)};
  }
  return std::nullopt;
}

std::optional<Unready> Stage::broken() const {
  if (!real_ || real_->running()) return std::nullopt;
  return Unready{path::Status::error, proxy_name_ + " has ended by itself: it " + real_->ended()};
}

Result<tls::ClientSettings> Stage::client_settings(const ClientSpec& spec) const {
  tls::ClientSettings settings;
  if (auto filled = fill(settings, spec, spec.trust); !filled) return tl::unexpected(filled.error());
  settings.verify = spec.verify;
  if (!spec.certificate.empty()) {
    auto made = credential(spec.certificate);
    if (!made) return tl::unexpected(made.error());
    settings.certificate = std::move(*made);
  }
  return settings;
}

tl::expected<const Stage::ClientKit*, Unready> Stage::client_kit(const ClientSpec& spec) {
  const std::string key = settings_key(spec);
  if (const auto found = kits_.find(key); found != kits_.end()) return &found->second;
  ClientKit kit{.stack = tls::stack_named(spec.stack)};
  if (!kit.stack)
    return tl::unexpected(
        Unready{path::Status::error, spec.place.text() + ": there is no TLS stack \"" + spec.stack + "\""});
  auto settings = client_settings(spec);
  if (!settings) return tl::unexpected(unready(settings.error()));
  if (!spec.like.empty()) {
    auto profile = client_profile(spec.like);
    if (!profile) return tl::unexpected(unready({profile.error().code, profile.error().what, spec.place}));
    if (auto applied = apply(**profile, *kit.stack, *settings); !applied)
      return tl::unexpected(unready(applied.error()));
  }
  kit.settings = std::move(*settings);
  auto context = kit.stack->client(kit.settings);
  if (!context) return tl::unexpected(unready(context.error()));
  kit.context = *context;
  return &kits_.emplace(key, std::move(kit)).first->second;
}

tl::expected<std::unique_ptr<tls::Engine>, Unready> Stage::client_engine(const TrySpec& one,
                                                                         std::shared_ptr<const tls::Session> session) {
  const auto kit = client_kit(one.client);
  if (!kit) return tl::unexpected(kit.error());
  tls::Peer peer{.name = one.host, .session = std::move(session)};
  using From = proxy::NameSource::From;
  // RFC 6066 section 3: an address is no name.
  if (one.client.sni.from == From::host && !proxy::is_address(one.host)) peer.sni = one.host;
  if (one.client.sni.from == From::fixed) peer.sni = one.client.sni.fixed;
  auto engine = (*kit)->context->connect(peer);
  if (!engine) return tl::unexpected(unready(engine.error()));
  return tls::with_fault(std::move(*engine), one.client.conduct.wire);
}

}  // namespace bothends::run
