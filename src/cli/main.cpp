#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{
      "Plays both ends of a reverse proxy, CDN or load balancer: the TLS client in front of it and the TLS origin "
      "behind it,\n"
      "and says which leg failed, who refused, why, and what to change.",
      "bothends"};
  app.set_version_flag("--version", "bothends " BOTHENDS_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit: 0 all well, 1 failed expectation or finding, 2 error, 130 interrupted.\n"
      "`bothends COMMAND --help` shows each command with examples.");
  int exit = 0;
  bothends::cli::add_run(app, exit);
  bothends::cli::add_probe(app, exit);
  bothends::cli::add_explain(app, exit);
  bothends::cli::add_hello(app, exit);
  bothends::cli::add_doctor(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are asked for: 0. All else is a usage error: 2.
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bothends: %s\n", error.what());
    return 2;
  }
  return exit;
}
