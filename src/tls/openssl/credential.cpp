#include "tls/openssl/credential.hpp"

#include "base/text.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::tls::ossl {

Result<std::vector<X509Ptr>> parse_all(const std::vector<Bytes>& ders, const std::string& what) {
  std::vector<X509Ptr> parsed;
  for (std::size_t i = 0; i < ders.size(); ++i) {
    auto certificate = parse_certificate(ders[i]);
    if (!certificate)
      return fail(ErrorCode::value, what + " " + std::to_string(i + 1) + " is not a certificate: " + take_error());
    parsed.push_back(std::move(certificate));
  }
  return parsed;
}

Result<Identity> parse(const Credential& credential) {
  const auto who = "certificate \"" + printable(credential.name) + "\"";
  auto chain = parse_all(credential.chain, who + ": number");
  if (!chain) return tl::unexpected(chain.error());
  if (chain->empty()) return fail(ErrorCode::value, who + " has an empty chain");

  Identity identity;
  identity.names = credential.names;
  const auto* at = credential.key.data();
  identity.key.reset(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(credential.key.size())));
  if (!identity.key) return fail_with(who + ": its key is not readable");
  identity.leaf = std::move(chain->front());
  if (chain->size() == 1) return identity;
  identity.rest.reset(sk_X509_new_null());
  for (std::size_t i = 1; i < chain->size(); ++i) sk_X509_push(identity.rest.get(), (*chain)[i].release());
  return identity;
}

}  // namespace bothends::tls::ossl
