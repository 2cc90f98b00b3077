// bothends hello: what a captured ClientHello says, and what would come of it at an endpoint.
#include "report/hello.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "report/against.hpp"
#include "run/against.hpp"
#include "run/report_file.hpp"
#include "tls/digest.hpp"

namespace bothends::cli {

namespace {

struct Options {
  std::string what, against, json, color = "auto";
  std::size_t nth = 0;  // 0: all
  bool verbose = false;
};

constexpr std::size_t most_names = 16;  // that an endpoint is asked for

const path::Digests digests{.md5 = tls::md5, .sha256 = tls::sha256};

int complain(const Error& error) {
  std::fprintf(stderr, "bothends: %s\n", error.message().c_str());
  return 2;
}

/// One octet more than may be read, so that what is too long is known to be.
Bytes all_of(std::istream& stream) {
  constexpr std::size_t piece = 1 << 20;
  Bytes octets;
  while (stream && octets.size() <= wire::most_capture_octets) {
    auto before = octets.size();
    octets.resize(before + piece);
    stream.read(reinterpret_cast<char*>(octets.data() + before), piece);
    octets.resize(before + static_cast<std::size_t>(stream.gcount()));
  }
  return octets;
}

bool is_hex_argument(const std::string& text) {
  return text.size() >= 8 && text.find_first_not_of("0123456789abcdefABCDEFx \t\n\r:,\\") == std::string::npos;
}

Result<Bytes> octets_of(const std::string& what) {
  if (what == "-") return all_of(std::cin);
  std::error_code error;
  const bool exists = what.find('\0') == std::string::npos && std::filesystem::exists(what, error);
  if (!exists && is_hex_argument(what)) return bytes_of(view_of(what));
  if (!exists)
    return fail(ErrorCode::file,
                "there is no file \"" + printable(what, 128) + "\", and hex it isn't either; - reads standard input");
  if (std::filesystem::is_directory(what, error))
    return fail(ErrorCode::file, "\"" + printable(what, 128) + "\" is a folder: name one file");
  std::ifstream file(what, std::ios::binary);
  if (!file) return fail(ErrorCode::file, "cannot read \"" + printable(what, 128) + "\"");
  return all_of(file);
}

using Held = std::optional<report::HeldAgainst>;

void print_hellos(const wire::Capture& capture, const Options& options, const Held& held, std::FILE* people) {
  const report::ConsoleOptions console{.color = wants_color(options.color, fileno(people)),
                                       .unicode = wants_unicode(),
                                       .width = width_of(fileno(people)),
                                       .verbose = options.verbose};
  const auto print = [people](const std::string& text) { std::fwrite(text.data(), 1, text.size(), people); };
  const std::size_t count = capture.hellos.size();
  const bool brief = count > 1 && options.nth == 0 && !options.verbose;
  if (brief) std::fprintf(people, "%zu ClientHellos in this %s\n", count, capture.form.c_str());
  for (std::size_t number = 1; number <= count; ++number) {
    const auto& hello = capture.hellos[number - 1];
    if (options.nth != 0 && options.nth != number) continue;
    print(brief ? report::hello_line(hello, number, digests, console)
                : report::hello_whole(hello, number, digests, console));
    if (!held) continue;
    if (!brief) print(report::against_headline(held->probed, console));
    if (const auto at = held->hellos.find(number); at != held->hellos.end())
      print(report::console(at->second, console));
  }
  print(report::hello_notes(capture, console));
  if (brief && held) print(report::against_headline(held->probed, console));
  if (brief) print("All of one: --nth N; all of all: -v.\n");
}

bool is_wanted(const wire::Capture& capture, const Options& options, std::size_t number) {
  return (options.nth == 0 || options.nth == number) && capture.hellos[number - 1].found.hello;
}

/// The names that the hellos ask for, each once, in their order.
std::vector<std::optional<std::string>> names_in(const wire::Capture& capture, const Options& options) {
  std::vector<std::optional<std::string>> names;
  std::set<std::optional<std::string>> seen;
  for (std::size_t number = 1; number <= capture.hellos.size() && names.size() < most_names; ++number)
    if (is_wanted(capture, options, number))
      if (auto sni = capture.hellos[number - 1].found.hello->sni(); seen.insert(sni).second) names.push_back(sni);
  return names;
}

Result<Held> held_against(const wire::Capture& capture, const Options& options) {
  const auto names = names_in(capture, options);
  if (options.against.empty() || names.empty()) return Held{};
  Progress progress(true);
  auto probed = run::probed_of(options.against, names, [&](const std::string& line) { progress.show(line); });
  progress.clear();
  if (!probed) return tl::unexpected(probed.error());
  report::HeldAgainst held{std::move(*probed), {}};
  for (std::size_t number = 1; number <= capture.hellos.size(); ++number)
    if (is_wanted(capture, options, number)) {
      const auto offer = policy::offer_of(*capture.hellos[number - 1].found.hello);
      held.hellos.emplace(number, policy::held_against(offer, held.probed));
    }
  return Held{std::move(held)};
}

/// The worst of all hellos.
int exit_of(const report::HeldAgainst& held) {
  int exit = 0;
  for (const auto& [number, against] : held.hellos) {
    if (!against.outcome) return held.probed.interrupted ? 130 : 2;
    if (std::holds_alternative<policy::Refusal>(*against.outcome)) exit = 1;
  }
  return exit;
}

/// None that is good to read is an answer too, but not the one that was hoped for.
int exit_of(const wire::Capture& capture) {
  for (const auto& hello : capture.hellos)
    if (hello.found.hello) return 0;
  return 1;
}

int perform(const Options& options) {
  std::optional<run::ReportFile> json;
  if (!options.json.empty()) {
    auto file = run::ReportFile::open(options.json);
    if (!file) return complain(file.error());
    json.emplace(std::move(*file));
  }
  auto octets = octets_of(options.what);
  if (!octets) return complain(octets.error());
  const auto capture = wire::read_capture(*octets);
  if (options.nth > capture.hellos.size() && !capture.hellos.empty())
    return complain({ErrorCode::usage,
                     "there is no ClientHello " + std::to_string(options.nth) + ": there are " +
                         std::to_string(capture.hellos.size()),
                     {}});
  const auto held = held_against(capture, options);
  if (!held) return complain(held.error());
  std::FILE* people = options.json == "-" ? stderr : stdout;
  print_hellos(capture, options, *held, people);
  if (!capture.nothing.empty()) std::fprintf(stderr, "bothends: %s\n", capture.nothing.c_str());
  if (std::fflush(people) != 0 || std::ferror(people))
    return complain({ErrorCode::file, "the report for people could not be written", {}});
  const auto numbers = options.nth ? std::vector{options.nth} : std::vector<std::size_t>{};
  if (json)
    if (auto done = json->commit(report::hello_json(capture, numbers, digests, *held ? &**held : nullptr)); !done)
      return complain(done.error());
  if (*held) return exit_of(**held);
  return options.against.empty() ? exit_of(capture) : 2;
}

}  // namespace

void add_hello(CLI::App& app, int& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("hello", "Decode a captured ClientHello: every field by name, JA3, JA4; would it agree?");
  command
      ->add_option("WHAT", options->what,
                   "A file (hex text, a TLS record, a handshake message, pcap, pcapng), hex itself, or - for standard "
                   "input")
      ->required();
  command->add_option("--nth", options->nth, "Of several ClientHellos only this one, from 1")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--against", options->against,
                      "Would it agree there? HOST[:PORT] is probed first; or a file that probe --json wrote");
  command->add_option("--json", options->json, "Write all that was decoded to this file; - is standard output");
  command->add_option("--color", options->color, "Colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  command->add_flag("-v,--verbose", options->verbose, "Every ClientHello in full");
  command->footer(
      "Exit: 0 a ClientHello was decoded, 1 none is in it, 2 an error.\n"
      "With --against: 0 it agrees, 1 it is refused, 2 that is not known, or an error.\n"
      "Examples:\n"
      "  bothends hello - --json - < docs/hello.hex\n"
      "  bothends hello docs/hello.hex --against shop.test:8443");
  command->callback([options, &exit] { exit = perform(*options); });
}

}  // namespace bothends::cli
