#include "run/report_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
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
    if (wrote < 0 && errno == EAGAIN) {
      pollfd room{fd, POLLOUT, 0};
      ::poll(&room, 1, -1);
      continue;
    }
    if (wrote <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

namespace fs = std::filesystem;

constexpr int most_links = 40;  // as the kernel

/// The file at the end of all links, which need not exist; nullopt for an open descriptor's name ("/dev/stdout"):
/// nothing can be put in its place.
std::optional<fs::path> end_of_links(fs::path path) {
  std::error_code problem;
  for (int link = 0; link < most_links; ++link) {
    const fs::path folder = fs::canonical(path.has_parent_path() ? path.parent_path() : ".", problem);
    if (folder.string().starts_with("/proc/")) return std::nullopt;
    if (!fs::is_symlink(path, problem)) break;
    path = folder / fs::read_symlink(path, problem);
  }
  return path;
}

}  // namespace

Result<ReportFile> ReportFile::open(const fs::path& path) {
  if (path == "-") return ReportFile(path, "", STDOUT_FILENO);
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (!fs::status_known(status)) return cannot_write(path, problem.value());
  if (fs::is_directory(status)) return cannot_write(path, EISDIR);
  const auto target = end_of_links(path);
  if (!target || (fs::exists(status) && !fs::is_regular_file(status))) {
    // A pipe without a reader refuses instead of keeping us waiting; write_all() waits where it must.
    const int fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? cannot_write(path, errno) : Result<ReportFile>(ReportFile(path, "", fd));
  }
  std::string temporary = target->string() + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);  // 0600
  if (fd < 0) return cannot_write(path, errno);
  return ReportFile(*target, std::move(temporary), fd);
}

ReportFile::ReportFile(ReportFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      fd_(std::exchange(other.fd_, -1)) {}

ReportFile::~ReportFile() {
  if (fd_ >= 0 && fd_ != STDOUT_FILENO) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> ReportFile::append(std::string_view content) {
  if (!write_all(fd_, content)) return cannot_write(path_, errno);
  return {};
}

Result<void> ReportFile::commit(std::string_view content) {
  if (auto written = append(content); !written) return written;
  if (temporary_.empty()) return {};
  if (::fsync(fd_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_write(path_, errno);
  temporary_.clear();
  return {};
}

}  // namespace bothends::run
