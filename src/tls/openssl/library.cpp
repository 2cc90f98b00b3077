#include "tls/openssl/library.hpp"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "base/text.hpp"

namespace bothends::tls::ossl {

namespace {

// Begun later than OpenSSL's own cleaning up at exit was registered, hence gone before it.
class Library {
 public:
  Library() {
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    // RC4 and its like are in the legacy provider. Builds without it are merely less able.
    legacy_ = OSSL_PROVIDER_load(nullptr, "legacy");
    default_ = OSSL_PROVIDER_load(nullptr, "default");
    ERR_clear_error();
  }
  ~Library() {
    if (legacy_ != nullptr) OSSL_PROVIDER_unload(legacy_);
    if (default_ != nullptr) OSSL_PROVIDER_unload(default_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

 private:
  OSSL_PROVIDER* legacy_ = nullptr;
  OSSL_PROVIDER* default_ = nullptr;
};

}  // namespace

void begin_library() { static const Library library; }

std::string take_error() {
  const auto code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason != nullptr ? reason : code == 0 ? "unknown error" : "error " + std::to_string(code);
  ERR_clear_error();
  return printable(text);
}

tl::unexpected<Error> fail_with(const std::string& what) { return fail(ErrorCode::tls, what + ": " + take_error()); }

}  // namespace bothends::tls::ossl
