// A descriptor of a real proxy (drivers/*.toml): how to write its configuration, start it, know that it is ready, stop
// it, find its log, and what it cannot express. Adding a proxy needs such a file and no C++. docs/drivers.md is the
// reference.
#pragma once

#include <csignal>
#include <filesystem>
#include <map>
#include <set>

#include "base/result.hpp"
#include "proxy/setup.hpp"

namespace bothends::proxy {

/// Something a proxy's configuration language has no words for.
struct Cannot {
  std::string feature;  // of features_of(): "routes.verify=chain"; or several with & between: all of them together
  std::string why;      // shown as the reason of Skipped
};

/// What a proxy does on its origin legs when its configuration names no more than the origin's address.
struct Defaults {
  std::string upstream = "127.0.0.1";  // how such a configuration names the origin
  NameSource sni;                      // none, host or upstream
  policy::Verify verify = policy::Verify::none;
  std::vector<policy::Defect> minds;  // refuses these although it does not verify
  std::uint16_t min_version = 0;      // what it really offers; 0: not said
  std::uint16_t max_version = 0;
  std::vector<std::string> alpn;
  std::string source;  // measured or documented where
};
/// Of the embedded proxy: no SNI, no verification, whatever its stack offers.
const Defaults& builtin_defaults();

/// What its front accepts of clients when its configuration says nothing: what its library, or it, has as a default.
/// Empty lists: not known, and then the lists of the stack it is built on are taken, or none.
struct FrontLists {
  wire::Codes suites, groups, signature_schemes;
};

/// HTTP statuses its client gets.
struct DriverStatuses {
  std::optional<unsigned> tls;      // TLS with the origin failed
  std::optional<unsigned> connect;  // no connection to it
  std::optional<unsigned> time;     // it is silent
};

struct Driver {
  std::string name;
  std::string about;                               // one line for people
  std::string package;                             // the Debian package that has the program
  std::vector<std::string> binaries;               // looked for in PATH and the sbin folders, first found wins
  std::vector<std::string> start;                  // arguments; templates
  std::map<std::string, std::string> environment;  // templates
  std::map<std::string, std::string> files;        // name below the scratch folder → template (mustache)
  std::vector<std::string> folders;                // made below the scratch folder before the start
  std::map<std::string, std::string> words;        // the registry's name → this proxy's: "TLSv1.0" → "TLSv1"
  std::string log;                                 // a file below the scratch folder; empty: what it prints
  std::string stack = "openssl";  // whose manners its TLS has, for the predictor; "other": it assumes nothing
  std::chrono::milliseconds ready_within{10000};
  std::chrono::milliseconds stop_within{2000};
  std::vector<Cannot> cannot;
  std::optional<Defaults> defaults;          // nullopt: not known
  std::map<std::string, std::string> fixes;  // cause, or client.CAUSE → what to change in this proxy's configuration
  FrontLists front;
  DriverStatuses statuses;
  std::vector<std::string> version;  // arguments that make it print its version; empty: it is not asked
  std::string tested;                // the version, or its beginning, that `defaults` are true of
  std::vector<std::string> check;    // arguments by which it tests its configuration; templates
  int reload_signal = 0;
  std::vector<std::string> reload_command;  // the program first; templates
  int stop_signal = SIGTERM;
  std::string address;  // HOST:PORT of one that the user runs himself: nothing is started
  std::string origins;  // ADDR:PORT where the first origin then listens, each further one a port higher
  Place place;
};

/// Error{file, syntax, value} with file:line:column; an unknown key is one, with "did you mean".
Result<Driver> read_driver(const std::filesystem::path& file);
Result<Driver> parse_driver(std::string_view text, const std::string& name);
/// Those that come with the program (embedded in it).
std::vector<std::string> shipped_drivers();
/// A shipped driver; Error{value} with "did you mean".
Result<Driver> driver_named(std::string_view name);

/// The words for everything in a setup that goes beyond the plainest proxy, by which drivers decline: see
/// docs/drivers.md.
std::set<std::string> features_of(const Setup& setup);
/// Every word features_of() may say.
const std::vector<std::string>& all_features();
/// Why this proxy cannot do that; nullopt when it can.
std::optional<std::string> declines(const Driver& driver, const Setup& setup);

/// The program's path; Error{resource} says which package has it when that is known, and that it was looked for.
Result<std::filesystem::path> find_binary(const Driver& driver);

/// The range that is written for a leg; what a setup leaves open is TLS 1.2 and 1.3, whatever the proxy's own default.
std::pair<std::uint16_t, std::uint16_t> versions_of(const tls::CommonSettings& settings);

/// One front of a proxy and the port it listens on.
struct Site {
  Setup setup;
  std::uint16_t port = 0;
};

/// Whether one process can serve several sites: its templates use them.
bool batches(const Driver& driver);
/// Equal exactly for setups that may share a process: they differ in the origins' ports only. Error as of files_for().
Result<std::string> batch_key(const Driver& driver, const Setup& setup);

/// What is written before the start: credentials and configuration, by name below the scratch folder. There is at least
/// one site; several have one batch_key().
/// Error{value} when a template is wrong or uses a name that does not exist, or when something of the setup cannot be
/// written into a configuration without changing its meaning (quotes, spaces, control characters; of names, whatever
/// DNS would not have).
Result<std::map<std::string, std::string>> files_for(const Driver& driver, const std::vector<Site>& sites,
                                                     const std::filesystem::path& folder);

/// What is run, rendered as files are.
struct Rendered {
  std::vector<std::string> start, check, reload;  // arguments; of `reload` with its program
  std::vector<std::pair<std::string, std::string>> environment;
};
Result<Rendered> commands_for(const Driver& driver, const std::vector<Site>& sites,
                              const std::filesystem::path& folder);
/// The names that templates may use, for docs/drivers.md and its test.
const std::vector<std::string>& template_names();

}  // namespace bothends::proxy
