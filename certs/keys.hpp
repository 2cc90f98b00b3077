// Private keys, and the folder that keeps the costly ones from one run to the next.
#pragma once

#include <openssl/evp.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "policy/policy.hpp"

namespace bothends::certs {

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;

inline bool is_rsa(policy::Key kind) { return kind == policy::Key::rsa || kind == policy::Key::rsa_pss; }

/// A fresh key; null when the library cannot make one. `bits` counts for RSA only.
KeyPtr make_key(policy::Key kind, unsigned bits);
/// PKCS#8 DER; empty when the library cannot write it.
Bytes pkcs8(EVP_PKEY* key);

/// Hands out RSA keys in order: the n-th of a kind and size is the same in every run of the same user. What is on disk
/// is trusted only if it is whole, is of the kind asked for, and is ours alone (owner, mode, no symbolic link);
/// anything else is replaced. Writing never fails a run: without a usable folder every key is simply a fresh one. Files
/// are a PKCS#8 DER followed by its SHA-256. They appear by rename, so any number of runs may share the folder.
class KeyCache {
 public:
  explicit KeyCache(const std::filesystem::path& folder);
  ~KeyCache();
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  /// $XDG_CACHE_HOME/bothends/keys or ~/.cache/bothends/keys; empty when neither is an absolute path.
  static std::filesystem::path default_folder();

  bool on_disk() const { return folder_ >= 0; }
  KeyPtr next(policy::Key kind, unsigned bits);

 private:
  int folder_ = -1;  // a descriptor: the folder may be renamed under us
  std::map<std::string, unsigned> used_;
};

}  // namespace bothends::certs
