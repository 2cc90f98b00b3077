#include "run/proxy_protocol.hpp"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include "wire/writer.hpp"

namespace bothends::run {

namespace {

/// In network order; empty when the host is no address of this family.
Bytes address_in(int family, const std::string& host) {
  Bytes octets(family == AF_INET ? 4 : 16);
  return inet_pton(family, host.c_str(), octets.data()) == 1 ? octets : Bytes{};
}

struct Ends {
  int family = AF_UNSPEC;  // of both
  Bytes from, to;
};

Ends ends_of(const std::string& from, const std::string& to) {
  for (const int family : {AF_INET, AF_INET6}) {
    Ends ends{family, address_in(family, from), address_in(family, to)};
    if (!ends.from.empty() && !ends.to.empty()) return ends;
  }
  return {};
}

Bytes text_header(const Ends& ends, const net::Endpoint& from, const net::Endpoint& to) {
  std::string line = "PROXY UNKNOWN\r\n";
  if (ends.family != AF_UNSPEC)
    line = std::string(ends.family == AF_INET ? "PROXY TCP4 " : "PROXY TCP6 ") + from.host + " " + to.host + " " +
           std::to_string(from.port) + " " + std::to_string(to.port) + "\r\n";
  return bytes_of(view_of(line));
}

Bytes binary_header(const Ends& ends, const net::Endpoint& from, const net::Endpoint& to) {
  constexpr std::array<std::uint8_t, 12> signature{0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
  constexpr std::uint8_t local = 0x20, proxy = 0x21, tcp4 = 0x11, tcp6 = 0x21;
  wire::Writer header;
  header.raw(signature);
  if (ends.family == AF_UNSPEC) return header.u8(local).u8(0).u16(0).bytes();
  const Bytes addresses = wire::Writer().raw(ends.from).raw(ends.to).u16(from.port).u16(to.port).bytes();
  return header.u8(proxy).u8(ends.family == AF_INET ? tcp4 : tcp6).vector16(addresses).bytes();
}

class PrefixEngine : public tls::Engine {
 public:
  PrefixEngine(std::unique_ptr<tls::Engine> engine, std::function<Bytes()> prefix)
      : engine_(std::move(engine)), prefix_(std::move(prefix)) {}

  tls::Phase step(View from_peer, Bytes& to_peer) override {
    if (prefix_) append(to_peer, std::exchange(prefix_, nullptr)());
    return engine_->step(from_peer, to_peer);
  }
  void write(View plain, Bytes& to_peer) override { engine_->write(plain, to_peer); }
  void close(Bytes& to_peer) override { engine_->close(to_peer); }
  Bytes take_plain() override { return engine_->take_plain(); }
  tls::Phase phase() const override { return engine_->phase(); }
  const policy::Handshake& handshake() const override { return engine_->handshake(); }
  std::shared_ptr<const tls::Session> session() const override { return engine_->session(); }
  void clock(std::chrono::microseconds now) override { engine_->clock(now); }
  std::optional<std::chrono::microseconds> wakes() const override { return engine_->wakes(); }
  Breaks breaks() const override { return engine_->breaks(); }

 private:
  std::unique_ptr<tls::Engine> engine_;
  std::function<Bytes()> prefix_;  // empty once it has been asked
};

}  // namespace

Bytes proxy_header(ProxyProtocol version, const net::Endpoint& from, const net::Endpoint& to) {
  if (version == ProxyProtocol::none) return {};
  const Ends ends = ends_of(from.host, to.host);
  return version == ProxyProtocol::v1 ? text_header(ends, from, to) : binary_header(ends, from, to);
}

std::unique_ptr<tls::Engine> with_prefix(std::unique_ptr<tls::Engine> engine, std::function<Bytes()> prefix) {
  return std::make_unique<PrefixEngine>(std::move(engine), std::move(prefix));
}

}  // namespace bothends::run
