#include "proxy/real_proxy_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"

namespace bothends::proxy {

namespace {

constexpr std::size_t most_log = 256 << 10;  // octets of a log that are read at once
constexpr std::size_t most_lines = 200;

/// 0 or errno.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

Result<std::filesystem::path> make_folder() {
  std::error_code problem;
  const auto where = std::filesystem::temp_directory_path(problem);  // TMPDIR, when it is a folder
  if (problem) return fail(ErrorCode::file, "there is no folder for temporary files: " + problem.message());
  std::string name = (std::filesystem::absolute(where, problem) / "bothends-XXXXXX").string();
  if (!::mkdtemp(name.data()))  // 0700
    return fail(ErrorCode::file, "cannot make a scratch folder in " + printable(where.string()) + ": " +
                                     std::string(std::strerror(errno)));
  return std::filesystem::path(name);
}

Result<void> make_below(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (!problem) return {};
  return fail(ErrorCode::file, "cannot make the folder " + printable(folder.string()) + ": " + problem.message());
}

Result<void> write_private(const std::filesystem::path& file, const std::string& content) {
  if (auto made = make_below(file.parent_path()); !made) return made;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  int problem = fd < 0 ? errno : write_all(fd, content);
  if (fd >= 0 && ::close(fd) != 0 && problem == 0) problem = errno;
  if (problem == 0) return {};
  return fail(ErrorCode::file, "cannot write " + printable(file.string()) + ": " + std::strerror(problem));
}

std::string tail_of(const std::filesystem::path& file, std::uint64_t& from) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return "";
  struct stat about {};
  std::string text;
  if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size < from) from = 0;
    from = std::max(from, size > most_log ? size - most_log : 0);
    text.resize(size - from);
    const ssize_t got = ::pread(fd, text.data(), text.size(), static_cast<off_t>(from));
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    from += text.size();
  }
  ::close(fd);
  return text;
}

std::string tail_of(const net::Process& process, std::uint64_t& from) {
  const std::string& kept = process.output();
  const std::uint64_t fresh = std::min<std::uint64_t>({process.octets() - from, kept.size(), most_log});
  from = process.octets();
  return kept.substr(kept.size() - fresh);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n'))
    if (!trim(line).empty()) lines.push_back(printable(trim(line), 400));
  if (lines.size() > most_lines) lines.erase(lines.begin(), lines.end() - most_lines);
  return lines;
}

}  // namespace bothends::proxy
