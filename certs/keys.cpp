#include "certs/keys.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace bothends::certs {
namespace {

constexpr std::size_t largest_file = 64 * 1024;
constexpr std::string_view readme_name = "README";
constexpr std::string_view readme =
    "RSA keys that bothends uses for test certificates, kept because making one takes long.\n"
    "They protect nothing: never use them for anything else. The folder may be deleted at any time.\n";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

bool read_all(int from, Bytes& to) {
  std::array<std::uint8_t, 4096> part;
  for (;;) {
    auto count = ::read(from, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    append(to, View(part).first(static_cast<std::size_t>(count)));
    if (to.size() > largest_file) return false;
  }
}

bool write_all(int to, View content) {
  while (!content.empty()) {
    auto count = ::write(to, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

/// What a regular file that only we can touch holds; otherwise nothing. O_NONBLOCK: somebody may have put a FIFO there.
Bytes read_own_file(int folder, const std::string& name) {
  Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat about;
  if (!file || ::fstat(file.number(), &about) != 0) return {};
  if (!S_ISREG(about.st_mode) || about.st_uid != ::geteuid() || (about.st_mode & 077) != 0) return {};
  Bytes content;
  if (!read_all(file.number(), content)) content.clear();
  return content;
}

/// Nobody ever sees half a file. The modes are set by fchmod, because the umask may take away even our own rights.
void write_own_file(int folder, const std::string& name, View content) {
  std::array<std::uint8_t, 8> random;
  if (RAND_bytes(random.data(), random.size()) != 1) return;
  std::string temporary = fmt::format(".{}.{}", name, to_hex(random));
  bool written = false;
  {
    Descriptor file(::openat(folder, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return;
    written = ::fchmod(file.number(), 0600) == 0 && write_all(file.number(), content);
  }
  if (!written || ::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0) {
    ::unlinkat(folder, temporary.c_str(), 0);
  }
}

/// Makes what is missing on the way, as the XDG base directory specification wants it: for the user only.
bool make_folders(const std::filesystem::path& folder) {
  std::filesystem::path so_far;
  for (const auto& part : folder) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), 0700) == 0 && ::chmod(so_far.c_str(), 0700) != 0) return false;
  }
  return true;
}

/// A folder of ours that was left open to others is closed; one of somebody else's is not used.
int open_folder(const std::filesystem::path& folder) {
  if (folder.empty() || !make_folders(folder)) return -1;
  int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat about;
  if (opened >= 0 && (::fstat(opened, &about) != 0 || about.st_uid != ::geteuid() || ::fchmod(opened, 0700) != 0)) {
    ::close(opened);
    opened = -1;
  }
  return opened;
}

Bytes digest_of(View content) {
  Bytes digest(SHA256_DIGEST_LENGTH);
  SHA256(content.data(), content.size(), digest.data());
  return digest;
}

Bytes sealed(Bytes der) {
  Bytes digest = digest_of(der);
  append(der, digest);
  return der;
}

/// Null unless it is whole. The digest is what makes loading quick: proving an RSA key by arithmetic takes longer than
/// making one.
KeyPtr unsealed(const Bytes& content, policy::Key kind, unsigned bits) {
  if (content.size() <= SHA256_DIGEST_LENGTH) return nullptr;
  View der = View(content).first(content.size() - SHA256_DIGEST_LENGTH);
  if (digest_of(der) != bytes_of(View(content).last(SHA256_DIGEST_LENGTH))) return nullptr;
  const unsigned char* at = der.data();
  KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  int type = kind == policy::Key::rsa_pss ? EVP_PKEY_RSA_PSS : EVP_PKEY_RSA;
  bool as_asked =
      key && EVP_PKEY_get_base_id(key.get()) == type && EVP_PKEY_get_bits(key.get()) == static_cast<int>(bits);
  ERR_clear_error();
  return as_asked ? std::move(key) : nullptr;
}

KeyPtr make_rsa_pss(unsigned bits) {
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  bool made = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) == 1 &&
              EVP_PKEY_keygen(context.get(), &key) == 1;
  return KeyPtr(made ? key : nullptr);
}

}  // namespace

KeyPtr make_key(policy::Key kind, unsigned bits) {
  switch (kind) {
    case policy::Key::rsa:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}));
    case policy::Key::rsa_pss:
      return make_rsa_pss(bits);
    case policy::Key::ecdsa_p256:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    case policy::Key::ecdsa_p384:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
    case policy::Key::ecdsa_p521:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"));
    case policy::Key::ed25519:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case policy::Key::ed448:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
    case policy::Key::dsa:
    case policy::Key::other:
      break;
  }
  return nullptr;
}

Bytes pkcs8(EVP_PKEY* key) {
  std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(EVP_PKEY2PKCS8(key),
                                                                                 PKCS8_PRIV_KEY_INFO_free);
  int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  Bytes der(size > 0 ? static_cast<std::size_t>(size) : 0);
  unsigned char* at = der.data();
  if (!der.empty()) i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at);
  return der;
}

std::filesystem::path KeyCache::default_folder() {
  auto absolute = [](const char* variable) {
    const char* value = std::getenv(variable);
    std::filesystem::path path = value ? value : "";
    return path.is_absolute() ? path : std::filesystem::path();
  };
  if (auto cache = absolute("XDG_CACHE_HOME"); !cache.empty()) return cache / "bothends" / "keys";
  if (auto home = absolute("HOME"); !home.empty()) return home / ".cache" / "bothends" / "keys";
  return {};
}

KeyCache::KeyCache(const std::filesystem::path& folder) : folder_(open_folder(folder)) {
  if (on_disk() && ::faccessat(folder_, readme_name.data(), F_OK, 0) != 0) {
    write_own_file(folder_, std::string(readme_name), view_of(readme));
  }
}

KeyCache::~KeyCache() {
  if (on_disk()) ::close(folder_);
}

KeyPtr KeyCache::next(policy::Key kind, unsigned bits) {
  std::string series = fmt::format("{}-{}", kind == policy::Key::rsa_pss ? "rsa-pss" : "rsa", bits);
  std::string name = fmt::format("{}-{}.key", series, used_[series]++);
  if (!on_disk()) return make_key(kind, bits);
  if (auto kept = unsealed(read_own_file(folder_, name), kind, bits)) return kept;
  auto fresh = make_key(kind, bits);
  if (fresh) write_own_file(folder_, name, sealed(pkcs8(fresh.get())));
  return fresh;
}

}  // namespace bothends::certs
