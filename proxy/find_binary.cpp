#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "proxy/driver.hpp"

namespace bothends::proxy {

Result<std::filesystem::path> find_binary(const Driver& driver) {
  const char* path = std::getenv("PATH");
  // Debian keeps servers in folders that are not in an ordinary user's PATH.
  const std::vector<std::string> folders =
      split(std::string(path ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin", ':');
  for (const std::string& binary : driver.binaries) {
    if (binary.find('/') != std::string::npos && ::access(binary.c_str(), X_OK) == 0) return binary;
    for (const std::string& folder : folders) {
      const std::filesystem::path candidate = std::filesystem::path(folder) / binary;
      std::error_code ignored;
      if (!folder.empty() && std::filesystem::is_regular_file(candidate, ignored) &&
          ::access(candidate.c_str(), X_OK) == 0)
        return candidate;
    }
  }
  return fail(ErrorCode::resource,
              driver.name + " is not installed: no " + printable(join(driver.binaries, ", ")) + " in PATH" +
                  (driver.package.empty() ? "" : "; on Debian: apt-get install " + driver.package));
}

}  // namespace bothends::proxy
