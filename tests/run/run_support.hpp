// What the tests of the working half of src/run share: one mint, stages from texts, folders that go away.
#pragma once

#include <filesystem>
#include <string>

#include "run/job.hpp"
#include "tests/net/support.hpp"
#include "tests/run/scenario_support.hpp"

namespace bothends::run::test {

using net::milliseconds;
using net::test::turn_until;

/// Of the whole test program.
certs::Mint& mint();
/// Good for these names.
tls::Credential certificate(const std::vector<std::string>& names);

/// A scratch folder of its own, gone with it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& content) const;
  /// Names of what is in it, sorted.
  std::vector<std::string> entries() const;

 private:
  std::filesystem::path path_;
};
std::string content_of(const std::filesystem::path& file);

/// All tries of a text on one stage, to the end.
std::vector<path::TryOutcome> run_job(net::Loop& loop, const std::string& text);

}  // namespace bothends::run::test
