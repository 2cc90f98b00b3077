// A descriptor of a real proxy (drivers/*.toml): how to write its configuration, start it, know that it is ready, stop
// it, find its log, and what it cannot express. Adding a proxy needs such a file and no C++. docs/drivers.md is the
// reference.
#pragma once

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

/// What is written before the start: credentials and configuration, by name below the scratch folder.
/// Error{value} when a template is wrong or uses a name that does not exist, or when something of the setup cannot be
/// written into a configuration without changing its meaning (quotes, spaces, control characters; of names, whatever
/// DNS would not have).
Result<std::map<std::string, std::string>> files_for(const Driver& driver, const Setup& setup, std::uint16_t port,
                                                     const std::filesystem::path& folder);
/// The command's arguments, rendered likewise with `folder`, `port` and `root`; the first is the program.
Result<std::vector<std::string>> arguments_for(const Driver& driver, const std::filesystem::path& program,
                                               std::uint16_t port, const std::filesystem::path& folder);
/// The values of Driver::environment, rendered as arguments are.
Result<std::vector<std::pair<std::string, std::string>>> environment_for(const Driver& driver, std::uint16_t port,
                                                                         const std::filesystem::path& folder);
/// The names that templates may use, for docs/drivers.md and its test.
const std::vector<std::string>& template_names();

}  // namespace bothends::proxy
