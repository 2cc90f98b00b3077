// bothends explain: what a cause means, or which causes a text may have, and how to mend them.
#include "path/explain.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "path/cause_page.hpp"
#include "path/finding.hpp"

namespace bothends::cli {

namespace {

constexpr std::size_t input_at_most = 64 * 1024;  // what explain() reads
constexpr std::size_t widest = 100;               // longer lines are hard to read

std::size_t width() { return std::min<std::size_t>(width_of(1), widest); }

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int list_causes() {
  for (const path::Cause& cause : path::causes())
    std::printf("%-34.*s %.*s\n", static_cast<int>(cause.id.size()), cause.id.data(),
                static_cast<int>(cause.title.size()), cause.title.data());
  return 0;
}

/// One word that is nearly a cause's id is a typing error, not a text.
std::string meant(const std::string& text) {
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) return "";
  std::vector<std::string> ids;
  for (const path::Cause& cause : path::causes()) ids.emplace_back(cause.id);
  return suggestion(text, ids);
}

int unknown(const std::string& text) {
  const std::string near = meant(text);
  if (!near.empty()) {
    std::fprintf(stderr, "bothends: there is no cause \"%s\"%s; `bothends explain` lists them\n",
                 printable(text).c_str(), near.c_str());
    return 2;
  }
  std::fprintf(stderr,
               "bothends: nothing is known about this text. What is understood:\n"
               "  a cause's id (`bothends explain` lists them)\n"
               "  an alert by number or name: 48, \"alert number 48\", unknown_ca\n"
               "  an error of OpenSSL, mbedTLS, GnuTLS, NSS, BoringSSL, Schannel, Go or Java\n"
               "  a log line of nginx, HAProxy, Apache, Caddy, Traffic Server, Squid or Envoy\n"
               "  a status, or a page of a proxy or CDN: 502, 525, \"Error 526\"\n");
  return 1;
}

/// The text wrapped behind a name, all moved in.
std::string field(std::string_view name, std::string_view text) {
  constexpr std::size_t column = 8;
  std::string lines, margin = "   " + std::string(name);
  for (const std::string& line : split(trim(path::plain_page(text, width() - column)), '\n')) {
    margin.resize(column, ' ');
    lines += margin + line + "\n";
    margin.clear();
  }
  return lines;
}

/// `before`: the candidate printed before; what it says too is not said again.
void print_candidate(std::size_t number, const path::Candidate& candidate, const path::Candidate* before) {
  const path::Cause& cause = *path::cause_of(candidate.cause);
  const std::string leg = candidate.leg ? ", " + std::string(name(*candidate.leg)) + " leg" : "";
  const std::string status = candidate.status.empty() ? "" : " [" + candidate.status + "]";
  print("\n" + std::to_string(number) + ". " + candidate.cause + " (" + std::string(name(candidate.likelihood)) + leg +
        "): " + std::string(cause.title) + "\n");
  if (!before || before->why != candidate.why) print(field("says", candidate.why + status));
  print(field("why", cause.why) + field("fix", cause.remedy));
}

void print_decider(const std::vector<path::Candidate>& candidates) {
  const std::string command = path::decider(candidates);
  const std::string what =
      command.empty() ? "To decide, write your path down as a scenario (docs/scenarios.md) and see both its ends:"
      : candidates.size() == 1
          ? "To see what it does on both ends (--proxy NAME: with yours):"
          : "To decide, compare with what each of them does on both ends (--proxy NAME: with yours):";
  print("\n" + what + "\n  " + (command.empty() ? "bothends run my-path.toml -v" : command) + "\n");
  print("`bothends explain ID` tells more about one of them.\n");
}

int perform(const std::string& text) {
  const std::string id = lower(trim(text));
  if (path::cause_of(id)) {
    print(path::plain_page(path::cause_page(id), width()));
    return 0;
  }
  const std::vector<path::Candidate> candidates = path::explain(text);
  if (candidates.empty()) return unknown(text);
  print(candidates.size() == 1 ? "This has one likely cause.\n" : "This may be, the likeliest first:\n");
  for (std::size_t at = 0; at < candidates.size(); ++at)
    print_candidate(at + 1, candidates[at], at ? &candidates[at - 1] : nullptr);
  print_decider(candidates);
  return 0;
}

/// Standard input up to what is read of a text.
std::string piped() {
  std::string text(input_at_most, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  return text;
}

}  // namespace

void add_explain(CLI::App& app, int& exit) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand(
      "explain", "Tell the likely causes of an error text, alert, log line or status; or all about one cause");
  command->add_option("TEXT", *words,
                      "What was seen, or a cause's id; several words are one text, - reads standard input; nothing "
                      "lists the causes");
  command->prefix_command();
  command->footer(
      "Exit: 0 something is known, 1 nothing is, 2 an error.\n"
      "Examples:\n"
      "  bothends explain origin-needs-sni\n"
      "  bothends explain \"SSL_do_handshake() failed (SSL: error:0A000410) while SSL handshaking to upstream\"");
  command->callback([command, words, &exit] {
    std::vector<std::string> all = *words;
    for (const std::string& more : command->remaining())
      if (more != "--") all.push_back(more);
    exit = all.empty() ? list_causes() : perform(all.size() == 1 && all[0] == "-" ? piped() : join(all, " "));
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) exit = 2;
  });
}

}  // namespace bothends::cli
