#include "proxy/link.hpp"

#include <algorithm>
#include <utility>

namespace bothends::proxy {

Link::Link(net::Loop& loop, Destination destination, std::unique_ptr<tls::Engine> engine, net::milliseconds patience,
           std::function<void()> gone)
    : loop_(loop),
      destination_(std::move(destination)),
      deadlines_{patience, net::milliseconds{0}},
      gone_(std::move(gone)),
      waiting_(std::move(engine)) {
  const OriginLeg& leg = destination_.route->leg;
  resolution_ = std::make_unique<net::Resolution>(loop_, leg.host, leg.port, patience,
                                                  [this](const auto& found) { resolved(found); });
}

void Link::resolved(const Result<std::vector<net::Endpoint>>& found) {
  if (!found)
    return ended({policy::Ending::How::unreachable, std::nullopt, policy::Stage::connect, {}, found.error().what});
  // One address is tried. Of a name with several it is one of IPv4, where our origins listen ("localhost" is both).
  const auto is_ipv4 = [](const net::Endpoint& one) { return one.host.find(':') == std::string::npos; };
  const auto ipv4 = std::ranges::find_if(*found, is_ipv4);
  const net::Endpoint& to = ipv4 == found->end() ? found->front() : *ipv4;
  net::Callbacks callbacks;
  callbacks.opened = [this] {
    if (user_) user_->origin_opened();
  };
  callbacks.data = [this] {
    if (user_) return user_->origin_came();
    connection_->reset();  // nobody has asked for anything
  };
  callbacks.drained = [this] {
    if (user_) user_->origin_drained();
  };
  callbacks.ended = [this](const policy::Ending& ending) { ended(ending); };
  connection_ = net::Connection::connect(loop_, to, std::move(waiting_), deadlines_, std::move(callbacks));
}

void Link::ended(const policy::Ending& ending) {
  over_ = true;
  gone_();
  if (User* user = std::exchange(user_, nullptr)) user->origin_ended(ending);
}

void Link::leave() {
  user_ = nullptr;
  resolution_.reset();
  if (over_) return;
  if (connection_) return connection_->close(net::milliseconds{200});
  over_ = true;
  gone_();
}

}  // namespace bothends::proxy
