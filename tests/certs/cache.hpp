// A cache folder of its own for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace bothends::certs {

class FreshCache {
 public:
  FreshCache() {
    if (const char* value = std::getenv("XDG_CACHE_HOME")) before_ = value;
    std::string pattern = (std::filesystem::temp_directory_path() / "bothends-certs-XXXXXX").string();
    home_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_CACHE_HOME", home_.c_str(), 1);
  }
  ~FreshCache() {
    before_ ? ::setenv("XDG_CACHE_HOME", before_->c_str(), 1) : ::unsetenv("XDG_CACHE_HOME");
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }
  FreshCache(const FreshCache&) = delete;
  FreshCache& operator=(const FreshCache&) = delete;

  const std::filesystem::path& home() const { return home_; }
  std::filesystem::path keys() const { return home_ / "bothends" / "keys"; }

 private:
  std::filesystem::path home_;
  std::optional<std::string> before_;
};

}  // namespace bothends::certs
