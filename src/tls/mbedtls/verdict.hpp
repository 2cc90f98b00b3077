// What mbedTLS found wrong with a chain, in the words that are the same for every stack.
#pragma once

#include "policy/handshake.hpp"
#include "tls/mbedtls/library.hpp"

namespace bothends::tls::mbed {

/// Listens to the library's verification and turns its flags into problems.
class ChainWitness {
 public:
  /// `trust` must outlive the witness; `name` is what the leaf was checked against, empty for nothing.
  ChainWitness(const mbedtls_x509_crt* trust, std::string name) : trust_(trust), name_(std::move(name)) {}

  /// For mbedtls_ssl_set_verify: the library goes from the last certificate down to the leaf. Which alert follows is
  /// the library's affair; the one flag that is changed is the name's: a name in the subject alone does not count, as
  /// RFC 6125 section 6.4.4 has it and as with every stack here, while the library would still take it.
  static int callback(void* self, mbedtls_x509_crt* certificate, int depth, std::uint32_t* flags);

  /// Flags that the library added to the leaf's after the callback had been called (purpose, TLS 1.2 curves), or the
  /// ones of a verification that broke off.
  void add_flags(std::uint32_t all);

  /// `sent`: certificates in the peer's message.
  policy::ChainVerdict verdict(unsigned sent) const;

 private:
  void look(const mbedtls_x509_crt& certificate, unsigned depth, std::uint32_t flags);
  void describe(const mbedtls_x509_crt& leaf);
  void note(unsigned depth, const mbedtls_x509_crt& certificate, std::uint32_t flags);
  void problem(policy::Defect defect, unsigned depth, std::string subject, std::string detail = {});
  void untrusted(unsigned depth, const mbedtls_x509_crt& certificate);
  void wrong_name();

  const mbedtls_x509_crt* trust_;
  std::string name_;
  policy::ChainVerdict verdict_;
  std::vector<const mbedtls_x509_crt*> path_;  // only within one verification
  std::uint32_t seen_ = 0;
  bool verified_ = false;
};

}  // namespace bothends::tls::mbed
