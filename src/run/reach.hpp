// Where a proxy that already runs is to be reached: HOST:PORT as a numeric endpoint.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "net/connection.hpp"
#include "net/resolve.hpp"

namespace bothends::run {

/// "proxy.test:443", "127.0.0.1:443", "[::1]:443"; names stay names. Error{value} says what is missing.
Result<net::Endpoint> endpoint_of(std::string_view address);

/// Looks a name up and picks one of its addresses: the first that takes a TCP connection ("localhost" often has two,
/// and the proxy listens on one), or simply the first when none does: the try then tells how it is not reached.
class Reach {
 public:
  using Found = std::function<void(Result<net::Endpoint>)>;
  /// `found` comes once, from the loop, and may destroy this. A numeric host is not looked up; a single address is not
  /// knocked at.
  Reach(net::Loop& loop, const net::Endpoint& to, Found found);

 private:
  void resolved(Result<std::vector<net::Endpoint>> found);
  void knock();

  net::Loop& loop_;
  Found found_;
  std::vector<net::Endpoint> addresses_;
  std::size_t at_ = 0;
  std::unique_ptr<net::Connection> knocking_;
  net::Resolution resolution_;
};

}  // namespace bothends::run
