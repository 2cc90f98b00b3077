#include "run/report_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace bothends::run {

namespace {

tl::unexpected<Error> cannot_write(const std::filesystem::path& path, int reason) {
  return fail(ErrorCode::file, "cannot write the report " + printable(path.string()) + ": " + std::strerror(reason));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

Result<ReportFile> ReportFile::open(const std::filesystem::path& path) {
  if (path == "-") return ReportFile(path, "", STDOUT_FILENO);
  if (std::filesystem::is_directory(path)) return cannot_write(path, EISDIR);
  std::string temporary = path.string() + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);  // 0600
  if (fd < 0) return cannot_write(path, errno);
  return ReportFile(path, std::move(temporary), fd);
}

ReportFile::ReportFile(ReportFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      fd_(std::exchange(other.fd_, -1)) {}

ReportFile::~ReportFile() {
  if (temporary_.empty()) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<void> ReportFile::commit(std::string_view content) {
  if (!write_all(fd_, content)) return cannot_write(path_, errno);
  if (temporary_.empty()) return {};
  if (::fsync(fd_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_write(path_, errno);
  ::close(std::exchange(fd_, -1));
  temporary_.clear();
  return {};
}

}  // namespace bothends::run
