// The ClientHello of a question, octet for octet where it matters.
#include <algorithm>

#include "tests/tls/hello_case.hpp"

using namespace bothends;
using namespace bothends::test;

namespace {

wire::ClientHello hello_for(const Question& question) { return settings_of(question).hello; }

bool is_grease(const wire::Extension& extension) { return wire::is_grease(extension.type); }

}  // namespace

TEST_CASE("a hello says what the question says and what every client says") {
  auto asking = question(wire::tls1_3);
  asking.versions = {wire::tls1_3, wire::tls1_2};
  asking.alpn = {"h2", "http/1.1"};
  const auto hello = hello_for(asking);
  CHECK(hello.legacy_version == wire::tls1_2);
  CHECK(hello.session_id.size() == 32);
  CHECK(hello.versions() == asking.versions);
  CHECK(hello.cipher_suites == asking.suites);
  CHECK(hello.groups() == asking.groups);
  CHECK(hello.key_share_groups() == asking.key_shares);
  CHECK(hello.signature_schemes() == asking.schemes);
  CHECK(hello.alpn() == asking.alpn);
  CHECK(hello.sni() == asking.sni);
  CHECK(hello.compression_methods == Bytes{0});
  CHECK(hello.psk_modes() == Bytes{1});
  CHECK(hello.point_formats() == Bytes{0});
  for (const auto type : {wire::renegotiation_info, wire::extended_master_secret, wire::encrypt_then_mac,
                          wire::session_ticket, wire::status_request})
    CHECK(hello.has(type));
  CHECK(wire::parse_client_hello(wire::encode(hello)).value == hello);
}

TEST_CASE("what only TLS 1.2 or only TLS 1.3 has stays there") {
  const auto old = hello_for(question(wire::tls1_2));
  CHECK(old.session_id.empty());
  CHECK_FALSE(old.has(wire::supported_versions));
  CHECK_FALSE(old.has(wire::key_share));
  CHECK_FALSE(old.has(wire::psk_key_exchange_modes));
  CHECK_FALSE(hello_for(question(wire::tls1_3)).has(wire::ec_point_formats));
  CHECK(hello_for(question(wire::tls1_1)).legacy_version == wire::tls1_1);
}

TEST_CASE("an empty key_share is an empty list, not a missing extension") {
  auto asking = question(wire::tls1_3);
  asking.key_shares.clear();
  const auto hello = hello_for(asking);
  const auto* share = wire::find(hello.extensions, wire::key_share);
  REQUIRE(share);
  CHECK(share->data == Bytes{0, 0});
}

TEST_CASE("a bare hello has the question's extensions and no others, at last none") {
  auto asking = question(wire::tls1_2);
  asking.is_bare = true;
  const auto hello = hello_for(asking);
  CHECK(hello.extension_types() == wire::Codes{wire::server_name, wire::supported_groups, wire::signature_algorithms});
  CHECK(hello.cipher_suites.back() == 0x00ff);
  Question ssl;
  ssl.versions = {wire::ssl3};
  ssl.suites = {0x000a};
  ssl.is_bare = true;
  const auto oldest = hello_for(ssl);
  CHECK_FALSE(oldest.extensions);
  CHECK(oldest.legacy_version == wire::ssl3);
  Bytes out;
  tls::hello(settings_of(ssl))->step({}, out);
  CHECK(to_hex(View(out).first(3)) == "160300");
  out.clear();
  tls::hello(settings_of(asking))->step({}, out);
  CHECK(to_hex(View(out).first(3)) == "160301");
}

TEST_CASE("GREASE stands in every list") {
  auto asking = question(wire::tls1_3);
  asking.grease = true;
  asking.alpn = {"h2"};
  const auto hello = hello_for(asking);
  for (const auto& list : {hello.cipher_suites, hello.groups(), hello.versions(), hello.signature_schemes()})
    CHECK(std::ranges::count_if(list, wire::is_grease) == 1);
  REQUIRE(hello.key_share_groups().size() == 2);
  CHECK(hello.key_share_groups().front() == hello.groups().front());
  CHECK(hello.alpn().size() == 2);
  CHECK(std::ranges::count_if(*hello.extensions, is_grease) == 2);
  CHECK(is_grease(hello.extensions->front()));
  CHECK(is_grease(hello.extensions->back()));
  CHECK(hello.extensions->front().type != hello.extensions->back().type);
  for (unsigned chance = 0; chance < 16; ++chance) {
    const Bytes random(64, static_cast<std::uint8_t>(chance));
    const auto other = tls::hello_of(asking, {}, random);
    CHECK(other.extensions->front().type != other.extensions->back().type);
  }
}

TEST_CASE("padding makes a hello exactly as long as asked, and never shorter than it is") {
  auto asking = question(wire::tls1_3);
  const auto bare = wire::encode(hello_for(asking)).size();
  for (const std::size_t wanted : {bare + 4, bare + 5, std::size_t{512}, std::size_t{1700}, std::size_t{20000}}) {
    asking.padded_to = wanted;
    CHECK(wire::encode(hello_for(asking)).size() == wanted);
  }
  asking.padded_to = bare + 1;
  CHECK(wire::encode(hello_for(asking)).size() == bare + 4);
  asking.padded_to = bare;
  CHECK_FALSE(hello_for(asking).has(wire::padding));
  asking.padded_to = 1 << 20;
  CHECK(wire::encode(hello_for(asking)).size() < 1 << 16);
}

TEST_CASE("deflate is offered before no compression") {
  auto asking = question(wire::tls1_2);
  asking.deflate = true;
  CHECK(hello_for(asking).compression_methods == Bytes{1, 0});
}
