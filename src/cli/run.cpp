// bothends run: scenario files in, reports out.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "report/console.hpp"
#include "report/json.hpp"
#include "report/junit.hpp"
#include "run/report_file.hpp"
#include "run/run_scenarios.hpp"
#include "tls/digest.hpp"

namespace bothends::cli {

namespace {

struct Options {
  run::RunOptions run;
  std::vector<std::string> matrix;  // KEY=A,B
  std::string json, junit, color = "auto";
  bool quiet = false, verbose = false, strict = false;
};

int complain(const Error& error) {
  std::fprintf(stderr, "bothends: %s\n", error.message().c_str());
  return 2;
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Result<void> read_matrix(Options& options) {
  for (const std::string& one : options.matrix) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == one.size())
      return fail(ErrorCode::usage, "--matrix wants KEY=VALUE,VALUE, got \"" + printable(one) + "\"");
    options.run.read.matrix[one.substr(0, equals)] = split(one.substr(equals + 1), ',');
  }
  return {};
}

/// The machine-readable reports of one run, collected scenario by scenario.
class Reports {
 public:
  Result<void> open(const Options& options) {
    if (!options.json.empty()) {
      auto file = run::ReportFile::open(options.json);
      if (!file) return tl::unexpected(file.error());
      json_.emplace(std::move(*file));
    }
    if (options.junit.empty()) return {};
    auto file = run::ReportFile::open(options.junit);
    if (!file) return tl::unexpected(file.error());
    junit_.emplace(std::move(*file));
    return {};
  }

  void add(const path::ScenarioOutcome& scenario) {
    if (json_) scenarios_.push_back(report::json(scenario, {.md5 = tls::md5, .sha256 = tls::sha256}));
    if (junit_) suites_.push_back(report::junit(scenario));
  }

  Result<void> commit(const path::RunOutcome& run, const path::Counts& counts) {
    if (json_)
      if (auto done = json_->commit(report::json_document(run, counts, scenarios_)); !done) return done;
    if (junit_)
      if (auto done = junit_->commit(report::junit_document(run, counts, suites_)); !done) return done;
    return {};
  }

 private:
  std::optional<run::ReportFile> json_, junit_;
  std::vector<std::string> scenarios_, suites_;
};

int perform(Options& options) {
  if (auto matrix = read_matrix(options); !matrix) return complain(matrix.error());
  if (!options.json.empty() && options.json == options.junit)
    return complain({ErrorCode::usage, "--json and --junit cannot both write to " + printable(options.json), {}});
  Reports reports;
  if (auto opened = reports.open(options); !opened) return complain(opened.error());
  // A machine's report on standard output is not mixed with the one for people.
  std::FILE* people = options.json == "-" || options.junit == "-" ? stderr : stdout;
  const report::ConsoleOptions console{.color = wants_color(options.color, fileno(people)),
                                       .unicode = wants_unicode(),
                                       .width = width_of(fileno(people)),
                                       .verbose = options.verbose,
                                       .quiet = options.quiet};
  Progress progress(!options.quiet);
  options.run.progress = [&](const std::string& line) { progress.show(line); };
  path::RunOutcome outcome{.version = BOTHENDS_VERSION, .began = utc_now()};
  const auto summary = run::run_scenarios(options.run, [&](const path::ScenarioOutcome& scenario) {
    progress.clear();
    std::fputs(report::console(scenario, console).c_str(), people);
    std::fflush(people);
    reports.add(scenario);
  });
  progress.clear();
  if (!summary) return complain(summary.error());
  outcome.proxy = summary->proxy;
  outcome.interrupted = summary->interrupted;
  outcome.not_run = summary->not_run;
  outcome.took = summary->took;
  std::fputs(
      report::console_summary(summary->counts, summary->interrupted, summary->not_run, summary->took, console).c_str(),
      people);
  if (std::fflush(people) != 0 || std::ferror(people))
    return complain({ErrorCode::file, "the report for people could not be written", {}});
  if (auto done = reports.commit(outcome, summary->counts); !done) return complain(done.error());
  return path::exit_code(summary->counts, summary->interrupted, options.strict);
}

}  // namespace

void add_run(CLI::App& app, int& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run scenario files or folders and report on both legs");
  command->add_option("PATH", options->run.paths, "Scenario files, or folders of them")->required();
  command->add_option("--proxy", options->run.read.proxy,
                      "Use this proxy in every scenario: builtin, nginx, haproxy, …");
  command->add_option("--driver", options->run.driver, "Use the proxy of this driver file")->excludes("--proxy");
  command->add_option("--matrix", options->matrix,
                      "Multiply every scenario: KEY=VALUE,VALUE (client.stack=openssl,mbedtls)");
  command->add_option("--name", options->run.name, "Only tries whose name contains this");
  command->add_option("--jobs", options->run.jobs, "Stages that run side by side")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--repeat", options->run.repeat, "Run everything this often")->check(CLI::Range(1, 1'000'000));
  command->add_option("--json", options->json, "Write the JSON report to this file; - is standard output");
  command->add_option("--junit", options->junit, "Write the JUnit report to this file; - is standard output");
  command->add_option("--color", options->color, "Colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  command->add_flag("--strict", options->strict, "A skipped try is an error");
  command->add_flag("-q,--quiet", options->quiet, "Only failures and the summary");
  command->add_flag("-v,--verbose", options->verbose, "Every message of both legs");
  command->footer(
      "Examples:\n"
      "  bothends run scenarios/ --jobs 4 --junit report.xml\n"
      "  bothends run scenarios/cert-expired.toml --proxy nginx -v");
  command->callback([options, &exit] { exit = perform(*options); });
}

}  // namespace bothends::cli
