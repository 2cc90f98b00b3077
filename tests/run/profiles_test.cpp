// Client profiles: the embedded file is whole, names lead to the right one, and stacks take what they can.
#include "run/profiles.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tls/stacks.hpp"

namespace bothends::run::test {

namespace {

const ClientProfile& profile(std::string_view like) {
  const auto found = client_profile(like);
  REQUIRE_MESSAGE(found, found.error().message());
  return **found;
}

bool has(const wire::Codes& codes, std::uint16_t code) { return std::ranges::find(codes, code) != codes.end(); }

bool differ(wire::Codes codes) {
  std::ranges::sort(codes);
  return std::ranges::adjacent_find(codes) == codes.end();
}

bool is_grease(std::uint16_t code) { return (code & 0x0f0f) == 0x0a0a && (code >> 8) == (code & 0xff); }

}  // namespace

TEST_CASE("every profile is whole") {
  const auto names = client_profile_names();
  CHECK(names.size() > 40);
  CHECK(std::ranges::is_sorted(names));
  for (const std::string& name : names) {
    CAPTURE(name);
    const ClientProfile& one = profile(name);
    CHECK_FALSE(one.id.empty());
    CHECK_FALSE(one.name.empty());
    CHECK_FALSE(one.family.empty());
    CHECK_FALSE(one.source.empty());
    CHECK((one.id == name || one.family == name));
    CHECK(&profile(one.id) == &one);
    CHECK_FALSE(one.versions.empty());
    CHECK_FALSE(one.suites.empty());
    // Safari and Erlang really name a signature scheme twice.
    for (const wire::Codes* codes : {&one.versions, &one.suites, &one.groups}) CHECK(differ(*codes));
    for (const wire::Codes* codes : {&one.versions, &one.suites, &one.groups, &one.signature_schemes})
      CHECK(std::ranges::none_of(*codes, is_grease));
    for (const std::uint16_t version : one.versions) CHECK((version >= wire::ssl3 && version <= wire::tls1_3));
    for (const std::string& protocol : one.alpn) CHECK_FALSE(protocol.empty());
  }
}

TEST_CASE("a family is its newest release") {
  for (const std::string& name : client_profile_names()) {
    const ClientProfile& newest = profile(name);
    if (newest.id == name) continue;
    const auto number = [](const std::string& release) { return std::strtoul(release.c_str(), nullptr, 10); };
    for (const std::string& id : client_profile_names()) {
      const ClientProfile& other = profile(id);
      if (other.id == id && other.family == name) CHECK(number(other.release) <= number(newest.release));
    }
  }
}

TEST_CASE("an unknown profile") {
  const auto none = client_profile("chrom");
  REQUIRE_FALSE(none);
  CHECK(none.error().what == "there is no client profile \"chrom\"; did you mean \"chrome\"?");
  CHECK(client_profile("\x1b[2J").error().what.find('\x1b') == std::string::npos);
}

TEST_CASE("a stack offers what it can of a profile, in the profile's order") {
  const ClientProfile& chrome = profile("chrome-150");
  for (const tls::Stack* stack : tls::stacks()) {
    CAPTURE(stack->name());
    tls::CommonSettings settings;
    REQUIRE(apply(chrome, *stack, settings));
    CHECK(settings.min_version == wire::tls1_2);
    CHECK(settings.max_version == wire::tls1_3);
    CHECK(settings.alpn == std::vector<std::string>{"http/1.1"});  // we do not speak HTTP/2
    const auto& can = stack->can();
    const auto known = [&](std::uint16_t code) { return has(can.suites, code) || has(can.suites_on_request, code); };
    wire::Codes possible;
    std::ranges::copy_if(chrome.suites, std::back_inserter(possible), known);
    CHECK(settings.suites == possible);
    CHECK_FALSE(settings.groups.empty());
    for (const std::uint16_t group : settings.groups)
      CHECK((has(can.groups, group) || has(can.groups_on_request, group)));
    for (const std::uint16_t scheme : settings.signature_schemes) CHECK(has(can.signature_schemes, scheme));
    tls::ClientSettings client;
    static_cast<tls::CommonSettings&>(client) = settings;
    CHECK(stack->client(client));
  }
}

TEST_CASE("whatever a stack takes of a profile it can offer; OpenSSL takes something of each") {
  for (const tls::Stack* stack : tls::stacks()) {
    for (const std::string& name : client_profile_names()) {
      CAPTURE(stack->name());
      CAPTURE(name);
      tls::ClientSettings settings;
      const auto applied = apply(profile(name), *stack, settings);
      if (stack == &tls::openssl()) CHECK(applied);
      if (!applied) continue;
      const auto context = stack->client(settings);
      CHECK_MESSAGE(context, context.error().message());
    }
  }
}

TEST_CASE("what a stack has only when asked is offered: the profile asks") {
  ClientProfile old{.id = "old", .versions = {wire::tls1_2}, .suites = {0xc02f, 0x000a}, .groups = {0x001d, 0x0013}};
  REQUIRE(has(tls::openssl().can().suites_on_request, 0x000a));
  tls::CommonSettings settings;
  REQUIRE(apply(old, tls::openssl(), settings));
  CHECK(settings.suites == old.suites);
  CHECK(settings.groups == old.groups);
}

TEST_CASE("what the scenario says itself stays") {
  tls::CommonSettings settings{.min_version = wire::tls1_3,
                               .max_version = wire::tls1_3,
                               .suites = {0x1302},
                               .groups = {0x0017},
                               .signature_schemes = {0x0403},
                               .alpn = {"x"}};
  REQUIRE(apply(profile("chrome"), tls::openssl(), settings));
  CHECK(settings.min_version == wire::tls1_3);
  CHECK(settings.suites == wire::Codes{0x1302});
  CHECK(settings.groups == wire::Codes{0x0017});
  CHECK(settings.signature_schemes == wire::Codes{0x0403});
  CHECK(settings.alpn == std::vector<std::string>{"x"});
}

TEST_CASE("a stack that can do nothing of a profile says what is missing") {
  const ClientProfile ancient{.id = "ancient", .versions = {wire::tls1_0}, .suites = {0x002f}};
  tls::CommonSettings settings;
  const auto applied = apply(ancient, tls::mbedtls(), settings);
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::tls);
  CHECK(applied.error().what == "mbedtls has none of the versions that ancient offers");
  const ClientProfile odd{.id = "odd", .versions = {wire::tls1_2}, .suites = {0xfefe}};
  CHECK(apply(odd, tls::openssl(), settings).error().what == "openssl has none of the suites that odd offers");
}

}  // namespace bothends::run::test
