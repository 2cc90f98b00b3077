// The folder of keys: whole, private and ours, or not used.
#include "certs/keys.hpp"

#include <doctest/doctest.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "cache.hpp"

using namespace bothends;
using namespace bothends::certs;
namespace fs = std::filesystem;

namespace {

constexpr unsigned bits = 1024;  // the quickest to make

unsigned mode(const fs::path& path) {
  struct stat about;
  REQUIRE(::lstat(path.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& what) { std::ofstream(path, std::ios::binary) << what; }

std::set<std::string> files(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

/// All its numbers belong together.
bool sound(const Bytes& der) {
  const unsigned char* at = der.data();
  KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(key.get(), nullptr),
                                                                      EVP_PKEY_CTX_free);
  return context && EVP_PKEY_check(context.get()) == 1;
}

struct Keys {
  FreshCache cache;
  fs::path folder = cache.keys();
  fs::path first = folder / "rsa-1024-0.key";

  Bytes next(policy::Key kind = policy::Key::rsa) { return pkcs8(KeyCache(folder).next(kind, bits).get()); }
};

}  // namespace

TEST_CASE_FIXTURE(Keys, "keys come back in the order of their making") {
  KeyCache one(folder), two(folder);
  for (int i = 0; i < 3; ++i) {
    CHECK(pkcs8(one.next(policy::Key::rsa, bits).get()) == pkcs8(two.next(policy::Key::rsa, bits).get()));
  }
  CHECK(next(policy::Key::rsa_pss) != next(policy::Key::rsa));
  CHECK(files(folder) ==
        std::set<std::string>{"README", "rsa-1024-0.key", "rsa-1024-1.key", "rsa-1024-2.key", "rsa-pss-1024-0.key"});
}

TEST_CASE_FIXTURE(Keys, "nobody else can read them, whatever the umask") {
  for (mode_t mask : {0000, 0022, 0777}) {
    CAPTURE(mask);
    fs::remove_all(cache.home() / "bothends");
    mode_t before = ::umask(mask);
    Bytes made = next();
    ::umask(before);
    CHECK(mode(cache.home() / "bothends") == 0700);
    CHECK(mode(folder) == 0700);
    CHECK(mode(first) == 0600);
    CHECK(next() == made);
  }
}

TEST_CASE_FIXTURE(Keys, "a folder left open is closed") {
  fs::create_directories(folder);
  ::chmod(folder.c_str(), 0777);
  next();
  CHECK(mode(folder) == 0700);
}

TEST_CASE_FIXTURE(Keys, "what cannot be trusted is replaced") {
  Bytes made = next();
  std::string whole = content(first);
  SUBCASE("one bit") {
    whole[whole.size() / 2] ^= 1;
    write(first, whole);
  }
  SUBCASE("cut off") { write(first, whole.substr(0, whole.size() / 2)); }
  SUBCASE("empty") { write(first, ""); }
  SUBCASE("too large") { write(first, whole + std::string(1 << 20, 'x')); }
  SUBCASE("readable by others") { ::chmod(first.c_str(), 0644); }
  SUBCASE("a symbolic link") {
    fs::rename(first, folder / "elsewhere");
    fs::create_symlink(folder / "elsewhere", first);
  }
  SUBCASE("a FIFO") {
    fs::remove(first);
    REQUIRE(::mkfifo(first.c_str(), 0600) == 0);
  }
  SUBCASE("a key of another size") {
    KeyCache(folder).next(policy::Key::rsa, 1152);
    fs::copy_file(folder / "rsa-1152-0.key", first, fs::copy_options::overwrite_existing);
  }
  SUBCASE("a key of another kind") {
    next(policy::Key::rsa_pss);
    fs::copy_file(folder / "rsa-pss-1024-0.key", first, fs::copy_options::overwrite_existing);
  }
  SUBCASE("another user's") {
    if (::geteuid() != 0) return;
    REQUIRE(::chown(first.c_str(), 65534, 65534) == 0);
  }
  Bytes fresh = next();
  CHECK(fresh != made);
  CHECK(sound(fresh));
  CHECK(next() == fresh);
  CHECK(fs::is_regular_file(fs::symlink_status(first)));
  CHECK(mode(first) == 0600);
}

TEST_CASE_FIXTURE(Keys, "a folder that cannot be used leaves the keys in memory") {
  fs::path place = folder;
  SUBCASE("a file is in the way") {
    fs::create_directories(folder.parent_path());
    write(folder, "");
  }
  SUBCASE("a symbolic link is in the way") {
    fs::create_directories(folder.parent_path());
    fs::create_directory_symlink(cache.home(), folder);
  }
  SUBCASE("no folder is known") { place.clear(); }
  SUBCASE("it cannot be made") { place = "/proc/bothends/keys"; }
  SUBCASE("another user's") {
    if (::geteuid() != 0) return;
    fs::create_directories(folder);
    REQUIRE(::chown(folder.c_str(), 65534, 65534) == 0);
  }
  KeyCache keys(place);
  CHECK_FALSE(keys.on_disk());
  auto one = keys.next(policy::Key::rsa, bits), two = keys.next(policy::Key::rsa, bits);
  REQUIRE(one != nullptr);
  REQUIRE(two != nullptr);
  CHECK(pkcs8(one.get()) != pkcs8(two.get()));
}

TEST_CASE_FIXTURE(Keys, "where the folder is") {
  CHECK(KeyCache::default_folder() == folder);
  std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  ::setenv("HOME", "/home/ada", 1);
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  CHECK(KeyCache::default_folder() == "/home/ada/.cache/bothends/keys");
  ::unsetenv("HOME");
  CHECK(KeyCache::default_folder().empty());
  if (!home.empty()) ::setenv("HOME", home.c_str(), 1);
}

TEST_CASE_FIXTURE(Keys, "several processes at once") {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    pid_t child = ::fork();
    if (child == 0) {
      KeyCache keys(folder);
      bool good = keys.on_disk() && keys.next(policy::Key::rsa, bits) && keys.next(policy::Key::rsa, bits);
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(files(folder) == std::set<std::string>{"README", "rsa-1024-0.key", "rsa-1024-1.key"});
  CHECK(next() == next());
}
