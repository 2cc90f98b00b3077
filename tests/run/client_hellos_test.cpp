// The hellos of known clients: what is sent is what was recorded, but for what belongs to one connection.
#include "run/client_hellos.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "certs/mint.hpp"
#include "tests/policy/simulated.hpp"
#include "tls/digest.hpp"
#include "tls/stacks.hpp"
#include "wire/fingerprint.hpp"
#include "wire/record.hpp"

namespace bothends::run::test {

namespace {

class FakeShare : public tls::KeyShare {
 public:
  explicit FakeShare(std::uint16_t group) : group_(group), ours_(length_of(group), 0x5c) {}
  std::uint16_t group() const override { return group_; }
  const Bytes& ours() const override { return ours_; }
  Result<Bytes> secret(View) const override { return Bytes{}; }

 private:
  static std::size_t length_of(std::uint16_t group) {
    static const std::map<std::uint16_t, std::size_t> lengths{{0x0017, 65}, {0x001d, 32}, {0x11ec, 1216}};
    return lengths.at(group);
  }
  std::uint16_t group_;
  Bytes ours_;
};

std::vector<std::shared_ptr<const tls::KeyShare>> shares_of(const ClientProfile& profile) {
  std::vector<std::shared_ptr<const tls::KeyShare>> shares;
  for (const std::uint16_t group : profile.key_shares) shares.push_back(std::make_shared<FakeShare>(group));
  return shares;
}

Bytes random_of(std::uint8_t first) {
  Bytes random(64);
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::uint8_t>(first + i);
  return random;
}

wire::ClientHello recorded(const ClientProfile& profile) {
  const auto parsed = wire::parse_client_hello(profile.hello);
  REQUIRE_MESSAGE(parsed.value, profile.id);
  REQUIRE(parsed.used == profile.hello.size());
  return *parsed.value;
}

const std::string recorded_name = "www.example.com";

wire::ClientHello fresh(const ClientProfile& profile, const std::optional<std::string>& sni = recorded_name,
                        std::uint8_t first = 7) {
  const auto hello = hello_of(profile, sni, shares_of(profile), random_of(first));
  REQUIRE_MESSAGE(hello, hello.error().message());
  const auto again = wire::parse_client_hello(encode(*hello));
  REQUIRE_MESSAGE(again.value, profile.id);
  return *again.value;
}

wire::Codes without_grease(wire::Codes codes) {
  std::erase_if(codes, wire::is_grease);
  return codes;
}

wire::Codes sorted(wire::Codes codes) {
  std::ranges::sort(codes);
  return codes;
}

bool measured(const ClientProfile& profile) { return profile.status == ClientProfile::Status::measured; }

}  // namespace

TEST_CASE("what is sent has the JA4 of what was recorded, and its JA3 where the order is fixed") {
  std::size_t compared = 0;
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto was = recorded(profile), is = fresh(profile);
    CHECK(ja4(is, tls::sha256) == ja4(was, tls::sha256));
    if (!profile.permutes) CHECK(ja3_text(is) == ja3_text(was));
    compared += measured(profile);
  }
  CHECK(compared == 50);
  CHECK(client_profiles().size() == 68);
}

TEST_CASE("the lists of a profile are those of its hello") {
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto hello = recorded(profile);
    CHECK(without_grease(hello.cipher_suites) == profile.suites);
    CHECK(without_grease(hello.versions()) == profile.versions);
    CHECK(without_grease(hello.groups()) == profile.groups);
    CHECK(without_grease(hello.key_share_groups()) == profile.key_shares);
    CHECK(without_grease(hello.signature_schemes()) == profile.signature_schemes);
    CHECK(hello.alpn() == profile.alpn);
    CHECK_FALSE(profile.stack.empty());
    CHECK_FALSE(profile.platform.empty());
    CHECK(profile.date.size() == 10);
    CHECK((profile.record_version == 0x0301 || profile.record_version == 0x0303));
  }
}

TEST_CASE("with the recorded name a hello of fixed order has every extension's octets but those of one connection") {
  for (const ClientProfile& profile : client_profiles()) {
    if (profile.permutes || !measured(profile)) continue;
    CAPTURE(profile.id);
    const auto was = recorded(profile), is = fresh(profile);
    CHECK(encode(is).size() == profile.hello.size());
    REQUIRE(is.extensions.has_value() == was.extensions.has_value());
    if (!was.extensions) continue;
    REQUIRE(is.extensions->size() == was.extensions->size());
    for (std::size_t i = 0; i < was.extensions->size(); ++i) {
      const auto &then = (*was.extensions)[i], &now = (*is.extensions)[i];
      CHECK(now.type == then.type);
      CHECK(now.data.size() == then.data.size());
      if (then.type != wire::key_share && then.type != 0xfe0d) CHECK(now.data == then.data);
    }
  }
}

TEST_CASE("random and session id are the caller's, the session id as long as the client's") {
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto was = recorded(profile), is = fresh(profile);
    const Bytes random = random_of(7);
    CHECK(std::ranges::equal(is.random, View(random).first(32)));
    CHECK(std::ranges::equal(is.session_id, View(random).subspan(32, was.session_id.size())));
  }
}

TEST_CASE("our key shares are in it, for the client's groups in its order") {
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto hello = fresh(profile);
    CHECK(without_grease(hello.key_share_groups()) == profile.key_shares);
    if (profile.key_shares.empty()) continue;
    const Bytes& data = wire::find(hello.extensions, wire::key_share)->data;
    const Bytes ours(32, 0x5c);
    CHECK(std::ranges::search(data, ours).begin() != data.end());
  }
}

TEST_CASE("a share that is missing is named") {
  const auto chrome = client_profile("chrome-150");
  REQUIRE(chrome);
  const auto none = hello_of(**chrome, recorded_name, {std::make_shared<FakeShare>(0x001d), nullptr}, random_of(1));
  REQUIRE_FALSE(none);
  CHECK(none.error().what == "the hello of chrome-150 needs a key share of X25519MLKEM768");
  CHECK_FALSE(hello_of(**chrome, recorded_name, shares_of(**chrome), Bytes(63)));
  CHECK_FALSE(hello_of(ClientProfile{.id = "bare"}, {}, {}, random_of(1)));
}

TEST_CASE("the name goes where the client has one, and nowhere else") {
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const bool named = recorded(profile).has(wire::server_name);
    CHECK(named == (profile.id != "openssl-3.0-nosni"));
    CHECK(fresh(profile, "shop.test").sni() == (named ? std::optional<std::string>("shop.test") : std::nullopt));
    CHECK_FALSE(fresh(profile, std::nullopt).has(wire::server_name));
  }
}

TEST_CASE("GREASE is drawn: another for each connection, one for groups and key shares, no extension twice") {
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto was = recorded(profile);
    const bool greased = wire::is_grease(was.cipher_suites.front());
    std::set<std::uint16_t> seen;
    for (std::uint8_t first = 0; first < 16; ++first) {
      const auto hello = fresh(profile, recorded_name, first);
      CHECK(wire::is_grease(hello.cipher_suites.front()) == greased);
      if (!greased) continue;
      seen.insert(hello.cipher_suites.front());
      CHECK(wire::is_grease(hello.groups().front()));
      CHECK(hello.groups().front() == hello.key_share_groups().front());
      CHECK(wire::is_grease(hello.versions().front()));
      const auto types = sorted(hello.extension_types());
      CHECK(std::ranges::adjacent_find(types) == types.end());
      CHECK(wire::is_grease(hello.extension_types().front()));
    }
    if (greased) CHECK(seen.size() > 4);
  }
}

TEST_CASE("two GREASE extensions differ, whatever is drawn") {
  const auto safari = client_profile("safari-26.0");
  REQUIRE(safari);
  for (unsigned first = 0; first < 256; ++first) {
    CAPTURE(first);
    const auto types = sorted(fresh(**safari, recorded_name, static_cast<std::uint8_t>(first)).extension_types());
    CHECK(std::ranges::adjacent_find(types) == types.end());
  }
}

TEST_CASE("the order of extensions is drawn where the client does so; GREASE and padding keep their places") {
  std::size_t drawing = 0;
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto was = recorded(profile);
    const auto one = without_grease(fresh(profile, recorded_name, 1).extension_types());
    const auto other = without_grease(fresh(profile, recorded_name, 2).extension_types());
    CHECK(sorted(one) == sorted(without_grease(was.extension_types())));
    CHECK((one != other) == profile.permutes);
    drawing += profile.permutes;
    if (!was.has(wire::padding)) continue;
    CHECK(one.back() == wire::padding);
    CHECK(other.back() == wire::padding);
  }
  CHECK(drawing == 10);
}

TEST_CASE("ECH GREASE is fresh, with the client's own suite and lengths") {
  std::size_t drawn = 0;
  for (const ClientProfile& profile : client_profiles()) {
    CAPTURE(profile.id);
    const auto was = recorded(profile);
    const wire::Extension* then = wire::find(was.extensions, 0xfe0d);
    if (!then) continue;
    ++drawn;
    const auto hello = fresh(profile);
    const wire::Extension* now = wire::find(hello.extensions, 0xfe0d);
    REQUIRE(now);
    CHECK(now->data.size() == then->data.size());
    CHECK(now->data != then->data);
    CHECK(std::ranges::equal(View(now->data).first(5), View(then->data).first(5)));
    CHECK(std::ranges::count(now->data, 0) < 40);
  }
  CHECK(drawn == 14);
}

TEST_CASE("padding follows from the rest: up to 512 octets, none beyond, at least one") {
  const auto found = client_profile("curl-7.88");
  REQUIRE(found);
  const ClientProfile& curl = **found;
  REQUIRE(recorded(curl).has(wire::padding));
  for (std::size_t length = 1; length < 250; ++length) {
    CAPTURE(length);
    const auto hello = fresh(curl, std::string(length, 'a'));
    const std::size_t whole = encode(hello).size();
    const wire::Extension* padding = wire::find(hello.extensions, wire::padding);
    if (!padding) {
      CHECK(whole >= 512);
      continue;
    }
    CHECK(hello.extension_types().back() == wire::padding);
    CHECK_FALSE(padding->data.empty());
    CHECK((whole == 512 || (whole < 517 && padding->data.size() == 1)));
  }
}

TEST_CASE("documented clients have the extensions that their sources name") {
  for (const ClientProfile& profile : client_profiles()) {
    if (measured(profile)) continue;
    CAPTURE(profile.id);
    const auto hello = recorded(profile);
    const bool firefox = profile.stack == "NSS";
    CHECK(hello.has(28) == firefox);  // record_size_limit
    CHECK(hello.has(34) == firefox);  // delegated_credential
    CHECK(hello.compression_methods == Bytes{0});
    CHECK(hello.point_formats() == Bytes{0});
    CHECK((hello.has(17513) || hello.has(17613)) ==
          (profile.family == "chrome" || profile.family == "edge" || profile.family == "chrome-android"));
  }
}

TEST_CASE("a client's offer is that of its hello, and its own lowest version") {
  const auto tls12 = client_profile("openssl-3.0-tls12");
  REQUIRE(tls12);
  const auto client = known_client(**tls12, "shop.test");
  REQUIRE(client);
  CHECK(client->offer.versions == wire::Codes{wire::tls1_2, wire::tls1_1, wire::tls1_0});
  CHECK(client->offer.min_version == wire::tls1_2);
  CHECK(client->offer.sni == "shop.test");
  CHECK(client->name == (*tls12)->name);
  const auto all = known_clients(std::nullopt);
  REQUIRE(all);
  CHECK(all->size() == client_profiles().size());
  for (const auto& one : *all) CHECK_FALSE(one.offer.sni);
}

TEST_CASE("a real stack answers every one of them with a ServerHello") {
  const auto mint = certs::Mint::create(std::chrono::system_clock::now());
  REQUIRE(mint);
  tls::ServerSettings settings;
  settings.min_version = wire::tls1_0;
  settings.groups = {0x001d};  // any 32 octets are a share of x25519
  for (const auto key : {policy::Key::ecdsa_p256, policy::Key::rsa}) {
    auto made = (*mint)->make({.name = std::string(name(key)), .key = key, .names = {"shop.test"}});
    REQUIRE_MESSAGE(made, made.error().message());
    settings.certificates.push_back(std::move(*made));
  }
  const auto context = tls::openssl().server(settings);
  REQUIRE_MESSAGE(context, context.error().message());
  for (const ClientProfile& profile : client_profiles()) {
    if (profile.id == "wolfssl-5.5") continue;  // its only share is of P-256, and ours here is none
    CAPTURE(profile.id);
    const auto engine = (*context)->accept();
    REQUIRE(engine);
    Bytes answer;
    (*engine)->step(wire::in_records(wire::handshake, profile.record_version, encode(fresh(profile, "shop.test"))),
                    answer);
    const auto hello = (*engine)->handshake().transcript.server_hello();
    CHECK((*engine)->phase() == tls::Phase::handshaking);
    REQUIRE(hello);
    CHECK_FALSE(hello->is_hello_retry_request());
    CHECK(hello->version() == std::ranges::max(profile.versions));
  }
}

TEST_CASE("what is foretold of each client is what its real hello gets") {
  policy::Policy server = policy::web_server();
  server.groups.insert(server.groups.begin(), 0x11ec);
  policy::Probed probed;
  probed.survey = policy::surveyed_by(server, {.sni = "a.test", .names = {}, .sweep = false});
  for (const auto& one : probed.survey.presented) {
    policy::ChainFacts facts;
    facts.certificates.emplace_back();
    for (const auto& leaf : server.leaves)
      if (leaf.der == one.chain.front())
        facts.certificates.back().key = leaf.key, facts.certificates.back().bits = leaf.bits;
    probed.chains.push_back(facts);
  }
  const auto clients = known_clients("a.test");
  REQUIRE(clients);
  auto answers = policy::foretell_clients(*clients, probed);
  REQUIRE(answers.size() == client_profiles().size());
  std::size_t served = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CAPTURE(answers[i].id);
    REQUIRE(answers[i].foretold);
    const auto got = policy::negotiate(policy::offer_of(fresh(client_profiles()[i], "a.test")), server);
    policy::Answer seen;
    if (const auto* agreed = std::get_if<policy::Agreement>(&got)) {
      ++served;
      seen = {.kind = policy::Answer::Kind::accepted, .version = agreed->version, .suite = agreed->suite};
      seen.group = agreed->group;
    } else {
      seen = {.kind = policy::Answer::Kind::refused, .alert = std::get<policy::Refusal>(got).alert};
    }
    answers[i].seen = seen;
    CHECK(policy::verified(answers[i]) == policy::Verified::equal);
  }
  CHECK(served == answers.size() - 2);  // all but OpenSSL kept to TLS 1.0 and 1.1
  const auto groups = policy::groups_of(answers);
  CHECK(policy::names_of(answers, groups.front()).starts_with("Chrome 150 (macOS), 142, 136; "));
}

}  // namespace bothends::run::test
