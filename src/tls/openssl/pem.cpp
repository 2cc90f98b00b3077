#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/examine.hpp"
#include "tls/openssl/handles.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::tls {

namespace {

struct Block {
  std::string type;
  Bytes der;
};

std::string pem_of(const char* type, View der) {
  const ossl::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio(bio.get(), type, "", der.data(), static_cast<long>(der.size())) <= 0) return {};
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

ossl::BioPtr reader_of(std::string_view text) {
  return ossl::BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// nullopt at the end of the text; Error when a block is damaged.
Result<std::optional<Block>> next_block(BIO* bio) {
  char* type = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio, &type, &header, &data, &size) == 1) {
    Block block{type, Bytes(data, data + size)};
    OPENSSL_free(type);
    OPENSSL_free(header);
    OPENSSL_free(data);
    return block;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const auto why = ossl::take_error();
  if (at_end) return std::nullopt;
  return fail(ErrorCode::value, "damaged PEM: " + why);
}

Result<Bytes> pkcs8_of(EVP_PKEY* key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, ossl::Deleter<PKCS8_PRIV_KEY_INFO_free>> info(EVP_PKEY2PKCS8(key));
  unsigned char* data = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &data) : -1;
  if (size <= 0) return fail(ErrorCode::value, "this key cannot be written as PKCS #8: " + ossl::take_error());
  Bytes der(data, data + size);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return der;
}

struct Asked {
  bool password = false;
};

int no_password(char*, int, int, void* asked) {
  static_cast<Asked*>(asked)->password = true;
  return -1;
}

}  // namespace

std::string certificate_pem(View der) { return pem_of("CERTIFICATE", der); }
std::string key_pem(View pkcs8) { return pem_of("PRIVATE KEY", pkcs8); }

Result<std::vector<Bytes>> certificates_of_pem(std::string_view pem) {
  ossl::begin_library();
  std::vector<Bytes> certificates;
  const auto bio = reader_of(pem);
  while (true) {
    auto block = next_block(bio.get());
    if (!block) return tl::unexpected(block.error());
    if (!*block) break;
    if ((*block)->type != PEM_STRING_X509 && (*block)->type != PEM_STRING_X509_OLD) continue;
    if (!ossl::parse_certificate((*block)->der))
      return fail(ErrorCode::value, "damaged PEM: certificate " + std::to_string(certificates.size() + 1) +
                                        " is none: " + ossl::take_error());
    certificates.push_back(std::move((*block)->der));
  }
  if (certificates.empty()) return fail(ErrorCode::value, "there is no certificate in this PEM text");
  return certificates;
}

Result<Bytes> key_of_pem(std::string_view pem) {
  ossl::begin_library();
  const auto bio = reader_of(pem);
  Asked asked;
  const ossl::PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, &asked));
  const auto why = key ? std::string() : ossl::take_error();
  if (asked.password) return fail(ErrorCode::value, "this key is encrypted: decrypt it first (openssl pkey)");
  if (!key) return fail(ErrorCode::value, "there is no readable private key in this PEM text: " + why);
  return pkcs8_of(key.get());
}

}  // namespace bothends::tls
