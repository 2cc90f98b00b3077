// Key shares by OpenSSL's EVP: curves and finite fields by key agreement, ML-KEM and its hybrids by encapsulation,
// where the server's share is the ciphertext.
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

#include "tls/hello/hello.hpp"
#include "tls/openssl/handles.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::tls {

namespace {

using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, ossl::Deleter<EVP_PKEY_CTX_free>>;

enum class Kind { agreement, finite_field, encapsulation };
struct Known {
  std::uint16_t group;
  Kind kind;
  const char* algorithm;
  const char* parameters = nullptr;  // the curve or field, where the algorithm is not one by itself
};
constexpr std::array known{
    Known{0x0017, Kind::agreement, "EC", "P-256"},
    Known{0x0018, Kind::agreement, "EC", "P-384"},
    Known{0x0019, Kind::agreement, "EC", "P-521"},
    Known{0x001d, Kind::agreement, "X25519"},
    Known{0x001e, Kind::agreement, "X448"},
    Known{0x001f, Kind::agreement, "EC", "brainpoolP256r1"},
    Known{0x0020, Kind::agreement, "EC", "brainpoolP384r1"},
    Known{0x0021, Kind::agreement, "EC", "brainpoolP512r1"},
    Known{0x0100, Kind::finite_field, "DH", "ffdhe2048"},
    Known{0x0101, Kind::finite_field, "DH", "ffdhe3072"},
    Known{0x0102, Kind::finite_field, "DH", "ffdhe4096"},
    Known{0x0103, Kind::finite_field, "DH", "ffdhe6144"},
    Known{0x0104, Kind::finite_field, "DH", "ffdhe8192"},
    Known{0x0200, Kind::encapsulation, "ML-KEM-512"},
    Known{0x0201, Kind::encapsulation, "ML-KEM-768"},
    Known{0x0202, Kind::encapsulation, "ML-KEM-1024"},
    Known{0x11eb, Kind::encapsulation, "SecP256r1MLKEM768"},
    Known{0x11ec, Kind::encapsulation, "X25519MLKEM768"},
    Known{0x11ed, Kind::encapsulation, "SecP384r1MLKEM1024"},
};

ossl::PkeyPtr generate(const Known& what) {
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, what.algorithm, nullptr));
  if (!ctx || EVP_PKEY_keygen_init(ctx.get()) != 1) return nullptr;
  if (what.parameters != nullptr) {
    auto* name = const_cast<char*>(what.parameters);  // only read
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                                     OSSL_PARAM_construct_end()};
    if (EVP_PKEY_CTX_set_params(ctx.get(), parameters) != 1) return nullptr;
  }
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_generate(ctx.get(), &key) != 1) return nullptr;
  return ossl::PkeyPtr(key);
}

Bytes public_octets(EVP_PKEY* key) {
  unsigned char* octets = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &octets);
  Bytes taken(octets, octets + size);
  OPENSSL_free(octets);
  return taken;
}

/// A server may send no octets at all, and OpenSSL's functions do not all like a null pointer.
const unsigned char* data_of(View octets) {
  static constexpr unsigned char none = 0;
  return octets.empty() ? &none : octets.data();
}

class EvpShare : public KeyShare {
 public:
  EvpShare(const Known& what, ossl::PkeyPtr key)
      : what_(what), key_(std::move(key)), ours_(public_octets(key_.get())) {}
  std::uint16_t group() const override { return what_.group; }
  const Bytes& ours() const override { return ours_; }
  Result<Bytes> secret(View theirs) const override {
    auto found = what_.kind == Kind::encapsulation ? decapsulated(theirs) : agreed(theirs);
    if (!found) return ossl::fail_with("the server's key share is none of its group");
    return std::move(*found);
  }

 private:
  std::optional<Bytes> agreed(View theirs) const {
    // RFC 8446 section 4.2.8.1 pads the finite fields' shares too: those of both sides are equally long.
    if (theirs.size() != ours_.size()) return std::nullopt;
    const ossl::PkeyPtr peer(EVP_PKEY_new());
    if (!peer || EVP_PKEY_copy_parameters(peer.get(), key_.get()) != 1 ||
        EVP_PKEY_set1_encoded_public_key(peer.get(), data_of(theirs), theirs.size()) != 1)
      return std::nullopt;
    const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    if (!ctx || EVP_PKEY_derive_init(ctx.get()) != 1) return std::nullopt;
    // RFC 8446 section 7.4.1: zeros at the front are kept.
    if (what_.kind == Kind::finite_field && EVP_PKEY_CTX_set_dh_pad(ctx.get(), 1) != 1) return std::nullopt;
    std::size_t size = 0;
    if (EVP_PKEY_derive_set_peer(ctx.get(), peer.get()) != 1 || EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1)
      return std::nullopt;
    Bytes secret(size);
    if (EVP_PKEY_derive(ctx.get(), secret.data(), &size) != 1) return std::nullopt;
    secret.resize(size);
    return secret;
  }
  std::optional<Bytes> decapsulated(View theirs) const {
    const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    std::size_t size = 0;
    if (!ctx || EVP_PKEY_decapsulate_init(ctx.get(), nullptr) != 1 ||
        EVP_PKEY_decapsulate(ctx.get(), nullptr, &size, data_of(theirs), theirs.size()) != 1)
      return std::nullopt;
    Bytes secret(size);
    if (EVP_PKEY_decapsulate(ctx.get(), secret.data(), &size, data_of(theirs), theirs.size()) != 1) return std::nullopt;
    secret.resize(size);
    return secret;
  }

  const Known what_;
  ossl::PkeyPtr key_;
  Bytes ours_;
};

}  // namespace

Result<std::shared_ptr<const KeyShare>> key_share(std::uint16_t group) {
  ossl::begin_library();
  for (const Known& what : known) {
    if (what.group != group) continue;
    auto key = generate(what);
    if (!key) return ossl::fail_with("openssl cannot make a key share of " + wire::name(wire::Registry::group, group));
    return std::make_shared<const EvpShare>(what, std::move(key));
  }
  return fail(ErrorCode::tls, "no key share can be made of " + wire::name(wire::Registry::group, group));
}

}  // namespace bothends::tls
