// Policies to grade against: the shipped ones are whole and found by every name, files of one's own are read with care.
#include "run/policies.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "policy/suite.hpp"

namespace bothends::run::test {

namespace {

using policy::GradePolicy;
using Leg = GradePolicy::Leg;
using Status = GradePolicy::Status;

GradePolicy shipped(const std::string& name) {
  const auto found = grade_policy(name);
  REQUIRE_MESSAGE(found, found.error().message());
  return *found;
}

std::string error_of(std::string_view text) {
  const auto read = read_policy(text, "own.toml");
  return read ? "read" : read.error().message();
}

bool exists_in(std::uint16_t suite, const wire::Codes& versions) {
  return std::ranges::any_of(versions, [&](auto version) { return fits(policy::suite_of(suite), version); });
}

}  // namespace

TEST_CASE("every shipped policy is whole") {
  const auto all = grade_policies();
  REQUIRE_MESSAGE(all, all.error().message());
  CHECK(all->size() == 86);
  for (const GradePolicy& one : *all) {
    CAPTURE(one.id);
    CHECK_FALSE(one.vendor.empty());
    CHECK_FALSE(one.sources.empty());
    for (const auto& source : one.sources) CHECK(source.url.starts_with("https://"));
    CHECK(one.status != Status::own);
    CHECK_FALSE(one.allows_less);
    if (one.complete) CHECK_FALSE(one.versions.empty());
    if (one.complete) CHECK_FALSE(one.suites.empty());
    if (!one.versions.empty())
      for (const std::uint16_t suite : one.suites) CHECK(exists_in(suite, one.versions));
    CHECK(shipped(one.id).id == one.id);
  }
}

TEST_CASE("every name leads to one policy") {
  auto names = grade_policy_names();
  for (std::string& name : names)
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(names.size() > 110);
}

TEST_CASE("by id or alias, ignoring case") {
  const GradePolicy elb = shipped("tls13-1-2-2021-06");
  CHECK(elb.id == "ELBSecurityPolicy-TLS13-1-2-2021-06");
  CHECK(elb.leg == Leg::client);
  CHECK(elb.status == Status::uncertain);
  CHECK(elb.versions == wire::Codes{wire::tls1_3, wire::tls1_2});
  CHECK(elb.suites.size() == 11);
  CHECK(elb.suites.front() == 0x1301);
  CHECK(elb.server_preference == true);
  CHECK(elb.alias.empty());
  CHECK(shipped("ELBSECURITYPOLICY-2016-08").groups == wire::Codes{0x0017, 0x0018});
  CHECK(shipped("modern").id == "mozilla-modern-6.0");
  CHECK(shipped("front-door").leg == Leg::both);
  CHECK(shipped("CloudFront-Upstream").leg == Leg::origin);
  CHECK_FALSE(shipped("gcp-COMPATIBLE").complete);
  CHECK(shipped("gcp-COMPATIBLE").suites.size() == 5);
}

TEST_CASE("a viewer name of CloudFront is taken for a policy, which stays uncertain") {
  const GradePolicy viewer = shipped("tlsv1.2_2021");
  CHECK(viewer.id == "CloudFront-TLS-1-2-2021-no-sha1");
  CHECK(viewer.alias == "tlsv1.2_2021");
  CHECK(viewer.schemes.size() == 14);
  CHECK(std::ranges::find(viewer.schemes, 0x0201) == viewer.schemes.end());
}

TEST_CASE("lists that an earlier policy has said") {
  CHECK(shipped("CloudFront-Upstream-TLS-1-2").suites == shipped("CloudFront-Upstream").suites);
  CHECK(shipped("CloudFront-Upstream-TLS-1-2").versions == wire::Codes{wire::tls1_2});
}

TEST_CASE("what Mozilla says of certificates") {
  const GradePolicy intermediate = shipped("mozilla-intermediate");
  CHECK(intermediate.keys == std::vector{policy::Key::ecdsa_p256, policy::Key::ecdsa_p384, policy::Key::rsa});
  CHECK(intermediate.rsa_bits == 2048);
  CHECK(intermediate.dh_bits == 2048);
  CHECK(intermediate.days == 366);
  CHECK(intermediate.groups.front() == 0x11ec);
  CHECK(shipped("modern").days == 90);
  CHECK(shipped("old").server_preference == true);
}

TEST_CASE("an unknown name") {
  CHECK(grade_policy("TLS13-1-2-2021-60").error().what ==
        "there is no policy \"TLS13-1-2-2021-60\"; did you mean \"TLS13-1-2-2021-06\"?");
  CHECK(grade_policy("zebra").error().what ==
        "there is no policy \"zebra\"; it is a name from docs/policies.md or a TOML file of your own");
  CHECK(grade_policy("\x1b[2J").error().what.find('\x1b') == std::string::npos);
  CHECK(grade_policy("not-here.toml").error().code == ErrorCode::file);
  CHECK(grade_policy("/").error().code == ErrorCode::file);
}

TEST_CASE("a policy of one's own") {
  const auto own = read_policy(R"(
note = "what we agreed on"
versions = ["TLSv1.2", "TLSv1.3"]
suites = ["TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "0xcca8", "TLS_AES_128_GCM_SHA256"]
groups = ["X25519MLKEM768", "P-256"]
signature_schemes = ["rsa_pss_rsae_sha256"]
server_preference = false
allows_less = true
dh_bits = 2048
certificate = { keys = ["rsa", "ecdsa-p256"], rsa_bits = 3072, days = 200 }
)",
                               "folder/edge.toml");
  REQUIRE_MESSAGE(own, own.error().message());
  CHECK(own->id == "edge");
  CHECK(own->status == Status::own);
  CHECK(own->leg == Leg::server);
  CHECK(own->versions == wire::Codes{wire::tls1_3, wire::tls1_2});
  CHECK(own->suites == wire::Codes{0x1301, 0xc02f, 0xcca8});
  CHECK(own->groups == wire::Codes{0x11ec, 0x0017});
  CHECK(own->schemes == wire::Codes{0x0804});
  CHECK(own->server_preference == false);
  CHECK(own->allows_less);
  CHECK(own->complete);
  CHECK(own->dh_bits == 2048);
  CHECK(own->keys == std::vector{policy::Key::rsa, policy::Key::ecdsa_p256});
  CHECK(own->rsa_bits == 3072);
  CHECK(own->days == 200);
}

TEST_CASE("mistakes have their place") {
  CHECK(error_of("suits = [\"0x1301\"]") == "own.toml:1:1: there is no key suits; did you mean \"suites\"?");
  CHECK(error_of("suites = [\"TLS_AES_128_GCM_SHA265\"]") ==
        "own.toml:1:11: suites: there is no cipher suite \"TLS_AES_128_GCM_SHA265\"; did you mean "
        "\"TLS_AES_128_GCM_SHA256\"?");
  CHECK(error_of("versions = [\"TLSv1.2\"]\n[certificate]\nkey = [\"rsa\"]") ==
        "own.toml:3:1: there is no key certificate.key; did you mean \"keys\"?");
  CHECK(error_of("certificate = { keys = [\"rsa\", \"dsa\"] }")
            .starts_with("own.toml:1:32: certificate.keys: there is no kind of key \"dsa\""));
  CHECK(error_of("versions = [\"DTLSv1.2\"]").starts_with("own.toml:1:12: versions are from SSLv3 to TLSv1.3"));
  CHECK(error_of("dh_bits = \"2048\"").starts_with("own.toml:1:11: dh_bits is a text"));
  CHECK(error_of("note = \"nothing\"").find("demands nothing") != std::string::npos);
  CHECK(error_of("leg = \"client\"").find("there is no key leg") != std::string::npos);
  CHECK(error_of("suites = [").starts_with("own.toml:1:"));
  CHECK(error_of("").starts_with("own.toml:"));
}

TEST_CASE("the example of docs/policies.md is read, with every key that there is") {
  std::ifstream in(POLICIES_PAGE);
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string mark = "```toml\n";
  const auto begin = page.find(mark);
  REQUIRE(begin != std::string::npos);
  const auto end = page.find("```", begin + mark.size());
  const auto example = page.substr(begin + mark.size(), end - begin - mark.size());
  const auto read = read_policy(example, "edge.toml");
  REQUIRE_MESSAGE(read, read.error().message());
  CHECK(read->id == "our-edge");
  CHECK_FALSE(read->note.empty());
  CHECK(read->versions.size() == 2);
  CHECK(read->suites.size() == 5);
  CHECK(read->groups.size() == 3);
  CHECK(read->schemes.size() == 3);
  CHECK(read->server_preference == true);
  CHECK(read->allows_less);
  CHECK(read->dh_bits == 2048);
  CHECK(read->keys.size() == 2);
  CHECK(read->rsa_bits == 2048);
  CHECK(read->days == 100);
  // The mistake that the page shows, where the page says.
  auto wrong = example;
  wrong.replace(wrong.find("128_GCM_SHA256"), 14, "128_GCM_SHA265");
  const auto refused = read_policy(wrong, "edge.toml");
  REQUIRE_FALSE(refused);
  const auto told = refused.error().message();
  CHECK_MESSAGE(page.find("    " + told.substr(0, told.find(':')) + ":5:3: " + told.substr(told.find("suites"))) !=
                    std::string::npos,
                told);
}

TEST_CASE("hostile files end in one sentence") {
  CHECK(error_of("a = " + std::string(100, '[')).starts_with("own.toml:1:"));
  CHECK(error_of(std::string(2 << 20, '#')).starts_with("own.toml"));
  CHECK(error_of("versions = [\"\x1b[2J\"]").find('\x1b') == std::string::npos);
  CHECK(error_of("\"\\u001b[2J\" = 1").find('\x1b') == std::string::npos);
}

TEST_CASE("a file is found by its path, and a shipped name wins over a file of that name") {
  const auto folder = std::filesystem::temp_directory_path() / "bothends-policies-test";
  std::filesystem::create_directories(folder);
  const auto file = folder / "mine.toml";
  std::ofstream(file) << "versions = [\"TLSv1.3\"]\n";
  const auto own = grade_policy(file.string());
  REQUIRE_MESSAGE(own, own.error().message());
  CHECK(own->id == "mine");
  CHECK(own->versions == wire::Codes{wire::tls1_3});
  std::filesystem::remove_all(folder);
}

}  // namespace bothends::run::test
