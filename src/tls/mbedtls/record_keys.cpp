#include "tls/mbedtls/record_keys.hpp"

#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/ssl_ciphersuites.h>

#include "wire/codes.hpp"
#include "wire/writer.hpp"

namespace bothends::tls::mbed {
namespace {

using Cipher = Owned<mbedtls_cipher_context_t, mbedtls_cipher_init, mbedtls_cipher_free>;

const mbedtls_cipher_info_t* cipher_of(const mbedtls_ssl_ciphersuite_t* suite) {
  return mbedtls_cipher_info_from_type(static_cast<mbedtls_cipher_type_t>(suite->MBEDTLS_PRIVATE(cipher)));
}

mbedtls_md_type_t hash_of(const mbedtls_ssl_ciphersuite_t* suite) {
  return static_cast<mbedtls_md_type_t>(suite->MBEDTLS_PRIVATE(mac));
}

std::size_t key_length(const mbedtls_cipher_info_t* info) { return mbedtls_cipher_info_get_key_bitlen(info) / 8; }

/// The CCM_8 suites are the only ones with a short tag.
std::size_t tag_length(const mbedtls_ssl_ciphersuite_t* suite) {
  return suite->MBEDTLS_PRIVATE(flags) & MBEDTLS_CIPHERSUITE_SHORT_TAG ? 8 : 16;
}

bool set_key(const Cipher& cipher, const mbedtls_cipher_info_t* info, View key) {
  return mbedtls_cipher_setup(cipher.get(), info) == 0 &&
         mbedtls_cipher_setkey(cipher.get(), key.data(), static_cast<int>(key.size() * 8), MBEDTLS_DECRYPT) == 0;
}

std::optional<Bytes> authenticated_open(const Cipher& cipher, View nonce, View additional, View sealed,
                                        std::size_t tag) {
  if (sealed.size() < tag) return std::nullopt;
  Bytes plain(sealed.size());  // the library wants room for the tag's block too
  std::size_t length = 0;
  int status =
      mbedtls_cipher_auth_decrypt_ext(cipher.get(), nonce.data(), nonce.size(), additional.data(), additional.size(),
                                      sealed.data(), sealed.size(), plain.data(), plain.size(), &length, tag);
  if (status != 0) return std::nullopt;
  plain.resize(length);
  return plain;
}

/// RFC 8446 section 5.3: the sequence number over the end of the static IV.
Bytes mixed_nonce(View iv, std::uint64_t sequence) {
  Bytes nonce = bytes_of(iv);
  for (std::size_t i = 0; i < 8; ++i) nonce[nonce.size() - 1 - i] ^= static_cast<std::uint8_t>(sequence >> (8 * i));
  return nonce;
}

Bytes numbered(std::uint64_t sequence) {
  return wire::Writer()
      .u32(static_cast<std::uint32_t>(sequence >> 32))
      .u32(static_cast<std::uint32_t>(sequence))
      .bytes();
}

class Keys13 final : public RecordKeys {
 public:
  bool init(const mbedtls_ssl_ciphersuite_t* suite, View secret) {
    const auto* info = cipher_of(suite);
    if (info == nullptr) return false;
    tag_ = tag_length(suite);
    iv_ = expand_label(hash_of(suite), secret, "iv", 12);
    return set_key(cipher_, info, expand_label(hash_of(suite), secret, "key", key_length(info)));
  }

  std::optional<Opened> open(const wire::Record& record) override {
    if (record.type != wire::application_data) return std::nullopt;
    Bytes header = wire::Writer()
                       .u8(record.type)
                       .u16(record.version)
                       .u16(static_cast<std::uint16_t>(record.fragment.size()))
                       .bytes();
    auto inner = authenticated_open(cipher_, mixed_nonce(iv_, sequence_), header, record.fragment, tag_);
    if (!inner) return std::nullopt;
    ++sequence_;
    while (!inner->empty() && inner->back() == 0) inner->pop_back();
    Opened opened;
    if (inner->empty()) return opened;
    opened.type = inner->back();
    inner->pop_back();
    opened.plain = std::move(*inner);
    return opened;
  }

 private:
  Cipher cipher_;
  Bytes iv_;
  std::size_t tag_ = 16;
};

/// What keys_tls12 cuts from the key block for one direction.
struct Cut {
  Bytes key;
  Bytes iv;
};

/// GCM, CCM (RFC 5288, 6655: half of the nonce travels) and ChaCha20-Poly1305 (RFC 7905: none of it does).
class Aead12 final : public RecordKeys {
 public:
  bool init(const mbedtls_ssl_ciphersuite_t* suite, const Cut& cut) {
    iv_ = cut.iv;
    tag_ = tag_length(suite);
    return set_key(cipher_, cipher_of(suite), cut.key);
  }

  std::optional<Opened> open(const wire::Record& record) override {
    View sealed(record.fragment);
    std::size_t explicit_part = 12 - iv_.size();
    if (sealed.size() < explicit_part + tag_) return std::nullopt;
    Bytes nonce = explicit_part == 0 ? mixed_nonce(iv_, sequence_) : iv_;
    append(nonce, sealed.first(explicit_part));
    sealed = sealed.subspan(explicit_part);
    Bytes additional = numbered(sequence_);
    append(additional, wire::Writer()
                           .u8(record.type)
                           .u16(record.version)
                           .u16(static_cast<std::uint16_t>(sealed.size() - tag_))
                           .bytes());
    auto plain = authenticated_open(cipher_, nonce, additional, sealed, tag_);
    if (!plain) return std::nullopt;
    ++sequence_;
    return Opened{record.type, std::move(*plain)};
  }

 private:
  Cipher cipher_;
  Bytes iv_;
  std::size_t tag_ = 16;
};

/// The MAC is not checked again: the library has done so, or has refused the record and ended the connection.
class Cbc12 final : public RecordKeys {
 public:
  bool init(const mbedtls_ssl_ciphersuite_t* suite, const Cut& cut, bool encrypt_then_mac) {
    const auto* info = cipher_of(suite);
    mac_ = mbedtls_md_get_size(mbedtls_md_info_from_type(hash_of(suite)));
    block_ = mbedtls_cipher_info_get_block_size(info);
    encrypt_then_mac_ = encrypt_then_mac;
    return set_key(cipher_, info, cut.key) && mbedtls_cipher_set_padding_mode(cipher_.get(), MBEDTLS_PADDING_NONE) == 0;
  }

  std::optional<Opened> open(const wire::Record& record) override {
    View sealed(record.fragment);
    if (encrypt_then_mac_) {
      if (sealed.size() < mac_) return std::nullopt;
      sealed = sealed.first(sealed.size() - mac_);
    }
    if (sealed.size() < 2 * block_ || sealed.size() % block_ != 0) return std::nullopt;
    Bytes plain(sealed.size());
    std::size_t length = 0;
    if (mbedtls_cipher_crypt(cipher_.get(), sealed.data(), block_, sealed.data() + block_, sealed.size() - block_,
                             plain.data(), &length) != 0)
      return std::nullopt;
    plain.resize(length);
    if (!strip(plain)) return std::nullopt;
    ++sequence_;
    return Opened{record.type, std::move(plain)};
  }

 private:
  bool strip(Bytes& plain) const {
    std::size_t after = 1u + plain.back() + (encrypt_then_mac_ ? 0 : mac_);
    if (plain.size() < after) return false;
    plain.resize(plain.size() - after);
    return true;
  }

  Cipher cipher_;
  std::size_t mac_ = 0;
  std::size_t block_ = 16;
  bool encrypt_then_mac_ = false;
};

/// RFC 5246 section 6.3: client MAC, server MAC, client key, server key, client IV, server IV.
std::optional<Cut> cut_key_block(const Master& master, bool client_writes, std::size_t mac, std::size_t key,
                                 std::size_t iv) {
  Bytes seed = bytes_of(master.server_random);
  append(seed, master.client_random);
  Bytes block(2 * (mac + key + iv));
  if (mbedtls_ssl_tls_prf(master.prf, master.secret.data(), master.secret.size(), "key expansion", seed.data(),
                          seed.size(), block.data(), block.size()) != 0)
    return std::nullopt;
  std::size_t which = client_writes ? 0 : 1;
  View view(block);
  return Cut{bytes_of(view.subspan(2 * mac + which * key, key)),
             bytes_of(view.subspan(2 * (mac + key) + which * iv, iv))};
}

std::unique_ptr<RecordKeys> aead12(const mbedtls_ssl_ciphersuite_t* suite, const Master& master, bool client_writes) {
  const auto* info = cipher_of(suite);
  bool chacha = mbedtls_cipher_info_get_mode(info) == MBEDTLS_MODE_CHACHAPOLY;
  auto cut = cut_key_block(master, client_writes, 0, key_length(info), chacha ? 12 : 4);
  auto keys = std::make_unique<Aead12>();
  if (!cut || !keys->init(suite, *cut)) return nullptr;
  return keys;
}

std::unique_ptr<RecordKeys> cbc12(const mbedtls_ssl_ciphersuite_t* suite, const Master& master, bool client_writes,
                                  bool encrypt_then_mac) {
  std::size_t mac = mbedtls_md_get_size(mbedtls_md_info_from_type(hash_of(suite)));
  auto cut = cut_key_block(master, client_writes, mac, key_length(cipher_of(suite)), 0);
  auto keys = std::make_unique<Cbc12>();
  if (!cut || !keys->init(suite, *cut, encrypt_then_mac)) return nullptr;
  return keys;
}

}  // namespace

Bytes expand_label(mbedtls_md_type_t hash, View secret, std::string_view label, std::size_t length) {
  std::string full = "tls13 " + std::string(label);
  Bytes info = wire::Writer().u16(static_cast<std::uint16_t>(length)).vector8(view_of(full)).vector8({}).bytes();
  Bytes out(length);
  if (mbedtls_hkdf_expand(mbedtls_md_info_from_type(hash), secret.data(), secret.size(), info.data(), info.size(),
                          out.data(), out.size()) != 0)
    return Bytes(length);
  return out;
}

std::unique_ptr<RecordKeys> keys_tls13(std::uint16_t suite, View traffic_secret) {
  const auto* info = suite_of(suite);
  auto keys = std::make_unique<Keys13>();
  if (info == nullptr || !keys->init(info, traffic_secret)) return nullptr;
  return keys;
}

std::unique_ptr<RecordKeys> keys_tls12(std::uint16_t suite, const Master& master, bool client_writes,
                                       bool encrypt_then_mac) {
  const auto* info = suite_of(suite);
  const auto* cipher = info != nullptr ? cipher_of(info) : nullptr;
  if (cipher == nullptr || master.secret.empty()) return nullptr;
  switch (mbedtls_cipher_info_get_mode(cipher)) {
    case MBEDTLS_MODE_GCM:
    case MBEDTLS_MODE_CCM:
    case MBEDTLS_MODE_CHACHAPOLY:
      return aead12(info, master, client_writes);
    case MBEDTLS_MODE_CBC:
      return cbc12(info, master, client_writes, encrypt_then_mac);
    default:
      return nullptr;
  }
}

}  // namespace bothends::tls::mbed
