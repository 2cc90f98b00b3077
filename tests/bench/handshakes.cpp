// The reference of the benchmark: pairs of full TLS 1.3 handshakes in memory, client and server in one thread, ECDSA
// P-256 leaf, X25519, chain and name verified, contexts shared. Plain OpenSSL, nothing of ours but the certificate.
//   handshakes SECONDS → pairs a second
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "certs/mint.hpp"

namespace {

using namespace bothends;
using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;

X509* certificate(const Bytes& der) {
  const unsigned char* at = der.data();
  return d2i_X509(nullptr, &at, static_cast<long>(der.size()));
}

Context server_context(const tls::Credential& credential) {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const unsigned char* at = credential.key.data();
  EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(credential.key.size()));
  SSL_CTX_use_certificate(context.get(), certificate(credential.chain[0]));
  SSL_CTX_use_PrivateKey(context.get(), key);
  for (std::size_t i = 1; i < credential.chain.size(); ++i)
    SSL_CTX_add0_chain_cert(context.get(), certificate(credential.chain[i]));
  EVP_PKEY_free(key);
  SSL_CTX_set_num_tickets(context.get(), 0);
  return context;
}

Context client_context(const Bytes& root) {
  Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), certificate(root));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set1_groups_list(context.get(), "X25519");
  return context;
}

bool handshake(SSL_CTX* client_context, SSL_CTX* server_context) {
  Connection client(SSL_new(client_context), SSL_free), server(SSL_new(server_context), SSL_free);
  BIO *near = nullptr, *far = nullptr;
  BIO_new_bio_pair(&near, 1 << 16, &far, 1 << 16);
  SSL_set_bio(client.get(), near, near);
  SSL_set_bio(server.get(), far, far);
  SSL_set_tlsext_host_name(client.get(), "shop.test");
  SSL_set1_host(client.get(), "shop.test");
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  for (int turn = 0; turn < 8; ++turn) {
    const bool client_done = SSL_do_handshake(client.get()) == 1;
    const bool server_done = SSL_do_handshake(server.get()) == 1;
    if (client_done && server_done) return SSL_get_verify_result(client.get()) == X509_V_OK;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  auto mint = certs::Mint::create(std::chrono::system_clock::now());
  if (!mint) return 2;
  const auto credential = (*mint)->make({.name = "shop", .names = {"shop.test"}});
  if (!credential) return 2;
  const Context server = server_context(*credential), client = client_context((*mint)->root());
  const auto begin = std::chrono::steady_clock::now();
  unsigned pairs = 0;
  std::chrono::duration<double> took{0};
  while (took.count() < seconds) {
    for (int leg = 0; leg < 2; ++leg)
      if (!handshake(client.get(), server.get())) return 1;
    ++pairs;
    took = std::chrono::steady_clock::now() - begin;
  }
  std::printf("%.1f\n", pairs / took.count());
  return 0;
}
