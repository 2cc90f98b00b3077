// bothends explain: what a cause means and how to mend it.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "path/finding.hpp"

namespace bothends::cli {

namespace {

int unknown(const std::string& id) {
  std::vector<std::string> ids;
  for (const path::Cause& cause : path::causes()) ids.emplace_back(cause.id);
  std::fprintf(stderr, "bothends: there is no cause \"%s\"%s; `bothends explain` lists them\n", printable(id).c_str(),
               suggestion(id, ids).c_str());
  return 2;
}

int perform(const std::string& id) {
  if (id.empty()) {
    for (const path::Cause& cause : path::causes())
      std::printf("%-34.*s %.*s\n", static_cast<int>(cause.id.size()), cause.id.data(),
                  static_cast<int>(cause.title.size()), cause.title.data());
    return 0;
  }
  const path::Cause* cause = path::cause_of(id);
  if (!cause) return unknown(id);
  std::printf("%s\n%s\n\nWhy:  %s\nFix:  %s\n", std::string(cause->id).c_str(), std::string(cause->title).c_str(),
              std::string(cause->why).c_str(), std::string(cause->remedy).c_str());
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, int& exit) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "Explain a cause by its id; without one, list them all");
  command->add_option("ID", *id, "A finding's cause: origin-needs-sni");
  command->footer("Examples:\n  bothends explain\n  bothends explain origin-needs-sni");
  command->callback([id, &exit] { exit = perform(*id); });
}

}  // namespace bothends::cli
