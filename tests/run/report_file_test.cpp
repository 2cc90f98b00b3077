// Reports on disk: whole or not at all.
#include "run/report_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/run/run_support.hpp"

namespace bothends::run::test {

namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

/// "written", or why not.
std::string write(const fs::path& path, std::string_view content) {
  auto file = ReportFile::open(path);
  if (!file) return file.error().message();
  const auto done = file->commit(content);
  return done ? "written" : done.error().message();
}

}  // namespace

TEST_CASE("a report is for its owner alone") {
  const Folder folder;
  const auto file = folder.path() / "report.json";
  CHECK(write(file, "{}") == "written");
  CHECK(content_of(file) == "{}");
  CHECK((fs::status(file).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(folder.entries() == Names{"report.json"});
}

TEST_CASE("nothing is left behind without commit") {
  const Folder folder;
  {
    auto file = ReportFile::open(folder.path() / "report.json");
    REQUIRE(file);
    CHECK(folder.entries().size() == 1);
    const ReportFile moved = std::move(*file);
    CHECK(folder.entries().size() == 1);
  }
  CHECK(folder.entries().empty());
}

TEST_CASE("the old report stays until the new one is whole") {
  const Folder folder;
  const auto path = folder.write("report.json", "old");
  {
    auto file = ReportFile::open(path);
    REQUIRE(file);
    CHECK(content_of(path) == "old");
  }
  CHECK(content_of(path) == "old");
  auto file = ReportFile::open(path);
  REQUIRE(file);
  CHECK(file->commit("new"));
  CHECK(content_of(path) == "new");
  CHECK(folder.entries() == Names{"report.json"});
}

TEST_CASE("a place where nothing can be written is known at once") {
  const Folder folder;
  folder.write("file", "");
  const std::string cannot = "cannot write the report ";
  CHECK(write(folder.path(), "x") == cannot + folder.path().string() + ": Is a directory");
  CHECK(write(folder.path() / "none" / "report.json", "x").starts_with(cannot));
  CHECK(write(folder.path() / "file" / "report.json", "x").starts_with(cannot));
  CHECK(write(folder.path() / std::string(300, 'x'), "x").starts_with(cannot));
  fs::create_symlink("loop", folder.path() / "loop");
  CHECK(write(folder.path() / "loop", "x").starts_with(cannot));
  if (::geteuid() != 0) {
    fs::create_directory(folder.path() / "closed");
    fs::permissions(folder.path() / "closed", fs::perms::none);
    CHECK(write(folder.path() / "closed" / "report.json", "x").starts_with(cannot));
    CHECK(write(folder.path() / "closed" / "deeper" / "report.json", "x").starts_with(cannot));
    fs::permissions(folder.path() / "closed", fs::perms::owner_all);
  }
}

TEST_CASE("a link stays, and leads to the new report") {
  const Folder folder;
  const auto link = folder.path() / "latest.json";
  fs::create_directory(folder.path() / "runs");
  fs::create_symlink("runs/1.json", link);
  for (const char* content : {"first", "second"}) {  // the target is missing, then there
    CHECK(write(link, content) == "written");
    CHECK(fs::is_symlink(link));
    CHECK(content_of(folder.path() / "runs" / "1.json") == content);
  }
  CHECK(folder.entries() == Names{"latest.json", "runs"});
}

TEST_CASE("what is no file is written to and not replaced") {
  const Folder folder;
  SUBCASE("a pipe") {
    const auto pipe = folder.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(write(pipe, "x").starts_with("cannot write the report "));  // nobody reads: no waiting for ever
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(write(pipe, "hello") == "written");
    char buffer[16] = "";
    CHECK(::read(reader, buffer, sizeof buffer) == 5);
    ::close(reader);
    CHECK(fs::is_fifo(pipe));
  }
  SUBCASE("a device behind a link") {
    fs::create_symlink("/dev/null", folder.path() / "link");
    CHECK(write(folder.path() / "link", "x") == "written");
    CHECK(fs::is_character_file("/dev/null"));
    CHECK(fs::is_symlink(folder.path() / "link"));
  }
  SUBCASE("a full device") {
    fs::create_symlink("/dev/full", folder.path() / "link");
    CHECK(write(folder.path() / "link", "x").ends_with(": No space left on device"));
  }
  SUBCASE("a descriptor") {
    const auto file = folder.write("file", "");
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    CHECK(write("/dev/fd/" + std::to_string(fd), "hello") == "written");
    CHECK(::fcntl(fd, F_GETFD) >= 0);
    struct stat held, found;
    REQUIRE(::fstat(fd, &held) == 0);
    REQUIRE(::stat(file.c_str(), &found) == 0);
    CHECK(held.st_ino == found.st_ino);  // the same file: whoever holds it sees the report
    CHECK(content_of(file) == "hello");
    ::close(fd);
  }
  CHECK(folder.entries().size() == 1);
}

TEST_CASE("a large report") {
  const Folder folder;
  const std::string large(5 << 20, 'x');
  CHECK(write(folder.path() / "report.json", large) == "written");
  CHECK(content_of(folder.path() / "report.json") == large);
}

}  // namespace bothends::run::test
