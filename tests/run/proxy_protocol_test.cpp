#include "run/proxy_protocol.hpp"

#include <doctest/doctest.h>

namespace bothends::run::test {

namespace {

const net::Endpoint from{"127.0.0.1", 4660}, to{"127.0.0.2", 443};
const net::Endpoint from6{"::1", 4660}, to6{"2001:db8::2", 443};

std::string hex(ProxyProtocol version, const net::Endpoint& a, const net::Endpoint& b) {
  return to_hex(proxy_header(version, a, b));
}
std::string text(const net::Endpoint& a, const net::Endpoint& b) {
  return std::string(text_of(proxy_header(ProxyProtocol::v1, a, b)));
}
const std::string signature = "0d0a0d0a000d0a515549540a";

}  // namespace

TEST_CASE("version 1 is a line of text") {
  CHECK(text(from, to) == "PROXY TCP4 127.0.0.1 127.0.0.2 4660 443\r\n");
  CHECK(text(from6, to6) == "PROXY TCP6 ::1 2001:db8::2 4660 443\r\n");
  CHECK(text(from, to6) == "PROXY UNKNOWN\r\n");
  CHECK(text({"a name\r\n", 1}, to) == "PROXY UNKNOWN\r\n");
}

TEST_CASE("version 2 is binary") {
  CHECK(hex(ProxyProtocol::v2, from, to) == signature + "2111000c" + "7f000001" + "7f000002" + "1234" + "01bb");
  CHECK(hex(ProxyProtocol::v2, from6, to6) == signature + "21210024" + "00000000000000000000000000000001" +
                                                  "20010db8000000000000000000000002" + "1234" + "01bb");
  CHECK(hex(ProxyProtocol::v2, from6, to) == signature + "20000000");
}

TEST_CASE("no version, no header") { CHECK(proxy_header(ProxyProtocol::none, from, to).empty()); }

}  // namespace bothends::run::test
