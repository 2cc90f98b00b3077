// bothends probe: one endpoint's whole TLS policy, or that of many.
#include "run/probe.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "report/clients.hpp"
#include "report/grade.hpp"
#include "report/json_probed.hpp"
#include "report/probed.hpp"
#include "run/client_hellos.hpp"
#include "run/open_files.hpp"
#include "run/policies.hpp"
#include "run/report_file.hpp"
#include "run/scenario_fields.hpp"

namespace bothends::cli {

namespace {

struct Options {
  std::string target, file, ca, policy, json, proxy_protocol, color = "auto";
  std::vector<std::string> names;
  std::string timeout = "120s", question_timeout = "5s";
  unsigned jobs = 16;
  run::ProbeSettings settings;
  bool list_policies = false, no_sni = false, clients = false, strict = false, quiet = false, verbose = false;
};

int complain(const Error& error) {
  std::fprintf(stderr, "bothends: %s\n", error.message().c_str());
  return 2;
}

/// What comes of one target, all targets of a run added up.
struct Tally {
  std::size_t targets = 0, errors = 0, ungraded = 0, incomplete = 0, differ = 0;

  int exit(const Options& options, bool interrupted) const {
    if (interrupted) return 130;
    if (errors > 0 || ungraded > 0 || (options.strict && incomplete > 0)) return 2;
    return differ > 0 ? 1 : 0;
  }
};

class ProbeCommand {
 public:
  explicit ProbeCommand(Options& options) : options_(options), progress_(!options.quiet) {}

  Result<void> prepare();
  int perform();

 private:
  Result<void> read_times();
  Result<void> check_names() const;
  void fit_open_files();
  Result<void> open_reports();
  std::optional<run::Target> next();
  std::unique_ptr<run::Probers::Running> start(const run::Target& target, run::Probers::Ended ended);
  void result(const policy::Probed& probed);
  void count(const std::vector<policy::ClientAnswer>& clients);
  void count(const std::vector<policy::CrossCheck>& checks);
  report::Judged judged(const policy::Probed& probed);
  void write(const policy::Probed& probed, const report::Judged& judged);

  bool is_list() const { return !options_.file.empty(); }

  Options& options_;
  Progress progress_;
  report::ConsoleOptions console_;
  std::FILE* people_ = stdout;
  std::int64_t now_ = 0;
  std::optional<run::TrustStore> trust_;
  std::optional<run::Targets> targets_;
  std::optional<policy::GradePolicy> policy_;
  std::optional<run::ReportFile> json_;
  net::Loop loop_;
  run::AskingTools asking_{loop_};
  Tally tally_;
  std::string broken_;  // why the report could not be written
};

Result<void> ProbeCommand::read_times() {
  const auto total = run::duration_of(options_.timeout), question = run::duration_of(options_.question_timeout);
  if (!total || total->count() <= 0) return fail(ErrorCode::usage, "--timeout wants a duration like 60s");
  if (!question || question->count() <= 0) return fail(ErrorCode::usage, "--question-timeout wants a duration like 5s");
  options_.settings.pace.total = *total;
  options_.settings.pace.question = std::min(*question, *total);
  return {};
}

Result<void> ProbeCommand::check_names() const {
  for (const auto& name : options_.names)
    if (const auto good = run::check_name(name); !good) return fail(ErrorCode::usage, "--sni: " + good.error().what);
  return {};
}

void ProbeCommand::fit_open_files() {
  auto& connections = options_.settings.pace.connections;
  const auto jobs = static_cast<unsigned>(std::min<std::size_t>(options_.jobs, targets_->size()));
  const auto most = run::raise_open_files(std::size_t{1} << 20);
  const auto load = run::load_within(most, {jobs, connections});
  if (load != run::Load{jobs, connections})
    std::fprintf(stderr, "bothends: only %zu files may be open (ulimit -n): --jobs %u, --max-connections %u\n", most,
                 load.jobs, load.connections);
  options_.jobs = load.jobs;
  connections = load.connections;
}

Result<void> ProbeCommand::open_reports() {
  if (is_list() && options_.json.empty()) options_.json = "-";
  if (options_.json.empty()) return {};
  auto file = run::ReportFile::open(options_.json);
  if (!file) return tl::unexpected(file.error());
  json_.emplace(std::move(*file));
  if (options_.json == "-") people_ = stderr;
  return {};
}

Result<void> ProbeCommand::prepare() {
  if (options_.target.empty() == options_.file.empty())
    return fail(ErrorCode::usage, "probe wants either HOST[:PORT] or -f FILE");
  if (auto read = read_times(); !read) return read;
  if (auto good = check_names(); !good) return good;
  if (!is_list())  // a file's line may say more
    if (auto target = run::target_of(options_.target); !target) return tl::unexpected(target.error());
  auto targets = is_list() ? run::Targets::of_file(options_.file) : run::Targets::of_text(options_.target, "");
  if (!targets) return tl::unexpected(targets.error());
  targets_.emplace(std::move(*targets));
  fit_open_files();
  auto trust = options_.ca.empty() ? run::TrustStore::of_system(run::TrustStore::system_places())
                                   : run::TrustStore::of_file(options_.ca);
  if (!trust) return tl::unexpected(trust.error());
  trust_.emplace(std::move(*trust));
  if (!options_.policy.empty()) {
    auto policy = run::grade_policy(options_.policy);
    if (!policy) return tl::unexpected(policy.error());
    policy_.emplace(std::move(*policy));
  }
  if (auto opened = open_reports(); !opened) return opened;
  now_ = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  console_ = {.color = wants_color(options_.color, fileno(people_)),
              .unicode = wants_unicode(),
              .width = width_of(fileno(people_)),
              .verbose = options_.verbose,
              .quiet = options_.quiet};
  return {};
}

/// The first --sni is the name that is asked for instead of the host's.
std::optional<run::Target> ProbeCommand::next() {
  auto target = targets_->next();
  if (!target) return target;
  if (!options_.names.empty() && !is_list()) target->sni = options_.names.front();
  if (options_.no_sni) target->sni.reset();
  return target;
}

std::unique_ptr<run::Probers::Running> ProbeCommand::start(const run::Target& target, run::Probers::Ended ended) {
  auto settings = options_.settings;
  settings.names = options_.names;
  if (!is_list() && !options_.no_sni && !settings.names.empty()) settings.names.erase(settings.names.begin());
  return std::make_unique<run::Probe>(
      run::ProbeTools{loop_, asking_, *trust_, now_}, target, std::move(settings),
      [this](const std::string& line) { progress_.show(line); }, std::move(ended));
}

void ProbeCommand::result(const policy::Probed& probed) {
  ++tally_.targets;
  const bool is_tls = probed.error.empty() && probed.survey.foreign.empty();
  if (!is_tls) ++tally_.errors;
  if (is_tls && !probed.survey.complete()) ++tally_.incomplete;
  write(probed, is_tls ? judged(probed) : report::Judged{});
  if (is_list())
    progress_.show(std::to_string(tally_.targets) + " of " + std::to_string(targets_->size()) + " targets");
}

/// A hello that found no answer leaves something unknown, one that found another answer is a difference.
void ProbeCommand::count(const std::vector<policy::ClientAnswer>& clients) {
  bool differs = false, is_silent = false;
  for (const auto& client : clients) {
    differs = differs || policy::verified(client) == policy::Verified::differs;
    is_silent = is_silent || (client.seen && client.seen->kind == policy::Answer::Kind::none);
  }
  tally_.differ += differs;
  tally_.incomplete += is_silent;
}

/// What only the stack itself could not do says nothing about the endpoint.
void ProbeCommand::count(const std::vector<policy::CrossCheck>& checks) {
  using Is = policy::CrossCheck::Is;
  const auto any = [&](Is is) { return std::ranges::find(checks, is, &policy::CrossCheck::is) != checks.end(); };
  tally_.differ += any(Is::the_servers);
  tally_.incomplete += any(Is::unknown);
}

report::Judged ProbeCommand::judged(const policy::Probed& probed) {
  report::Judged judged;
  count(probed.cross_checks);
  if (policy_) {
    judged.grade = policy::grade(probed.survey, probed.chains, *policy_);
    if (judged.grade->verdict == policy::Grade::Verdict::differs) ++tally_.differ;
    if (judged.grade->verdict == policy::Grade::Verdict::unknown) ++tally_.ungraded;
  }
  if (options_.clients || options_.settings.verify_clients)
    if (const auto known = run::known_clients(probed.survey.sni)) {
      judged.clients = policy::foretell_clients(*known, probed);
      count(*judged.clients);
    }
  return judged;
}

void ProbeCommand::write(const policy::Probed& probed, const report::Judged& judged) {
  progress_.clear();
  if (json_)
    if (auto written = json_->append(report::probed_json(probed, judged) + "\n"); !written)
      broken_ = written.error().what;
  if (is_list()) return;
  std::fputs(report::console(probed, console_).c_str(), people_);
  if (judged.grade) std::fputs(report::console(*judged.grade, console_).c_str(), people_);
  if (judged.clients) std::fputs(report::console(*judged.clients, console_).c_str(), people_);
}

int ProbeCommand::perform() {
  bool done = false, interrupted = false;
  run::Probers probers(loop_, options_.jobs,
                       {.next = [this] { return next(); },
                        .start = [this](const run::Target& target,
                                        run::Probers::Ended ended) { return start(target, std::move(ended)); },
                        .result = [this](const run::Target&, policy::Probed probed) { result(probed); },
                        .done = [&] { done = true; }});
  net::Interrupt interrupt(loop_, [&](int) {
    interrupted = true;
    probers.interrupt();
  });
  loop_.run_until([&] { return done; });
  progress_.clear();
  if (std::fflush(people_) != 0 || std::ferror(people_)) broken_ = "the report for people could not be written";
  if (json_ && broken_.empty())
    if (auto written = json_->commit(""); !written) broken_ = written.error().what;
  if (!broken_.empty()) return complain({ErrorCode::file, broken_, {}});
  return tally_.exit(options_, interrupted);
}

int list_policies() {
  const auto policies = run::grade_policies();
  if (!policies) return complain(policies.error());
  std::size_t widest = 0;
  for (const auto& policy : *policies) widest = std::max(widest, policy.id.size());
  for (const auto& policy : *policies)
    std::printf("%-*s  %-10s  %s%s\n", static_cast<int>(widest), policy.id.c_str(), name(policy.status).data(),
                policy.vendor.c_str(), policy.complete ? "" : ", in part");
  return std::fflush(stdout) == 0 ? 0 : complain({ErrorCode::file, "the list could not be written", {}});
}

int perform(Options& options) {
  if (options.list_policies) return list_policies();
  ProbeCommand command(options);
  if (auto ready = command.prepare(); !ready) return complain(ready.error());
  return command.perform();
}

}  // namespace

void add_probe(CLI::App& app, int& exit) {
  auto options = std::make_shared<Options>();
  auto& settings = options->settings;
  CLI::App* command = app.add_subcommand("probe", "Find out an endpoint's whole TLS policy");
  command->add_option("TARGET", options->target, "HOST[:PORT]; the port is 443 when none is given");
  command->add_option("-f,--file", options->file,
                      "A file of targets, one HOST[:PORT] [SNI] a line; - is standard input");
  command->add_option("--sni", options->names,
                      "A name to ask for, repeatable: the first instead of the host's, all in the list of names");
  command->add_flag("--no-sni", options->no_sni, "Ask for no name");
  command->add_option("--ca", options->ca, "Trust the certificates of this file instead of the system's");
  command->add_option("--policy", options->policy, "Compare with a policy: a name (docs/policies.md) or a TOML file");
  command->add_flag("--list-policies", options->list_policies, "The policies that are known by name, and no more");
  command->add_flag("--clients", options->clients, "Which known clients it serves, and with what");
  command->add_flag("--verify-clients", settings.verify_clients,
                    "Send their real hellos too, and compare; implies --clients");
  command->add_option("--stack", settings.stacks, "Complete handshakes by this stack to check the survey, repeatable")
      ->check(CLI::IsMember({"openssl", "mbedtls"}));
  command->add_flag("--sweep", settings.sweep, "All 65,536 suite codes, not only the registered ones");
  command->add_option("--proxy-protocol", options->proxy_protocol, "Send a PROXY protocol header first: v1 or v2")
      ->check(CLI::IsMember({"v1", "v2"}));
  command->add_option("--max-connections", settings.pace.connections, "To one target, side by side")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--rate", settings.pace.per_second, "Connections a second to one target; 0: no limit")
      ->check(CLI::Range(0.0, 1e6));
  command->add_option("--timeout", options->timeout, "For one target")->capture_default_str();
  command->add_option("--question-timeout", options->question_timeout, "For one connection")->capture_default_str();
  command->add_option("--jobs", options->jobs, "Targets side by side")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--json", options->json, "Write a line of JSON for each target; - is standard output");
  command->add_option("--color", options->color, "Colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  command->add_flag("--strict", options->strict, "What is not known is an error");
  command->add_flag("-q,--quiet", options->quiet, "Only what is wrong or not known");
  command->add_flag("-v,--verbose", options->verbose, "Also fingerprints, all names, and what agrees");
  command->footer(
      "Exit: 0; 1 when it is not on the policy asked for, or answers a known client's hello or a --stack\n"
      "otherwise than foretold; 2 when it could not be asked, when it cannot be said whether it is on that\n"
      "policy, or with --strict when anything is not known; 130 when interrupted.\n"
      "Examples:\n"
      "  bothends probe shop.test:8443 --clients --json shop.json\n"
      "  bothends probe -f targets.txt --jobs 64 --json policies.jsonl");
  command->callback([options, &exit] {
    if (options->proxy_protocol == "v1") options->settings.proxy_protocol = run::ProxyProtocol::v1;
    if (options->proxy_protocol == "v2") options->settings.proxy_protocol = run::ProxyProtocol::v2;
    exit = perform(*options);
  });
}

}  // namespace bothends::cli
