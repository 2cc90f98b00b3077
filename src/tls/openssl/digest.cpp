#include "tls/digest.hpp"

#include <openssl/evp.h>

#include "tls/openssl/library.hpp"

namespace bothends::tls {

namespace {

Bytes digest(View bytes, const EVP_MD* algorithm) {
  ossl::begin_library();
  Bytes result(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, algorithm, nullptr) != 1) size = 0;
  result.resize(size);
  return result;
}

}  // namespace

Bytes sha256(View bytes) { return digest(bytes, EVP_sha256()); }
Bytes md5(View bytes) { return digest(bytes, EVP_md5()); }

}  // namespace bothends::tls
