#include "run/reach.hpp"

#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "tls/stacks.hpp"

namespace bothends::run {

namespace {
constexpr net::milliseconds lookup_limit{5000};
constexpr net::Deadlines knock_limit{.handshake = net::milliseconds{1000}, .total = net::milliseconds{1000}};
}  // namespace

Result<net::Endpoint> endpoint_of(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const auto refused = [&] {
    return fail(ErrorCode::value, "\"" + printable(address, 80) + "\" is no address: write HOST:PORT");
  };
  if (colon == std::string_view::npos) return refused();
  std::string_view host = address.substr(0, colon), digits = address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || problem != std::errc{} || end != digits.data() + digits.size() || port == 0) return refused();
  return net::Endpoint{std::string(host), port};
}

Reach::Reach(net::Loop& loop, const net::Endpoint& to, Found found)
    : loop_(loop),
      found_(std::move(found)),
      resolution_(loop, to.host, to.port, lookup_limit, [this](auto all) { resolved(std::move(all)); }) {}

void Reach::resolved(Result<std::vector<net::Endpoint>> found) {
  if (!found) return std::exchange(found_, nullptr)(tl::unexpected(found.error()));
  addresses_ = std::move(*found);
  knock();
}

void Reach::knock() {
  if (addresses_.size() == 1 || at_ == addresses_.size())
    return std::exchange(found_, nullptr)(addresses_[at_ % addresses_.size()]);
  auto engine = (*tls::plain().client({}))->connect({});
  net::Callbacks callbacks;
  callbacks.opened = [this] {
    knocking_.reset();
    std::exchange(found_, nullptr)(addresses_[at_]);
  };
  callbacks.ended = [this](const policy::Ending&) {
    ++at_;
    knock();
  };
  knocking_ = net::Connection::connect(loop_, addresses_[at_], std::move(*engine), knock_limit, std::move(callbacks));
}

}  // namespace bothends::run
