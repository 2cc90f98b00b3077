#include "tls/openssl/witness.hpp"

#include "wire/codes.hpp"

namespace bothends::tls::ossl {

namespace {

// A peer may send tickets and key updates for ever.
constexpr std::size_t events_limit = 1024;
constexpr std::size_t octets_limit = 2 << 20;

}  // namespace

void Witness::watch(SSL* ssl, wire::Transcript& transcript) {
  transcript_ = &transcript;
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, this);
}

void Witness::on_message(int sent, int version, int type, const void* bytes, std::size_t size, SSL*, void* witness) {
  auto& self = *static_cast<Witness*>(witness);
  const auto direction = sent != 0 ? wire::Direction::sent : wire::Direction::received;
  const View view(static_cast<const std::uint8_t*>(bytes), size);
  if (type == SSL3_RT_HEADER) return self.header(direction, view);
  // The other pseudo types: the inner content type of TLS 1.3, and 0 for a ClientHello in the form of SSLv2.
  if (type < wire::change_cipher_spec || type > wire::handshake) return;
  if (type == wire::change_cipher_spec && sent == 0) return;  // its header was enough
  self.add(direction, version, static_cast<std::uint8_t>(type), view);
}

// Of a ChangeCipherSpec that was received, the header is all that OpenSSL tells up to TLS 1.2.
void Witness::header(wire::Direction direction, View header) {
  if (header.size() != SSL3_RT_HEADER_LENGTH) return;
  ways_[static_cast<std::size_t>(direction)].record_type = header[0];
  if (direction == wire::Direction::received && header[0] == wire::change_cipher_spec && header[1] == 3) {
    const std::uint8_t content = 1;
    add(direction, 0, wire::change_cipher_spec, View(&content, 1));
  }
}

void Witness::overlooked(View alert) {
  if (transcript_->events.size() >= events_limit) return;
  transcript_->events.push_back({wire::Direction::received, wire::alert, bytes_of(alert), false, now_});
}

void Witness::add(wire::Direction direction, int version, std::uint8_t type, View bytes) {
  if (transcript_->events.size() >= events_limit || kept_ + bytes.size() > octets_limit) return;
  auto& way = ways_[static_cast<std::size_t>(direction)];
  const bool encrypted = version >= wire::tls1_3 ? way.record_type == wire::application_data : way.change_cipher_spec;
  if (type == wire::change_cipher_spec) way.change_cipher_spec = true;
  transcript_->events.push_back(
      {direction, type, bytes_of(bytes), encrypted && type != wire::change_cipher_spec, now_});
  kept_ += bytes.size();
}

}  // namespace bothends::tls::ossl
