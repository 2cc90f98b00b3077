#include "certs/mint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "certs/issue.hpp"
#include "certs/names.hpp"

namespace bothends::certs {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr hours day{24};
constexpr hours usual_life = 90 * day;
constexpr seconds longest_reach = 100 * 365 * day;  // either way from now: stays far from where ASN.1 times end
constexpr unsigned smallest_rsa = 1024;
constexpr unsigned largest_rsa = 8192;

struct Validity {
  seconds from;
  seconds until;
};

Validity usual_validity(Kind kind) {
  switch (kind) {
    case Kind::expired:
      return {-93 * day, -3 * day};
    case Kind::not_yet_valid:
      return {3 * day, 93 * day};
    case Kind::expired_intermediate:
      return {-30 * day, 60 * day};  // issued while its issuer was still good
    default:
      return {-1 * day, -1 * day + usual_life + day};
  }
}

Result<Validity> validity_of(const Recipe& recipe) {
  Validity validity = usual_validity(recipe.kind);
  for (const auto& given : {recipe.from, recipe.until}) {
    if (!given || (*given <= longest_reach && *given >= -longest_reach)) continue;
    return fail(ErrorCode::value, "a certificate begins and ends within 100 years from now");
  }
  if (recipe.from) validity.from = *recipe.from;
  if (recipe.until) validity.until = *recipe.until;
  if (validity.until <= validity.from && !recipe.until) validity.until = validity.from + usual_life;
  if (validity.until <= validity.from && !recipe.from) validity.from = validity.until - usual_life;
  if (validity.until <= validity.from) return fail(ErrorCode::value, "the certificate ends before it begins");
  if (recipe.kind == Kind::expired && validity.until >= seconds(0)) {
    return fail(ErrorCode::value, "an expired certificate ends in the past: give a negative \"until\"");
  }
  if (recipe.kind == Kind::not_yet_valid && validity.from <= seconds(0)) {
    return fail(ErrorCode::value, "a certificate that is not valid yet begins in the future: give a positive \"from\"");
  }
  return validity;
}

struct KeyWish {
  policy::Key kind;
  unsigned bits;
};

Result<KeyWish> key_wish_of(const Recipe& recipe) {
  KeyWish wish{recipe.key, recipe.bits};
  if (recipe.kind == Kind::rsa_1024) {
    if (wish.bits != 0 && wish.bits != 1024) return fail(ErrorCode::value, "the key of \"rsa-1024\" has 1024 bits");
    return KeyWish{policy::Key::rsa, 1024};
  }
  if (wish.kind == policy::Key::other) return fail(ErrorCode::value, "no key can be made of the kind \"other\"");
  if (!is_rsa(wish.kind)) {
    if (wish.bits != 0) return fail(ErrorCode::value, "\"bits\" is for RSA keys: the others have one size only");
    return wish;
  }
  if (wish.bits == 0) wish.bits = 2048;
  if (wish.bits < smallest_rsa || wish.bits > largest_rsa) {
    auto what = fmt::format("an RSA key has {} to {} bits here, not {}", smallest_rsa, largest_rsa, wish.bits);
    return fail(ErrorCode::value, std::move(what));
  }
  return wish;
}

bool named_by_subject_only(Kind kind) { return kind == Kind::cn_only || kind == Kind::client; }

Result<void> check_names_of(const Recipe& recipe) {
  if (recipe.names.empty()) return fail(ErrorCode::value, "it has no names: add names = [\"shop.test\"]");
  if (recipe.kind != Kind::client) {
    if (auto good = check_names(recipe.names); !good) return good;
  }
  return named_by_subject_only(recipe.kind) ? check_common_names(recipe.names) : Result<void>();
}

/// Every error of a recipe says which certificate it is about.
Error about(const Recipe& recipe, Error error) {
  error.what = fmt::format("certificate \"{}\": {}", printable(recipe.name, 80), error.what);
  return error;
}

/// A common name beside the subjectAltName is what public authorities still write, if it fits.
std::vector<std::string> common_names_of(Kind kind, const std::vector<std::string>& names) {
  if (named_by_subject_only(kind)) return names;
  return check_common_names(std::span(names).first(1)) ? std::vector{names.front()} : std::vector<std::string>();
}

/// OpenSSL takes 100 KiB of a chain unless told otherwise, Go 64 KiB.
std::vector<Bytes> padded(std::vector<Bytes> chain, const Bytes& filler) {
  constexpr std::size_t wanted = 110 * 1024;
  for (std::size_t size = 0; size < wanted; size += filler.size()) chain.push_back(filler);
  return chain;
}

Draft authority_draft(std::string organization, std::string name, Purpose purpose) {
  Draft draft;
  draft.organization = std::move(organization);
  draft.common_names = {std::move(name)};
  draft.purpose = purpose;
  return draft;
}

}  // namespace

const std::vector<std::string>& kind_names() {
  static const std::vector<std::string> names = {
      "good",        "expired",      "not-yet-valid",        "wrong-name", "no-intermediate",  "wrong-order",
      "self-signed", "unknown-ca",   "expired-intermediate", "cn-only",    "client-auth-only", "rsa-1024",
      "sha1",        "broken-chain", "oversize-chain",       "client"};
  return names;
}

std::optional<Kind> kind_of(std::string_view name) {
  const auto& names = kind_names();
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Kind>(found - names.begin());
}

std::string_view name(Kind kind) { return kind_names()[static_cast<std::size_t>(kind)]; }

struct Mint::State {
  std::chrono::system_clock::time_point now;
  KeyCache keys{KeyCache::default_folder()};
  Issued root, intermediate;
  Issued expired_intermediate;  // a name and key of its own: no other path leads around it
  Issued other_intermediate;    // under the good root, and never issued anything
  Issued unknown_root, unknown_intermediate;
  std::vector<std::pair<Recipe, tls::Credential>> made;

  Result<void> establish();
  Result<void> establish(Issued& authority, Draft draft, Validity validity, const Issued* issuer);
  KeyPtr key_for(const KeyWish& wish);
  const Issued* issuer_for(Kind kind) const;
  std::vector<Bytes> chain_for(Kind kind, const Bytes& leaf) const;
  Result<tls::Credential> make(const Recipe& recipe);
};

Result<void> Mint::State::establish(Issued& authority, Draft draft, Validity validity, const Issued* issuer) {
  draft.from = now + validity.from;
  draft.until = now + validity.until;
  auto issued = issue(draft, make_key(policy::Key::ecdsa_p256, 0), issuer);
  if (!issued) return tl::unexpected(issued.error());
  authority = std::move(*issued);
  return {};
}

Result<void> Mint::State::establish() {
  constexpr Validity of_root{-5 * 365 * day, 15 * 365 * day};
  constexpr Validity of_intermediate{-365 * day, 4 * 365 * day};
  constexpr Validity ended{-3 * 365 * day, -2 * day};
  const std::string ours = "Bothends Test", theirs = "Unheard-of Test";
  struct Step {
    Issued& authority;
    Draft draft;
    Validity validity;
    const Issued* issuer;
  };
  const Step steps[] = {
      {root, authority_draft(ours, "Bothends Test Root", Purpose::root), of_root, nullptr},
      {intermediate, authority_draft(ours, "Bothends Test Intermediate 2", Purpose::intermediate), of_intermediate,
       &root},
      {expired_intermediate, authority_draft(ours, "Bothends Test Intermediate 1", Purpose::intermediate), ended,
       &root},
      {other_intermediate, authority_draft(ours, "Bothends Test Intermediate 3", Purpose::intermediate),
       of_intermediate, &root},
      {unknown_root, authority_draft(theirs, "Unheard-of Test Root", Purpose::root), of_root, nullptr},
      {unknown_intermediate, authority_draft(theirs, "Unheard-of Test Intermediate", Purpose::intermediate),
       of_intermediate, &unknown_root},
  };
  for (const auto& step : steps) {
    if (auto good = establish(step.authority, step.draft, step.validity, step.issuer); !good) return good;
  }
  return {};
}

/// Elliptic keys take less time to make than to read, and then no authority's key ever lies on a disk.
KeyPtr Mint::State::key_for(const KeyWish& wish) {
  return is_rsa(wish.kind) ? keys.next(wish.kind, wish.bits) : make_key(wish.kind, wish.bits);
}

const Issued* Mint::State::issuer_for(Kind kind) const {
  switch (kind) {
    case Kind::self_signed:
      return nullptr;
    case Kind::unknown_ca:
      return &unknown_intermediate;
    case Kind::expired_intermediate:
      return &expired_intermediate;
    default:
      return &intermediate;
  }
}

std::vector<Bytes> Mint::State::chain_for(Kind kind, const Bytes& leaf) const {
  switch (kind) {
    case Kind::self_signed:
    case Kind::no_intermediate:
      return {leaf};
    // The leaf stays first, or servers refuse it because the key does not fit; the rest breaks RFC 5246 section 7.4.2.
    case Kind::wrong_order:
      return {leaf, root.der, intermediate.der};
    case Kind::broken_chain:
      return {leaf, other_intermediate.der};
    case Kind::oversize_chain:
      return padded({leaf, intermediate.der}, other_intermediate.der);
    default:
      return {leaf, issuer_for(kind)->der};
  }
}

Result<tls::Credential> Mint::State::make(const Recipe& recipe) {
  auto validity = validity_of(recipe);
  auto wish = key_wish_of(recipe);
  if (!validity) return tl::unexpected(validity.error());
  if (!wish) return tl::unexpected(wish.error());
  if (auto good = check_names_of(recipe); !good) return tl::unexpected(good.error());
  std::vector<std::string> names = recipe.names;
  if (recipe.kind == Kind::wrong_name) names = {name_beside(recipe.names)};

  Draft draft;
  draft.common_names = common_names_of(recipe.kind, names);
  if (!named_by_subject_only(recipe.kind)) draft.names = names;
  bool for_clients = recipe.kind == Kind::client || recipe.kind == Kind::client_auth_only;
  draft.purpose = for_clients ? Purpose::client : Purpose::server;
  draft.from = now + validity->from;
  draft.until = now + validity->until;
  draft.sha1 = recipe.kind == Kind::sha1;
  auto leaf = issue(draft, key_for(*wish), issuer_for(recipe.kind));
  if (!leaf) return tl::unexpected(leaf.error());
  auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(leaf->key.get()));
  return tls::Credential{recipe.name, chain_for(recipe.kind, leaf->der), pkcs8(leaf->key.get()), names, wish->kind,
                         bits};
}

Result<std::unique_ptr<Mint>> Mint::create(std::chrono::system_clock::time_point now) {
  auto state = std::make_unique<State>();
  state->now = now;
  if (auto good = state->establish(); !good) return tl::unexpected(good.error());
  return std::unique_ptr<Mint>(new Mint(std::move(state)));
}

Mint::Mint(std::unique_ptr<State> state) : state_(std::move(state)) {}
Mint::~Mint() = default;

Result<tls::Credential> Mint::make(const Recipe& recipe) {
  for (const auto& [known, credential] : state_->made) {
    if (known == recipe) return credential;
  }
  auto credential = state_->make(recipe);
  if (!credential) return tl::unexpected(about(recipe, credential.error()));
  state_->made.emplace_back(recipe, *credential);
  return credential;
}

const Bytes& Mint::root() const { return state_->root.der; }
const Bytes& Mint::unknown_root() const { return state_->unknown_root.der; }
const Bytes& Mint::intermediate() const { return state_->intermediate.der; }

std::vector<Bytes> Mint::authorities() const {
  return {state_->root.der,
          state_->intermediate.der,
          state_->expired_intermediate.der,
          state_->other_intermediate.der,
          state_->unknown_root.der,
          state_->unknown_intermediate.der};
}

}  // namespace bothends::certs
