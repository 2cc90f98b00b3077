// Bodies larger than any buffer.
#include <fmt/format.h>

#include "tests/proxy/support.hpp"

using namespace bothends;
using namespace bothends::proxy::test;

namespace {

constexpr std::size_t mebi = 1024 * 1024;
constexpr std::size_t much = 16 * mebi;
constexpr std::size_t bound = 2 * mebi;  // what one connection may hold

/// Sends `total` octets of "x" as fast as they are taken, after `head`; in chunks if so asked.
void pour(net::Connection& connection, std::size_t& left, bool chunked) {
  while (left > 0 && connection.queued() < 128 * 1024) {
    const Bytes piece(std::min<std::size_t>(left, 50000), 'x');
    connection.write(chunked ? http::chunk(piece) : piece);
    left -= piece.size();
    if (left == 0 && chunked) connection.write(http::last_chunk());
  }
}

std::string framing(bool chunked, std::size_t size) {
  return chunked ? "Transfer-Encoding: chunked\r\n\r\n" : fmt::format("Content-Length: {}\r\n\r\n", size);
}

}  // namespace

TEST_CASE("16 MiB both ways at the same time, by length and in chunks") {
  for (const bool chunked : {false, true}) {
    CAPTURE(chunked);
    Chain chain(chunked ? "mbedtls" : "openssl");
    chain.setup.routes[0].leg.stack = chunked ? "openssl" : "mbedtls";
    std::size_t at_origin = 0;
    bool begun = false;
    chain.origin.came = [&](Origin::Visit& visit) {
      visit.requests.feed(visit.connection->take_plain());
      const Bytes body = visit.requests.take_body();
      at_origin += body.size();
      if (!std::exchange(begun, true)) visit.connection->write(view_of("HTTP/1.1 200 OK\r\n" + framing(chunked, much)));
      if (!body.empty()) visit.connection->write(chunked ? http::chunk(body) : body);
      if (visit.requests.state() == http::Reader::State::done && chunked) visit.connection->write(http::last_chunk());
    };
    Client& client = chain.client("PUT / HTTP/1.1\r\nHost: shop.test\r\n" + framing(chunked, much));
    std::size_t left = much, peak = 0;
    chain.until([&] {
      pour(*client.connection, left, chunked);
      peak = std::max(peak, chain.proxy->queued());
      return client.answers.size() == 1 || client.ending;
    });
    CHECK(at_origin == much);
    CHECK(client.body_octets == much);
    CHECK(peak < bound);
    CHECK_FALSE(client.ending);
  }
}

TEST_CASE("a client that does not read holds its origin back, and gets everything in the end") {
  Chain chain;
  constexpr std::size_t total = 64 * mebi;
  std::size_t left = total;
  chain.origin.answer = [&](Origin::Visit& visit, const http::Request&) {
    visit.connection->write(view_of("HTTP/1.1 200 OK\r\n" + framing(false, total)));
  };
  Client& client = chain.client();
  client.connection->pause();
  client.send(get());
  std::size_t peak = 0, still = 0, before = 0;
  const auto turn = [&] {
    if (!chain.origin.requests.empty()) pour(*chain.origin.visits.front().connection, left, false);
    peak = std::max(peak, chain.proxy->queued());
    chain.loop.post([] {});
  };
  chain.until([&] {
    turn();
    still = left == before ? still + 1 : 0;
    before = left;
    return still > 2000;
  });
  CHECK_MESSAGE(left > 0, "the origin was not held back");
  client.connection->resume();
  chain.until([&] {
    turn();
    return client.answers.size() == 1;
  });
  CHECK(client.body_octets == total);
  CHECK(peak < bound);
}

TEST_CASE("an origin that does not read holds its client back") {
  Chain chain;
  constexpr std::size_t total = 64 * mebi;
  std::size_t left = total, at_origin = 0, peak = 0, still = 0, before = 0;
  chain.origin.came = [&](Origin::Visit& visit) {
    at_origin += visit.connection->take_plain().size();
    if (still == 0) visit.connection->pause();
  };
  Client& client = chain.client("PUT / HTTP/1.1\r\nHost: shop.test\r\n" + framing(false, total));
  const auto turn = [&] {
    pour(*client.connection, left, false);
    peak = std::max(peak, chain.proxy->queued());
    chain.loop.post([] {});
  };
  chain.until([&] {
    turn();
    still = left == before && at_origin > 0 ? still + 1 : 0;
    before = left;
    return still > 2000;
  });
  CHECK_MESSAGE(left > 0, "the client was not held back");
  chain.origin.visits.front().connection->resume();
  chain.until([&] {
    turn();
    return at_origin > total;
  });
  CHECK(peak < bound);
}

TEST_CASE("a client that pipelines more and more, and reads nothing, is held back too") {
  Chain chain;
  chain.setup.routes.clear();
  Client& client = chain.client();
  client.connection->pause();
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  std::size_t peak = 0;
  for (int i = 0; i < 2000; ++i) {
    if (client.connection->queued() < 128 * 1024) client.send(flood);
    chain.loop.turn();
    peak = std::max(peak, chain.proxy->queued());
  }
  CHECK(client.connection->queued() > 0);
  CHECK(peak < bound);
}
