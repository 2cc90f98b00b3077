// bothends doctor: which stacks and proxies are here.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "proxy/version.hpp"
#include "tls/stacks.hpp"

namespace bothends::cli {

namespace {

void show(bool here, const std::string& what, const std::string& detail) {
  std::printf("  %-4s %-10s %s\n", here ? "yes" : "no", what.c_str(), detail.c_str());
}

std::string version_of(const proxy::Driver& driver) {
  if (driver.version.empty()) return "";
  net::Loop loop;
  std::optional<Result<std::string>> version;
  proxy::AskedVersion asked(loop, driver, [&](Result<std::string> told) { version = std::move(told); });
  loop.run_until([&] { return version.has_value(); });
  if (!*version) return " (" + version->error().what + ")";
  if (proxy::is_tested(driver, **version)) return " " + **version;
  return " " + **version + " (what it does by default is known of " + printable(driver.tested) + ")";
}

int perform() {
  std::puts("TLS stacks");
  for (const tls::Stack* stack : tls::stacks()) show(true, std::string(stack->name()), std::string(stack->version()));
  std::puts("Proxies");
  show(true, "builtin", "the embedded proxy");
  for (const std::string& name : proxy::shipped_drivers()) {
    const auto driver = proxy::driver_named(name);
    if (!driver) return std::fprintf(stderr, "bothends: %s\n", driver.error().message().c_str()), 2;
    const auto binary = proxy::find_binary(*driver);
    show(binary.has_value(), name, binary ? binary->string() + version_of(*driver) : binary.error().message());
  }
  return 0;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit) {
  CLI::App* command = app.add_subcommand("doctor", "Say which TLS stacks and proxies are here");
  command->footer("Examples:\n  bothends doctor\n  bothends doctor | grep haproxy");
  command->callback([&exit] { exit = perform(); });
}

}  // namespace bothends::cli
