#include "tls/openssl/octets.hpp"

#include <algorithm>
#include <cstring>

namespace bothends::tls::ossl {

namespace {

int read(BIO* bio, char* to, std::size_t size, std::size_t* count) {
  auto& octets = *static_cast<Octets*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = std::min(size, octets.in.size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(to, octets.in.data(), *count);
  octets.in = octets.in.subspan(*count);
  return 1;
}

int write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
  const auto& octets = *static_cast<Octets*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (octets.out != nullptr) append(*octets.out, view_of({from, size}));
  *count = size;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_method() {
  auto* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "octets");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read_ex(method, read);
  BIO_meth_set_write_ex(method, write);
  BIO_meth_set_ctrl(method, control);
  return method;
}

}  // namespace

BIO* new_bio(Octets& octets) {
  static BIO_METHOD* const method = make_method();  // as long as the program: BIOs point to it
  auto* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &octets);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace bothends::tls::ossl
