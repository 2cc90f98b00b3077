#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "proxy/driver.hpp"

namespace bothends::proxy {

namespace {

bool runs(const std::filesystem::path& program) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(program, ignored) && ::access(program.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::filesystem::path> find_binary(const Driver& driver) {
  const char* path = std::getenv("PATH");
  // Debian keeps servers in folders that are not in an ordinary user's PATH.
  const std::vector<std::string> folders =
      split(std::string(path ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin", ':');
  for (const std::string& binary : driver.binaries) {
    // It is started from within the scratch folder: a path that is relative to ours must not be looked for there.
    std::error_code ignored;
    const bool is_path = binary.find('/') != std::string::npos;
    if (is_path && runs(binary)) return std::filesystem::absolute(binary, ignored);
    for (const std::string& folder : folders) {
      const std::filesystem::path candidate = std::filesystem::path(folder) / binary;
      if (!is_path && !folder.empty() && runs(candidate)) return std::filesystem::absolute(candidate, ignored);
    }
  }
  return fail(ErrorCode::resource,
              driver.name + " is not installed: no " + printable(join(driver.binaries, ", ")) + " in PATH" +
                  (driver.package.empty() ? "" : "; on Debian: apt-get install " + driver.package));
}

}  // namespace bothends::proxy
