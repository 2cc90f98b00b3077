#include "run/client_hellos.hpp"

#include <algorithm>
#include <array>

#include "tls/digest.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace bothends::run {
namespace {

constexpr std::uint16_t encrypted_client_hello = 0xfe0d;
constexpr std::size_t random_octets = 32, session_id_octets = 32;

/// Octets derived from the caller's: SHA-256 in counter mode. Nothing that is drawn here is a secret.
class Drawer {
 public:
  explicit Drawer(View seed) : seed_(bytes_of(seed)) {}

  std::uint8_t octet() {
    if (at_ == block_.size()) {
      Bytes input = seed_;
      for (const unsigned shift : {24U, 16U, 8U, 0U}) input.push_back(static_cast<std::uint8_t>(count_ >> shift));
      ++count_;
      block_ = tls::sha256(input);
      at_ = 0;
    }
    return block_[at_++];
  }
  Bytes octets(std::size_t count) {
    Bytes drawn(count);
    std::ranges::generate(drawn, [this] { return octet(); });
    return drawn;
  }
  std::size_t below(std::size_t bound) { return ((static_cast<std::size_t>(octet()) << 8) | octet()) % bound; }
  std::uint16_t grease() { return static_cast<std::uint16_t>(((octet() & 0xf0U) | 0x0aU) * 0x0101U); }

 private:
  Bytes seed_, block_;
  std::size_t at_ = 0;
  std::uint32_t count_ = 0;
};

void replace_grease(wire::Codes& codes, std::uint16_t with) {
  for (std::uint16_t& code : codes)
    if (wire::is_grease(code)) code = with;
}

/// A list of code points behind a length of one or two octets.
void replace_grease(wire::Extension* extension, std::size_t prefix, std::uint16_t with) {
  if (!extension) return;
  for (std::size_t i = prefix; i + 1 < extension->data.size(); i += 2) {
    const auto code = static_cast<std::uint16_t>(extension->data[i] << 8 | extension->data[i + 1]);
    if (!wire::is_grease(code)) continue;
    extension->data[i] = static_cast<std::uint8_t>(with >> 8);
    extension->data[i + 1] = static_cast<std::uint8_t>(with);
  }
}

wire::Extension* found(wire::Extensions& extensions, std::uint16_t type) {
  const auto at = std::ranges::find(extensions, type, &wire::Extension::type);
  return at == extensions.end() ? nullptr : &*at;
}

Bytes server_name_of(const std::string& sni) {
  wire::Writer entry, list;
  entry.u8(0).vector16(view_of(sni));
  list.vector16(entry.bytes());
  return std::move(list).bytes();
}

void put_name(wire::Extensions& extensions, const std::optional<std::string>& sni) {
  wire::Extension* name = found(extensions, wire::server_name);
  if (!name) return;
  if (sni)
    name->data = server_name_of(*sni);
  else
    std::erase_if(extensions, [](const wire::Extension& one) { return one.type == wire::server_name; });
}

/// The entries stay in the client's order. The GREASE entry keeps its octet and has the value that the list of groups
/// has, as RFC 8701 section 3.1 asks.
Result<Bytes> key_share_of(const ClientProfile& profile, View recorded, std::uint16_t grease,
                           const std::vector<std::shared_ptr<const tls::KeyShare>>& shares) {
  wire::Reader outer(recorded);
  wire::Reader list(outer.vector16());
  wire::Writer entries, whole;
  while (list.ok() && list.left() > 0) {
    const std::uint16_t group = list.u16();
    const View key = list.vector16();
    if (wire::is_grease(group)) {
      entries.u16(grease).vector16(key);
      continue;
    }
    const auto share = std::ranges::find_if(shares, [&](const auto& one) { return one && one->group() == group; });
    if (share == shares.end())
      return fail(ErrorCode::tls,
                  "the hello of " + profile.id + " needs a key share of " + wire::name(wire::Registry::group, group));
    entries.u16(group).vector16((*share)->ours());
  }
  whole.vector16(entries.bytes());
  return std::move(whole).bytes();
}

/// RFC 9849 section 6.2: the outer form with a random config_id, enc and payload; the suite stays the client's.
void draw_ech(wire::Extension& ech, Drawer& drawer) {
  wire::Reader reader(ech.data);
  wire::Writer fresh;
  const std::uint8_t type = reader.u8();
  const std::uint16_t kdf = reader.u16(), aead = reader.u16();
  reader.u8();
  const std::size_t enc = reader.vector16().size(), payload = reader.vector16().size();
  if (!reader.done()) return;
  fresh.u8(type).u16(kdf).u16(aead).u8(drawer.octet());
  fresh.vector16(drawer.octets(enc)).vector16(drawer.octets(payload));
  ech.data = std::move(fresh).bytes();
}

void draw_grease(wire::ClientHello& hello, std::uint16_t group, Drawer& drawer) {
  wire::Extensions& extensions = *hello.extensions;
  replace_grease(hello.cipher_suites, drawer.grease());
  replace_grease(found(extensions, wire::supported_groups), 2, group);
  replace_grease(found(extensions, wire::supported_versions), 1, drawer.grease());
  replace_grease(found(extensions, wire::signature_algorithms), 2, drawer.grease());
  std::uint16_t previous = 0;
  for (wire::Extension& extension : extensions) {
    if (!wire::is_grease(extension.type)) continue;
    extension.type = drawer.grease();
    if (extension.type == previous) extension.type ^= 0x1010;  // no extension twice
    previous = extension.type;
  }
}

/// All but GREASE and padding change places.
void permute(wire::Extensions& extensions, Drawer& drawer) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < extensions.size(); ++i)
    if (!wire::is_grease(extensions[i].type) && extensions[i].type != wire::padding) places.push_back(i);
  for (std::size_t i = places.size(); i > 1; --i)
    std::swap(extensions[places[i - 1]], extensions[places[drawer.below(i)]]);
}

/// RFC 7685: clients that pad do so from 256 to 511 octets, up to 512, and with one octet at least (servers choke on an
/// empty extension at the end).
void pad(wire::ClientHello& hello) {
  wire::Extension* padding = found(*hello.extensions, wire::padding);
  if (!padding) return;
  constexpr std::size_t least = 256, wanted = 512, header = 4;
  padding->data.clear();
  const std::size_t length = encode(hello).size() - header;
  if (length < least || length >= wanted) {
    std::erase_if(*hello.extensions, [](const wire::Extension& one) { return one.type == wire::padding; });
    return;
  }
  padding->data.assign(std::max<std::size_t>(length + header < wanted ? wanted - length - header : 0, 1), 0);
}

Result<wire::ClientHello> recorded(const ClientProfile& profile) {
  auto parsed = wire::parse_client_hello(profile.hello);
  if (!parsed.value) return fail(ErrorCode::value, "the profile " + profile.id + " has no hello");
  return std::move(*parsed.value);
}

}  // namespace

Result<wire::ClientHello> hello_of(const ClientProfile& profile, const std::optional<std::string>& sni,
                                   const std::vector<std::shared_ptr<const tls::KeyShare>>& shares, View random) {
  if (random.size() < random_octets + session_id_octets)
    return fail(ErrorCode::value, "a hello needs 64 octets of randomness");
  auto hello = recorded(profile);
  if (!hello) return hello;
  Drawer drawer(random);
  std::ranges::copy(random.first(random_octets), hello->random.begin());
  std::ranges::copy(random.subspan(random_octets, std::min(hello->session_id.size(), session_id_octets)),
                    hello->session_id.begin());
  if (!hello->extensions) return hello;
  const std::uint16_t group = drawer.grease();
  draw_grease(*hello, group, drawer);
  put_name(*hello->extensions, sni);
  if (wire::Extension* key_share = found(*hello->extensions, wire::key_share)) {
    auto ours = key_share_of(profile, key_share->data, group, shares);
    if (!ours) return tl::unexpected(ours.error());
    key_share->data = std::move(*ours);
  }
  if (wire::Extension* ech = found(*hello->extensions, encrypted_client_hello)) draw_ech(*ech, drawer);
  if (profile.permutes) permute(*hello->extensions, drawer);
  pad(*hello);
  return hello;
}

Result<policy::KnownClient> known_client(const ClientProfile& profile, const std::optional<std::string>& sni) {
  auto hello = recorded(profile);
  if (!hello) return tl::unexpected(hello.error());
  if (hello->extensions) put_name(*hello->extensions, sni);
  policy::KnownClient client{profile.id, profile.name, policy::offer_of(*hello)};
  client.offer.min_version = profile.versions.empty() ? std::uint16_t{0} : std::ranges::min(profile.versions);
  return client;
}

Result<std::vector<policy::KnownClient>> known_clients(const std::optional<std::string>& sni) {
  std::vector<policy::KnownClient> clients;
  for (const ClientProfile& profile : client_profiles()) {
    auto client = known_client(profile, sni);
    if (!client) return tl::unexpected(client.error());
    clients.push_back(std::move(*client));
  }
  return clients;
}

}  // namespace bothends::run
