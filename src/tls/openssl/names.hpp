// Code points to the names OpenSSL wants to hear, asked of the library itself wherever it can answer.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "base/result.hpp"
#include "wire/hello.hpp"

namespace bothends::tls::ossl {

struct SuiteNames {
  std::string tls12;  // colon-separated, for SSL_CTX_set_cipher_list
  std::string tls13;  // for SSL_CTX_set_ciphersuites
};

/// `ssl` is asked and not changed. Each is Error{tls} naming the first code this build does not have.
Result<SuiteNames> suite_names(SSL* ssl, const wire::Codes& suites);
Result<std::string> group_names(SSL* ssl, const wire::Codes& groups);
Result<std::string> scheme_names(const wire::Codes& schemes);

}  // namespace bothends::tls::ossl
