// Names, leaves and their keys, ALPN, chains good and bad, client certificates.
#include <fmt/format.h>

#include "suite_setting.hpp"

namespace bothends::tls {

namespace {

using certs::Kind;
using policy::ClientCertificate;
using policy::Key;
using policy::Reason;
using policy::Verify;
using std::chrono::hours;

constexpr std::uint16_t tls12 = wire::tls1_2, tls13 = wire::tls1_3;
constexpr std::uint16_t both_versions[] = {tls12, tls13};

std::string label(std::uint16_t version) { return wire::name(wire::Registry::version, version); }

void asks_for(Setting& setting, std::optional<std::string> name) {
  setting.peer.name = name.value_or("a.test");
  setting.peer.sni = std::move(name);
}

void add_names(Settings& settings, std::uint16_t version, bool strict) {
  const auto& cast = settings.cast();
  const std::vector<Credential> several{cast.good({"a.test", "also.a.test"}), cast.good({"b.test"}, Key::rsa),
                                        cast.good({"*.c.test"})};
  const auto asked = [&](std::optional<std::string> name) -> Change {
    return [=](Setting& setting) {
      both_speak(setting, version);
      setting.server.certificates = several;
      setting.server.strict_sni = strict;
      asks_for(setting, name);
      if (!name || *name == "unknown.test") setting.client.verify = Verify::chain;
    };
  };
  const auto title = fmt::format("{}, {}: ", label(version), strict ? "strict" : "lenient");
  for (const auto* name : {"a.test", "also.a.test", "b.test", "x.c.test", "B.TEST"})
    settings.add(title + name, asked(name));
  if (strict) {
    settings.refused(title + "unknown name", Reason::unknown_name, asked("unknown.test"));
    settings.refused(title + "no name", Reason::unknown_name, asked(std::nullopt));
  } else {
    settings.add(title + "unknown name", asked("unknown.test"));
    settings.add(title + "no name", asked(std::nullopt));
  }
}

void add_twins(Settings& settings, std::uint16_t version) {
  const auto& cast = settings.cast();
  const std::vector<Credential> twins{cast.good({"a.test"}, Key::rsa), cast.good({"a.test"})};
  const auto with = [=](wire::Codes schemes) -> Change {
    return [=](Setting& setting) {
      both_speak(setting, version);
      setting.server.certificates = twins;
      setting.client.signature_schemes = schemes;
    };
  };
  const auto title = label(version) + ": RSA and ECDSA for one name, ";
  settings.add(title + "the client's default", with({}));
  settings.add(title + "the client prefers RSA", with({0x0804, 0x0401, 0x0403}));
  settings.add(title + "the client prefers ECDSA", with({0x0403, 0x0804, 0x0401}));
  settings.add(title + "the client has RSA only", with({0x0804, 0x0401}));
  settings.either(title + "an RSA suite first, but only ECDSA schemes", [=](Setting& setting) {
    with({0x0403})(setting);
    if (version == tls12) setting.client.suites = {0xc02f, 0xc02b};
  });
  const std::vector<Credential> curves{cast.good({"a.test"}, Key::ecdsa_p384), cast.good({"a.test"})};
  settings.either(label(version) + ": two curves for one name", [=](Setting& setting) {
    with({0x0403})(setting);
    setting.server.certificates = curves;
  });
  settings.add(title + "no name: the default is twins too", [=](Setting& setting) {
    with({0x0403, 0x0804, 0x0401})(setting);
    setting.peer.sni.reset();
  });
}

/// A wrong order is sorted out by every stack of today; weak ones may be met since the settings say so.
bool is_good_enough(Kind kind, Verify verify) {
  if (verify == Verify::none) return true;
  switch (kind) {
    case Kind::good:
    case Kind::wrong_order:
    case Kind::rsa_1024:
    case Kind::sha1:
      return true;
    case Kind::wrong_name:
    case Kind::cn_only:
      return verify == Verify::chain;
    default:
      return false;
  }
}

std::string leaf_title(std::uint16_t version, Key key) {
  return fmt::format("{}: leaf {}", label(version), policy::name(key));
}

Change leaf(const Cast& cast, std::uint16_t version, Key key) {
  return [&cast, version, key](Setting& setting) {
    both_speak(setting, version);
    setting.server.certificates = {cast.good({"a.test"}, key)};
  };
}

struct Sent {
  const char* name;
  std::optional<Credential> certificate;
  bool trusted;
};

std::vector<Sent> client_cast(const Cast& cast) {
  return {
      {"none sent", std::nullopt, false},
      {"a good one sent", cast.client(), true},
      {"an expired one sent", cast.client(hours(-48)), false},
      {"a server's one sent", cast.good({"someone"}), false},
      {"an unknown authority's sent", cast.make({.name = "u", .kind = Kind::unknown_ca, .names = {"someone"}}), false},
      {"a self-signed one sent", cast.make({.name = "s", .kind = Kind::self_signed, .names = {"someone"}}), false}};
}

}  // namespace

void add_leaves(Settings& settings) {
  for (const auto version : both_versions) {
    for (const Key key : {Key::ecdsa_p256, Key::ecdsa_p384, Key::ecdsa_p521, Key::rsa})
      settings.add(leaf_title(version, key), leaf(settings.cast(), version, key));
    // A client may have no scheme for these.
    for (const Key key : {Key::rsa_pss, Key::ed25519, Key::ed448})
      settings.either(leaf_title(version, key), leaf(settings.cast(), version, key));
    add_names(settings, version, false);
    add_names(settings, version, true);
    add_twins(settings, version);
    settings.add(label(version) + ": an address", [&](Setting& setting) {
      both_speak(setting, version);
      setting.server.certificates = {settings.cast().good({"192.0.2.1"})};
      setting.peer = {std::nullopt, "192.0.2.1", nullptr};
    });
  }
}

void add_alpn(Settings& settings) {
  using Names = std::vector<std::string>;
  for (const auto version : both_versions) {
    const auto with = [=](Names client, Names server) -> Change {
      return [=](Setting& setting) {
        both_speak(setting, version);
        setting.client.alpn = client;
        setting.server.alpn = server;
      };
    };
    const auto title = label(version) + ", ALPN: ";
    settings.add(title + "one shared", with({"h2", "http/1.1"}, {"http/1.1"}));
    settings.add(title + "the server's order", with({"http/1.1", "h2"}, {"h2", "http/1.1"}));
    settings.add(title + "the client has none", with({}, {"h2"}));
    settings.add(title + "the server has none", with({"h2"}, {}));
    settings.refused(title + "nothing shared", Reason::no_shared_alpn, with({"h2"}, {"http/1.1"}));
    settings.either(title + "nothing shared, and no name either", [=](Setting& setting) {
      with({"h2"}, {"http/1.1"})(setting);
      setting.server.strict_sni = true;
      asks_for(setting, "unknown.test");
    });
    settings.either(title + "nothing shared, and no suite either", [=](Setting& setting) {
      with({"h2"}, {"http/1.1"})(setting);
      setting.client.suites = {version == tls13 ? std::uint16_t{0x1301} : std::uint16_t{0xc02b}};
      setting.server.suites = {version == tls13 ? std::uint16_t{0x1302} : std::uint16_t{0xc02c}};
    });
  }
}

void add_chains(Settings& settings) {
  for (const auto version : both_versions)
    for (const auto& kind_name : certs::kind_names()) {
      if (kind_name == "oversize-chain") continue;  // how much of a chain a library takes is no matter of policy
      for (const auto verify : {Verify::none, Verify::chain, Verify::full}) {
        const auto kind = *certs::kind_of(kind_name);
        const auto title = fmt::format("{}: {}, verify {}", label(version), kind_name, policy::name(verify));
        const Change change = [&](Setting& setting) {
          both_speak(setting, version);
          setting.client.verify = verify;
          setting.server.certificates = {settings.cast().make({.name = kind_name, .kind = kind, .names = {"a.test"}})};
        };
        if (kind == Kind::rsa_1024 && version == tls13)
          settings.either(title, change);  // too small for the longest PSS signatures
        else if (is_good_enough(kind, verify))
          settings.add(title, change);
        else
          settings.refused(title, Reason::chain, change);
      }
    }
}

/// The same, met by a client that does not allow what is weak.
void add_weak_chains(Settings& settings) {
  for (const auto version : both_versions)
    for (const auto kind : {Kind::good, Kind::rsa_1024, Kind::sha1}) {
      const auto title = fmt::format("{}: {}, met by a strict client", label(version), certs::name(kind));
      const Change change = [&](Setting& setting) {
        both_speak(setting, version);
        setting.client.weak = false;
        setting.server.certificates = {settings.cast().make({.name = title, .kind = kind, .names = {"a.test"}})};
      };
      if (kind == Kind::good)
        settings.add(title, change);
      else
        settings.refused(title, Reason::chain, change);
    }
}

void add_client_certificates(Settings& settings) {
  for (const auto version : both_versions)
    for (const auto asked : {ClientCertificate::none, ClientCertificate::optional, ClientCertificate::required})
      for (const auto& sent : client_cast(settings.cast())) {
        const auto title = fmt::format("{}: client certificate {}, {}", label(version), policy::name(asked), sent.name);
        const Change change = [&](Setting& setting) {
          both_speak(setting, version);
          setting.server.client_certificate = asked;
          setting.client.certificate = sent.certificate;
        };
        const bool needed = asked == ClientCertificate::required;
        if (asked == ClientCertificate::none || (sent.trusted || (!needed && !sent.certificate)))
          settings.add(title, change);
        else if (!needed)
          settings.either(title, change);
        else if (!sent.certificate)
          settings.refused(title, Reason::client_certificate_required, change);
        else
          settings.refused(title, Reason::client_certificate_refused, change);
      }
}

}  // namespace bothends::tls
