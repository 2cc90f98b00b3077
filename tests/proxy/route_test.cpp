#include "proxy/route.hpp"

#include <doctest/doctest.h>

using namespace bothends::proxy;

namespace {
std::string match_for(std::string_view host) {
  std::vector<Route> routes(6);
  routes[0].match = "default";
  routes[1].match = "*.test";
  routes[2].match = "*.shop.test";
  routes[3].match = "Shop.test";
  routes[4].match = "a.shop.test";
  routes[5].match = "*.a.shop.test";
  const Route* route = route_for(routes, host);
  return route ? route->match : "";
}
}  // namespace

TEST_CASE("exact names first, then the longest wildcard, then the default") {
  CHECK(match_for("shop.test") == "Shop.test");
  CHECK(match_for("SHOP.test.") == "Shop.test");
  CHECK(match_for("a.shop.test") == "a.shop.test");
  CHECK(match_for("b.shop.test") == "*.shop.test");
  CHECK(match_for("c.b.shop.test") == "*.shop.test");
  CHECK(match_for("x.a.shop.test") == "*.a.shop.test");
  CHECK(match_for("other.test") == "*.test");
  CHECK(match_for(".test") == "default");
  CHECK(match_for("test") == "default");
  CHECK(match_for("") == "default");
  CHECK(match_for("10.0.0.1") == "default");
}

TEST_CASE("without a default there may be no route") {
  std::vector<Route> routes(1);
  routes[0].match = "*.shop.test";
  CHECK(route_for(routes, "shop.test") == nullptr);
  CHECK(route_for(routes, "") == nullptr);
  CHECK(route_for({}, "shop.test") == nullptr);
}

TEST_CASE("hosts without their port") {
  CHECK(host_of("shop.test") == "shop.test");
  CHECK(host_of("shop.test:8443") == "shop.test");
  CHECK(host_of("[::1]:443") == "::1");
  CHECK(host_of("[::1]") == "::1");
  CHECK(host_of("127.0.0.1:1") == "127.0.0.1");
  CHECK(host_of("shop.test:") == "shop.test");
  for (const char* none : {"", ":1", "a b", "a/b", "a@b", "[::1", "[::1]x", "a:b", "a:1:2", "a:123456", "a\x7f"})
    CHECK_MESSAGE(!host_of(none), none);
}

TEST_CASE("addresses are no names") {
  CHECK(is_address("127.0.0.1"));
  CHECK(is_address("::1"));
  CHECK_FALSE(is_address("1.test"));
}
