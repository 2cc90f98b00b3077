// What a recipe may say.
#include "certs/mint.hpp"

#include <doctest/doctest.h>
#include <openssl/x509.h>

#include <algorithm>
#include <set>
#include <thread>

#include "cache.hpp"
#include "certs/issue.hpp"

using namespace bothends;
using namespace bothends::certs;
using std::chrono::hours;

namespace {

const auto now = std::chrono::system_clock::now();

struct Workshop {
  FreshCache cache;
  std::unique_ptr<Mint> mint = std::move(*Mint::create(now));

  std::string refused(const Recipe& recipe) {
    auto made = mint->make(recipe);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == ErrorCode::value);
    CHECK(made.error().what.find("\"" + recipe.name + "\"") != std::string::npos);
    return made.error().what;
  }
  std::string refused_name(const std::string& name, Kind kind = Kind::good) {
    return refused({.name = "c", .kind = kind, .names = {"fine.test", name}});
  }
  bool allowed_name(const std::string& name, Kind kind = Kind::good) {
    return mint->make({.name = "c", .kind = kind, .names = {name}}).has_value();
  }
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Seconds from now to when a certificate begins and ends.
std::pair<long, long> validity(const Bytes& der) {
  const unsigned char* at = der.data();
  CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> today(
      ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(now)), ASN1_TIME_free);
  auto distance = [&](const ASN1_TIME* when) {
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, today.get(), when);
    return days * 86400L + seconds;
  };
  return {distance(X509_get0_notBefore(certificate.get())), distance(X509_get0_notAfter(certificate.get()))};
}

}  // namespace

TEST_CASE_FIXTURE(Workshop, "an authority says so in DER, which Go insists on") {
  const Bytes is_authority{0x30, 0x03, 0x01, 0x01, 0xff};  // BasicConstraints with cA TRUE, X.690 section 11.1
  CHECK_FALSE(std::ranges::search(mint->root(), is_authority).empty());
}

TEST_CASE_FIXTURE(Workshop, "the same recipe gives the same credential, another one another") {
  Recipe recipe{.name = "a", .key = policy::Key::rsa, .names = {"shop.test"}};
  auto first = *mint->make(recipe);
  auto again = *mint->make(recipe);
  CHECK(first.chain == again.chain);
  CHECK(first.key == again.key);
  recipe.name = "b";
  auto other = *mint->make(recipe);
  CHECK(other.name == "b");
  CHECK(other.key != first.key);
  CHECK(other.chain[0] != first.chain[0]);
}

TEST_CASE_FIXTURE(Workshop, "another Mint is another authority") {
  auto other = std::move(*Mint::create(now));
  CHECK(other->root() != mint->root());
  auto all = mint->authorities();
  std::set<std::string> different;
  for (const auto& one : all) different.insert(to_hex(one));
  CHECK(different.size() == all.size());
  for (const auto& one : {mint->root(), mint->unknown_root(), mint->intermediate()}) {
    CHECK(std::count(all.begin(), all.end(), one) == 1);
  }
}

TEST_CASE_FIXTURE(Workshop, "names that no certificate can carry are named") {
  CHECK(says(refused({.name = "c"}), "no names"));
  CHECK(says(refused_name("-a.test"), "\"-a.test\""));
  for (auto name :
       {"", ".", "a..test", "a b.test", "shop.test.", "*", "a.*.test", "w*.a.test", "*.*.test", "300.1.1.1", "1.2.3",
        "127.0.0.1:443", "[::1]", "fe80::1%lo", "https://shop.test", "caf\xc3\xa9.test", "a-.test"}) {
    CAPTURE(name);
    CHECK(says(refused_name(name), "neither a DNS name nor an address"));
  }
  CHECK(says(refused_name(std::string("a\0.test", 7)), "neither"));
  CHECK(says(refused_name(std::string(64, 'a') + ".test"), "63"));
  std::string label = "." + std::string(63, 'a');
  CHECK(says(refused_name("b" + label + label + label + label), "253"));
  CHECK(says(refused_name("a\x1b[31m.test"), "\\x1b"));
  CHECK(says(refused_name(std::string(60, 'a') + ".test", Kind::cn_only), "common name"));
  CHECK(says(refused_name(std::string(65, 'a'), Kind::client), "common name"));
  CHECK(says(refused_name("a\n", Kind::client), "common name"));
}

TEST_CASE_FIXTURE(Workshop, "names that may be unusual and are fine") {
  for (auto name : {"localhost", "*.shop.test", "*.test", "_dmarc.shop.test", "xn--caf-dma.test", "A.Test", "1.a",
                    "0.0.0.0", "2001:db8::1", "::ffff:1.2.3.4"}) {
    CAPTURE(name);
    CHECK(allowed_name(name));
  }
  CHECK(allowed_name("Jos\xc3\xa9 with spaces", Kind::client));
}

TEST_CASE_FIXTURE(Workshop, "a recipe may choose when a certificate begins and ends") {
  auto life = [&](Kind kind, std::optional<hours> from, std::optional<hours> until) {
    Recipe recipe{.name = "c", .kind = kind, .names = {"shop.test"}};
    if (from) recipe.from = *from;
    if (until) recipe.until = *until;
    auto made = mint->make(recipe);
    REQUIRE(made.has_value());
    auto [begins, ends] = validity(made->chain[0]);
    return std::pair(begins / 3600, ends / 3600);
  };
  using Life = std::pair<long, long>;
  CHECK(life(Kind::good, {}, {}) == Life(-24, 90 * 24));
  CHECK(life(Kind::good, hours(-5), hours(7)) == Life(-5, 7));
  CHECK(life(Kind::good, {}, hours(-48)) == Life(-92 * 24, -48));
  CHECK(life(Kind::good, hours(24 * 100), {}) == Life(2400, 190 * 24));
  CHECK(life(Kind::expired, {}, hours(-1)) == Life(-93 * 24, -1));
  CHECK(life(Kind::good, {}, hours(24 * 365 * 60)).second == 24 * 365 * 60);  // beyond 2050: GeneralizedTime
}

TEST_CASE_FIXTURE(Workshop, "a recipe that contradicts itself is refused") {
  Recipe recipe{.name = "c", .names = {"shop.test"}, .from = hours(2), .until = hours(1)};
  CHECK(says(refused(recipe), "ends before it begins"));
  CHECK(says(refused({.name = "c", .kind = Kind::expired, .names = {"a.test"}, .until = hours(1)}), "in the past"));
  CHECK(says(refused({.name = "c", .kind = Kind::not_yet_valid, .names = {"a.test"}, .from = hours(-1)}),
             "in the future"));
  auto far = std::chrono::seconds::max();
  CHECK(says(refused({.name = "c", .names = {"a.test"}, .until = far}), "100 years"));
  CHECK(says(refused({.name = "c", .names = {"a.test"}, .from = std::chrono::seconds::min()}), "100 years"));
  CHECK(says(refused({.name = "c", .bits = 2048, .names = {"a.test"}}), "RSA"));
  CHECK(says(refused({.name = "c", .kind = Kind::rsa_1024, .bits = 2048, .names = {"a.test"}}), "1024"));
  CHECK(says(refused({.name = "c", .key = policy::Key::rsa, .bits = 100000, .names = {"a.test"}}), "100000"));
  CHECK(says(refused({.name = "c", .key = policy::Key::other, .names = {"a.test"}}), "other"));
}

TEST_CASE_FIXTURE(Workshop, "Mints in several threads share a cache") {
  std::vector<std::optional<tls::Credential>> made(4);
  std::vector<std::thread> threads;
  for (auto& credential : made) {
    threads.emplace_back([&credential] {
      auto own = Mint::create(now);
      if (!own) return;
      auto one = (*own)->make({.name = "c", .kind = Kind::rsa_1024, .names = {"shop.test"}});
      if (one) credential = *one;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& credential : made) CHECK(credential.has_value());
  auto later = *mint->make({.name = "c", .kind = Kind::rsa_1024, .names = {"shop.test"}});
  CHECK(std::any_of(made.begin(), made.end(), [&](const auto& one) { return one && one->key == later.key; }));
}
