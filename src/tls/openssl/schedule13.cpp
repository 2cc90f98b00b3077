#include "tls/openssl/schedule13.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string_view>

#include "tls/openssl/handles.hpp"
#include "tls/openssl/library.hpp"
#include "wire/codes.hpp"
#include "wire/writer.hpp"

namespace bothends::tls {

namespace {

using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, ossl::Deleter<EVP_CIPHER_CTX_free>>;

constexpr std::size_t nonce_size = 12;

/// RFC 8446 appendix B.4.
struct Suite {
  std::uint16_t code;
  const EVP_CIPHER* (*cipher)();
  const EVP_MD* (*digest)();
  std::size_t key_size;
  int tag_size;
  bool ccm = false;
};
constexpr std::array suites{
    Suite{0x1301, EVP_aes_128_gcm, EVP_sha256, 16, 16},       Suite{0x1302, EVP_aes_256_gcm, EVP_sha384, 32, 16},
    Suite{0x1303, EVP_chacha20_poly1305, EVP_sha256, 32, 16}, Suite{0x1304, EVP_aes_128_ccm, EVP_sha256, 16, 16, true},
    Suite{0x1305, EVP_aes_128_ccm, EVP_sha256, 16, 8, true},
};

Bytes hash(const EVP_MD* digest, View octets) {
  Bytes result(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  EVP_Digest(octets.data(), octets.size(), result.data(), nullptr, digest, nullptr);
  return result;
}

/// HKDF-Extract of RFC 5869 is just this; HKDF-Expand too, for up to one digest.
Bytes hmac(const EVP_MD* digest, View key, View octets) {
  Bytes result(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  HMAC(digest, key.data(), static_cast<int>(key.size()), octets.data(), octets.size(), result.data(), nullptr);
  return result;
}

/// HKDF-Expand-Label (RFC 8446 section 7.1). `size` is at most the digest's.
Bytes expand_label(const EVP_MD* digest, View secret, std::string_view label, View context, std::size_t size) {
  wire::Writer info;
  info.u16(static_cast<std::uint16_t>(size)).vector8(view_of("tls13 " + std::string(label))).vector8(context).u8(1);
  Bytes octets = hmac(digest, secret, info.bytes());
  octets.resize(size);
  return octets;
}

Bytes derive_secret(const EVP_MD* digest, View secret, std::string_view label, View messages) {
  const Bytes context = hash(digest, messages);
  return expand_label(digest, secret, label, context, context.size());
}

/// One direction's key, nonces and record numbers.
class Keys {
 public:
  Keys(const Suite& suite, View traffic_secret)
      : suite_(suite),
        key_(expand_label(suite.digest(), traffic_secret, "key", {}, suite.key_size)),
        iv_(expand_label(suite.digest(), traffic_secret, "iv", {}, nonce_size)) {}

  /// Ciphertext and tag of `plain`; `header` is authenticated too.
  std::optional<Bytes> seal(View header, View plain) {
    const auto ctx = begin(true, nullptr, plain.size());
    Bytes sealed(plain.size() + tag_size());
    int count = 0;
    if (!ctx || !authenticate(ctx.get(), header) ||
        EVP_EncryptUpdate(ctx.get(), sealed.data(), &count, plain.data(), static_cast<int>(plain.size())) != 1 ||
        EVP_EncryptFinal_ex(ctx.get(), sealed.data() + count, &count) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, suite_.tag_size, sealed.data() + plain.size()) != 1)
      return std::nullopt;
    return sealed;
  }
  std::optional<Bytes> open(View header, View sealed) {
    if (sealed.size() <= tag_size()) return std::nullopt;
    const std::size_t size = sealed.size() - tag_size();
    Bytes tag = bytes_of(sealed.subspan(size));
    const auto ctx = begin(false, tag.data(), size);
    Bytes plain(size);
    int count = 0;
    if (!ctx || !authenticate(ctx.get(), header) ||
        EVP_DecryptUpdate(ctx.get(), plain.data(), &count, sealed.data(), static_cast<int>(size)) != 1)
      return std::nullopt;
    // CCM has judged the tag already.
    if (!suite_.ccm && EVP_DecryptFinal_ex(ctx.get(), plain.data() + count, &count) != 1) return std::nullopt;
    return plain;
  }
  std::size_t tag_size() const { return static_cast<std::size_t>(suite_.tag_size); }

 private:
  /// RFC 8446 section 5.3: the record number is mixed into the nonce.
  Bytes next_nonce() {
    Bytes nonce = iv_;
    for (std::size_t i = 0; i < 8; ++i) nonce[nonce_size - 1 - i] ^= static_cast<std::uint8_t>(number_ >> (8 * i));
    ++number_;
    return nonce;
  }

  CipherCtxPtr begin(bool sealing, unsigned char* tag, std::size_t size) {
    const Bytes nonce = next_nonce();
    CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    if (!ctx || EVP_CipherInit_ex2(ctx.get(), suite_.cipher(), nullptr, nullptr, sealing ? 1 : 0, nullptr) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_IVLEN, nonce_size, nullptr) != 1)
      return nullptr;
    const bool tagged = suite_.ccm || tag != nullptr;
    if (tagged && EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, suite_.tag_size, tag) != 1) return nullptr;
    if (EVP_CipherInit_ex2(ctx.get(), nullptr, key_.data(), nonce.data(), sealing ? 1 : 0, nullptr) != 1)
      return nullptr;
    int count = 0;  // CCM must know how much there will be
    if (suite_.ccm && EVP_CipherUpdate(ctx.get(), nullptr, &count, nullptr, static_cast<int>(size)) != 1)
      return nullptr;
    return ctx;
  }
  static bool authenticate(EVP_CIPHER_CTX* ctx, View header) {
    int count = 0;
    return EVP_CipherUpdate(ctx, nullptr, &count, header.data(), static_cast<int>(header.size())) == 1;
  }

  const Suite& suite_;
  Bytes key_, iv_;
  std::uint64_t number_ = 0;
};

Bytes header_of(std::uint16_t version, std::size_t size) {
  return wire::Writer().u8(wire::application_data).u16(version).u16(static_cast<std::uint16_t>(size)).bytes();
}

class Traffic : public HandshakeTraffic {
 public:
  Traffic(Keys server, Keys client) : server_(std::move(server)), client_(std::move(client)) {}

  std::optional<Inner> open(const wire::Record& record) override {
    auto plain = server_.open(header_of(record.version, record.fragment.size()), record.fragment);
    if (!plain) return std::nullopt;
    while (!plain->empty() && plain->back() == 0) plain->pop_back();
    if (plain->empty()) return std::nullopt;
    const std::uint8_t type = plain->back();
    plain->pop_back();
    return Inner{type, std::move(*plain)};
  }
  Bytes seal(std::uint8_t type, View content) override {
    Bytes inner = bytes_of(content);
    inner.push_back(type);
    Bytes octets = header_of(wire::tls1_2, inner.size() + client_.tag_size());
    const auto sealed = client_.seal(octets, inner);
    if (!sealed) return {};
    append(octets, *sealed);
    return octets;
  }

 private:
  Keys server_, client_;
};

}  // namespace

Result<std::unique_ptr<HandshakeTraffic>> handshake_traffic(std::uint16_t code, View shared, View hellos) {
  ossl::begin_library();
  for (const Suite& suite : suites) {
    if (suite.code != code) continue;
    const EVP_MD* digest = suite.digest();
    const Bytes zeros(static_cast<std::size_t>(EVP_MD_get_size(digest)));
    const Bytes early = hmac(digest, zeros, zeros);
    const Bytes secret = hmac(digest, derive_secret(digest, early, "derived", {}), shared);
    return std::make_unique<Traffic>(Keys(suite, derive_secret(digest, secret, "s hs traffic", hellos)),
                                     Keys(suite, derive_secret(digest, secret, "c hs traffic", hellos)));
  }
  return fail(ErrorCode::tls, "no suite of TLS 1.3: " + wire::name(wire::Registry::suite, code));
}

}  // namespace bothends::tls
