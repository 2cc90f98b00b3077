#include <utility>

#include "tls/stacks.hpp"

namespace bothends::tls {

namespace {

class PlainEngine : public Engine {
 public:
  PlainEngine() { handshake_.complete = true; }

  Phase step(View from_peer, Bytes&) override {
    append(plain_, from_peer);
    return Phase::open;
  }
  void write(View plain, Bytes& to_peer) override {
    if (!closing_) append(to_peer, plain);
  }
  // Clear text has no farewell: the FIN that follows is all there is.
  void close(Bytes&) override { closing_ = true; }
  Bytes take_plain() override { return std::exchange(plain_, {}); }
  Phase phase() const override { return Phase::open; }
  const policy::Handshake& handshake() const override { return handshake_; }
  void clock(std::chrono::microseconds) override {}

 private:
  policy::Handshake handshake_;
  Bytes plain_;
  bool closing_ = false;
};

class PlainClient : public ClientContext {
  Result<std::unique_ptr<Engine>> connect(const Peer&) const override { return std::make_unique<PlainEngine>(); }
};

class PlainServer : public ServerContext {
  Result<std::unique_ptr<Engine>> accept() const override { return std::make_unique<PlainEngine>(); }
};

class PlainStack : public Stack {
 public:
  std::string_view name() const override { return "plain"; }
  std::string_view version() const override { return "clear text"; }
  const Capabilities& can() const override { return can_; }
  Result<std::shared_ptr<const ClientContext>> client(const ClientSettings&) const override {
    return std::make_shared<PlainClient>();
  }
  Result<std::shared_ptr<const ServerContext>> server(const ServerSettings&) const override {
    return std::make_shared<PlainServer>();
  }

 private:
  Capabilities can_;
};

}  // namespace

const Stack& plain() {
  static const PlainStack stack;
  return stack;
}

}  // namespace bothends::tls
