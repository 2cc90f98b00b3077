// The cast through our own examination of chains: each has the problem that it is named for, and no other.
#include "tls/examine.hpp"

#include <doctest/doctest.h>

#include "cache.hpp"
#include "certs/mint.hpp"

using namespace bothends;
using namespace bothends::certs;
using policy::Defect;

namespace {

struct Examination {
  FreshCache cache;
  std::unique_ptr<Mint> mint = std::move(*Mint::create(std::chrono::system_clock::now()));

  std::vector<Defect> defects(Kind kind, policy::Key key = policy::Key::ecdsa_p256) {
    auto made = mint->make({.name = "c", .kind = kind, .key = key, .names = {"shop.test"}});
    REQUIRE(made.has_value());
    tls::ExamineSettings settings{.trust = {mint->root()}, .known = mint->authorities(), .name = "shop.test"};
    if (kind == Kind::client) settings.name.clear();
    if (kind == Kind::client) settings.server = false;
    std::vector<Defect> found;
    for (const auto& problem : tls::examine(made->chain, settings).problems) found.push_back(problem.defect);
    return found;
  }
};

using Defects = std::vector<Defect>;

std::string text(const Defects& defects) {
  std::string all;
  for (auto defect : defects) all += std::string(policy::name(defect)) + " ";
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(Examination, "each of the cast has the problem it is named for and no other") {
  const std::pair<Kind, Defects> cast[] = {
      {Kind::good, {}},
      {Kind::client, {}},
      {Kind::wrong_order, {}},
      {Kind::expired, {Defect::expired}},
      {Kind::not_yet_valid, {Defect::not_yet_valid}},
      {Kind::wrong_name, {Defect::wrong_name}},
      {Kind::no_intermediate, {Defect::incomplete}},
      {Kind::broken_chain, {Defect::incomplete}},
      {Kind::oversize_chain, {}},
      {Kind::self_signed, {Defect::self_signed}},
      {Kind::unknown_ca, {Defect::unknown_issuer}},
      {Kind::expired_intermediate, {Defect::issuer_expired}},
      {Kind::cn_only, {Defect::no_subject_alt_name}},
      {Kind::client_auth_only, {Defect::wrong_purpose}},
      {Kind::rsa_1024, {Defect::weak_key}},
      {Kind::sha1, {Defect::weak_signature}},
  };
  CHECK(std::size(cast) == kind_names().size());
  for (const auto& [kind, wanted] : cast) {
    CAPTURE(name(kind));
    CHECK(text(defects(kind)) == text(wanted));
  }
}

TEST_CASE_FIXTURE(Examination, "keys of every kind are as good") {
  using policy::Key;
  for (auto key : {Key::rsa, Key::rsa_pss, Key::ecdsa_p384, Key::ecdsa_p521, Key::ed25519, Key::ed448}) {
    CAPTURE(policy::name(key));
    CHECK(text(defects(Kind::good, key)) == "");
  }
}
