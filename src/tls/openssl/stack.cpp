#include <openssl/crypto.h>

#include "tls/openssl/context.hpp"
#include "tls/openssl/library.hpp"
#include "tls/stacks.hpp"

namespace bothends::tls {

namespace ossl {

namespace {

class OpensslStack : public Stack {
 public:
  std::string_view name() const override { return "openssl"; }
  std::string_view version() const override {
    static const std::string text = std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
    return text;
  }
  const Capabilities& can() const override { return capabilities(); }
  Result<std::shared_ptr<const ClientContext>> client(const ClientSettings& settings) const override {
    return make_client(settings);
  }
  Result<std::shared_ptr<const ServerContext>> server(const ServerSettings& settings) const override {
    return make_server(settings);
  }
};

}  // namespace

}  // namespace ossl

const Stack& openssl() {
  static const ossl::OpensslStack stack;
  return stack;
}

}  // namespace bothends::tls
