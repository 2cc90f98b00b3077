// Versions, suites, groups, signature schemes: each alone, in either order, and with nothing in common.
#include <fmt/format.h>

#include "suite_setting.hpp"

namespace bothends::tls {

namespace {

using policy::Key;
using policy::Reason;

constexpr std::uint16_t tls10 = wire::tls1_0, tls11 = wire::tls1_1, tls12 = wire::tls1_2, tls13 = wire::tls1_3;
constexpr std::uint16_t x25519 = 29, p256 = 23, p384 = 24, p521 = 25, x448 = 30, mlkem = 0x11ec;

std::string named(wire::Registry registry, std::uint16_t code) { return wire::name(registry, code); }

struct Speaks {
  std::uint16_t lowest, highest;
};

Change versions(Speaks client, Speaks server, Key key = Key::ecdsa_p256, const Cast* cast = nullptr) {
  return [=](Setting& setting) {
    setting.client.min_version = client.lowest;
    setting.client.max_version = client.highest;
    setting.server.min_version = server.lowest;
    setting.server.max_version = server.highest;
    if (cast) setting.server.certificates = {cast->good({"a.test"}, key)};
  };
}

Key key_for(std::uint16_t suite) {
  return named(wire::Registry::suite, suite).find("_ECDSA_") != std::string::npos ? Key::ecdsa_p256 : Key::rsa;
}

void add_one_suite(Settings& settings, std::uint16_t version, std::uint16_t suite) {
  settings.add("only " + named(wire::Registry::suite, suite), [&](Setting& setting) {
    both_speak(setting, version);
    setting.client.suites = setting.server.suites = {suite};
    if (version < tls13) setting.server.certificates = {settings.cast().good({"a.test"}, key_for(suite))};
  });
}

Change suites(std::uint16_t version, wire::Codes client, wire::Codes server, bool preference = false) {
  return [=](Setting& setting) {
    both_speak(setting, version);
    setting.client.suites = client;
    setting.server.suites = server;
    setting.server.server_preference = preference;
  };
}

Change groups(std::uint16_t version, wire::Codes client, wire::Codes server, bool preference = false) {
  return [=](Setting& setting) {
    both_speak(setting, version);
    setting.client.groups = client;
    setting.server.groups = server;
    setting.server.server_preference = preference;
  };
}

Change schemes(const Cast& cast, std::uint16_t version, Key key, wire::Codes client, wire::Codes server,
               bool preference = false) {
  const auto leaf = cast.good({"a.test"}, key);
  return [=](Setting& setting) {
    both_speak(setting, version);
    setting.server.certificates = {leaf};
    setting.client.signature_schemes = client;
    setting.server.signature_schemes = server;
    setting.server.server_preference = preference;
  };
}

}  // namespace

void add_versions(Settings& settings) {
  const auto* cast = &settings.cast();
  const Speaks any{0, 0};
  settings.add("both by default", versions(any, any));
  settings.add("the client up to TLS 1.2", versions({0, tls12}, any));
  settings.add("the server up to TLS 1.2", versions(any, {0, tls12}));
  settings.add("both TLS 1.2", versions({tls12, tls12}, {tls12, tls12}));
  settings.add("both TLS 1.3", versions({tls13, tls13}, {tls13, tls13}));
  settings.add("both TLS 1.1, RSA", versions({tls11, tls11}, {tls11, tls11}, Key::rsa, cast));
  settings.add("both TLS 1.1, ECDSA", versions({tls11, tls11}, {tls11, tls11}));
  settings.add("both TLS 1.0, RSA", versions({tls10, tls10}, {tls10, tls10}, Key::rsa, cast));
  settings.add("both TLS 1.0, ECDSA", versions({tls10, tls10}, {tls10, tls10}));
  settings.add("the client from TLS 1.0, the server up to 1.1", versions({tls10, 0}, {tls10, tls11}, Key::rsa, cast));
  settings.add("the server from TLS 1.0, the client up to 1.1", versions({tls10, tls11}, {tls10, 0}, Key::rsa, cast));
  const auto none = Reason::no_shared_version;
  settings.refused("the client from TLS 1.3, the server up to 1.2", none, versions({tls13, 0}, {0, tls12}));
  settings.refused("the client up to TLS 1.2, the server from 1.3", none, versions({0, tls12}, {tls13, 0}));
  settings.refused("the client from TLS 1.2, the server up to 1.1", none, versions({0, tls12}, {tls10, tls11}));
  settings.refused("a default client, the server up to 1.1", none, versions(any, {tls10, tls11}, Key::rsa, cast));
  settings.refused("the client up to TLS 1.1, a default server", none, versions({tls10, tls11}, any));
  settings.refused("the client up to TLS 1.1, the server from 1.3", none, versions({tls10, tls11}, {tls13, 0}));
}

void add_suites(Settings& settings) {
  for (const std::uint16_t suite : {0x1301, 0x1302, 0x1303, 0x1304, 0x1305}) add_one_suite(settings, tls13, suite);
  for (const std::uint16_t suite : {0xc02b, 0xc02c, 0xcca9, 0xc023, 0xc024, 0xc009, 0xc00a, 0xc0ac, 0xc0ad, 0xc0ae,
                                    0xc02f, 0xc030, 0xcca8, 0xc027, 0xc028, 0xc013, 0xc014, 0x009c, 0x009d, 0x003c,
                                    0x003d, 0x002f, 0x0035, 0xc09c, 0xc09d, 0x009e, 0x009f, 0x0067, 0x0033, 0xccaa})
    add_one_suite(settings, tls12, suite);
  add_one_suite(settings, tls10, 0xc013);
  add_one_suite(settings, tls11, 0x002f);

  settings.add("TLS 1.3: the client's order", suites(tls13, {0x1303, 0x1301}, {0x1301, 0x1302, 0x1303}));
  settings.add("TLS 1.3: the server's order", suites(tls13, {0x1303, 0x1301}, {0x1301, 0x1302, 0x1303}, true));
  settings.add("TLS 1.2: the client's order", suites(tls12, {0xcca9, 0xc02b}, {0xc02b, 0xc02c, 0xcca9}));
  settings.add("TLS 1.2: the server's order", suites(tls12, {0xcca9, 0xc02b}, {0xc02b, 0xc02c, 0xcca9}, true));
  settings.add("TLS 1.2: the first suite that fits the leaf",
               suites(tls12, {0xc02f, 0x009c, 0xc02b}, {0x009c, 0xc02f, 0xc02b}));
  settings.add("a list of TLS 1.2 suites means TLS 1.2", [](Setting& setting) { setting.client.suites = {0xc02b}; });
  settings.add("the server's list of TLS 1.3 suites means TLS 1.3",
               [](Setting& setting) { setting.server.suites = {0x1302}; });
  const auto none = Reason::no_shared_suite;
  settings.refused("no suite of TLS 1.3", none, suites(tls13, {0x1301}, {0x1302}));
  settings.refused("no suite of TLS 1.2", none, suites(tls12, {0xc02b}, {0xc02c}));
  settings.refused("no suite of TLS 1.2 for the leaf", Reason::no_certificate,
                   suites(tls12, {0xc02f}, {0xc02f, 0xc02b}));
}

void add_groups(Settings& settings) {
  for (const std::uint16_t group : {x25519, p256, p384, p521, x448, mlkem, std::uint16_t{256}}) {
    settings.add("TLS 1.3: only " + named(wire::Registry::group, group), groups(tls13, {group}, {group}));
    // The leaf's curve must be among them.
    if (group < 31)
      settings.add("TLS 1.2: " + named(wire::Registry::group, group), groups(tls12, {group, p256}, {group}));
  }
  settings.add("a retry for P-384", groups(tls13, {x25519, p256, p384}, {p384}));
  settings.add("a retry for the better class of the server's defaults", groups(tls13, {x25519, mlkem}, {}));
  settings.add("a retry for a class of its own", groups(tls13, {p384, p256}, {}));
  settings.add("a retry for the client's second", groups(tls13, {p521, p384, x25519}, {x25519, p384}));
  settings.add("a retry for the server's first", groups(tls13, {p521, x25519, p384}, {p384, x25519}, true));
  settings.add("the client's share, the server's second", groups(tls13, {x25519, p256}, {p256, x25519}, true));
  settings.add("the client's share, the server by default", groups(tls13, {p256, x25519}, {}));
  settings.add("the server by default and by its order", groups(tls13, {p384, p256, x25519}, {}, true));
  settings.add("the client by default, one group on the server", groups(tls13, {}, {p384}));
  settings.add("TLS 1.2: the groups in either order", groups(tls12, {x25519, p384, p256}, {p384, p256, x25519}));
  settings.add("TLS 1.2: the groups in the server's order",
               groups(tls12, {x25519, p384, p256}, {p384, p256, x25519}, true));
  settings.add("TLS 1.2: a group that only TLS 1.3 has", groups(tls12, {mlkem, p256}, {mlkem, p256}));
  settings.refused("TLS 1.3: no group", Reason::no_shared_group, groups(tls13, {x25519}, {p384}));
  settings.refused("TLS 1.2: no group", Reason::no_shared_group, groups(tls12, {p256}, {p384}));
  settings.refused("TLS 1.2: the leaf's curve is not the client's", Reason::no_certificate, [](Setting& setting) {
    groups(tls12, {x25519}, {x25519})(setting);
    setting.client.suites = {0xc02b};
  });
  settings.add("TLS 1.2: static ECDH", [](Setting& setting) {
    both_speak(setting, tls12);
    setting.client.suites = setting.server.suites = {0xc02d};
    setting.client.verify = policy::Verify::none;  // our leaves are for signing only
  });
  settings.add("TLS 1.2: no group, but RSA key transport", [&](Setting& setting) {
    both_speak(setting, tls12);
    setting.server.certificates = {settings.cast().good({"a.test"}, Key::rsa)};
    setting.client.groups = {x25519};
    setting.server.groups = {x448};
    setting.client.suites = setting.server.suites = {0x009c};
  });
}

void add_schemes(Settings& settings) {
  const auto& cast = settings.cast();
  const auto only = [&](std::uint16_t version, Key key, std::uint16_t scheme) {
    settings.add(fmt::format("{}: only {}", named(wire::Registry::version, version),
                             named(wire::Registry::signature_scheme, scheme)),
                 schemes(cast, version, key, {scheme}, {scheme}));
  };
  for (const std::uint16_t scheme : {0x0804, 0x0805, 0x0806}) only(tls13, Key::rsa, scheme);
  for (const std::uint16_t scheme : {0x0401, 0x0501, 0x0601, 0x0201}) only(tls12, Key::rsa, scheme);
  for (const std::uint16_t scheme : {0x0403, 0x0503, 0x0603}) only(tls12, Key::ecdsa_p256, scheme);
  only(tls13, Key::ecdsa_p256, 0x0403);
  only(tls13, Key::ecdsa_p384, 0x0503);
  only(tls13, Key::ecdsa_p521, 0x0603);
  only(tls13, Key::ed25519, 0x0807);
  only(tls12, Key::ed25519, 0x0807);
  settings.either("TLS 1.2: only PSS shared", schemes(cast, tls12, Key::rsa, {0x0804, 0x0401}, {0x0804}));
  const wire::Codes rsa{0x0806, 0x0804, 0x0601, 0x0401};
  const wire::Codes reverse{0x0401, 0x0601, 0x0804, 0x0806};
  for (const bool preference : {false, true}) {
    const std::string whose = preference ? "the server's" : "the client's";
    settings.add("TLS 1.3: schemes in " + whose + " order", schemes(cast, tls13, Key::rsa, rsa, reverse, preference));
    settings.add("TLS 1.2: schemes in " + whose + " order", schemes(cast, tls12, Key::rsa, rsa, reverse, preference));
  }
  const auto none = Reason::no_shared_signature_scheme;
  settings.refused("TLS 1.3: no scheme", none, schemes(cast, tls13, Key::rsa, {0x0804}, {0x0805}));
  settings.refused("TLS 1.2: no scheme", none, schemes(cast, tls12, Key::rsa, {0x0401}, {0x0501}));
  settings.refused("TLS 1.3: a scheme, but not for the leaf", Reason::no_certificate,
                   schemes(cast, tls13, Key::ecdsa_p256, {0x0804, 0x0503}, {0x0804, 0x0503, 0x0403}));
  settings.refused("TLS 1.2: a scheme, but not for the leaf", Reason::no_certificate, [&](Setting& setting) {
    schemes(cast, tls12, Key::rsa, {0x0403}, {0x0403, 0x0401})(setting);
    setting.client.suites = {0xc02b};  // RSA key transport would do without a scheme
  });
  settings.either("TLS 1.2: no scheme for the leaf, but RSA key transport",
                  schemes(cast, tls12, Key::rsa, {0x0403}, {0x0403, 0x0401}));
  settings.either("TLS 1.2: no scheme for the leaf, and only RSA key transport", [&](Setting& setting) {
    schemes(cast, tls12, Key::rsa, {0x0403}, {0x0403, 0x0401})(setting);
    setting.client.suites = {0x009c, 0xc02b};  // OpenSSL's client would not offer the first, and needs one
  });
}

}  // namespace bothends::tls
