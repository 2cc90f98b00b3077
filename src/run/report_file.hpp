// A report on its way to disk: 0600, whole or not at all. The place is tried when the run begins, not when it is over.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.hpp"

namespace bothends::run {

class ReportFile {
 public:
  /// "-" is standard output. A symbolic link stays, and the file that it leads to is replaced; what is no regular file
  /// (a device, a pipe) is written to. Error{file} when nothing can be created there.
  static Result<ReportFile> open(const std::filesystem::path& path);
  ReportFile(ReportFile&& other) noexcept;
  ReportFile& operator=(ReportFile&&) = delete;
  ~ReportFile();  // without commit() nothing is left behind

  /// Writes on; what is written stands in the report when commit() comes, on standard output at once.
  Result<void> append(std::string_view content);
  Result<void> commit(std::string_view content);

 private:
  ReportFile(std::filesystem::path path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

  std::filesystem::path path_;
  std::string temporary_;  // empty: what is written cannot be taken back
  int fd_ = -1;
};

}  // namespace bothends::run
