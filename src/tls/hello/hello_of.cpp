#include <algorithm>

#include "tls/hello/hello.hpp"
#include "wire/codes.hpp"
#include "wire/writer.hpp"

namespace bothends::tls {

namespace {

using policy::Question;
using wire::Codes;
using wire::Writer;
using Shares = std::vector<std::shared_ptr<const KeyShare>>;

constexpr std::size_t random_size = 32;
constexpr std::size_t extension_header = 4;
constexpr std::size_t longest_padding = 1 << 15;
constexpr std::uint16_t empty_renegotiation_info_scsv = 0x00ff;

bool is_tls13(std::uint16_t version) { return version >= wire::tls1_3; }

/// RFC 8701: which of the sixteen values stands in a list is chance's. Where it must be the same twice (groups and
/// key_share) or must not (extensions), `place` sees to it.
enum class Place { suites, groups, versions, schemes, alpn, first_extension, last_extension };

std::uint16_t grease(View random, Place place) {
  unsigned chance = random[random_size + static_cast<std::size_t>(place)] & 0x0f;
  if (place == Place::last_extension && chance == (random[random_size + std::size_t(Place::first_extension)] & 0x0fu))
    chance ^= 1;
  const auto octet = static_cast<std::uint16_t>(chance << 4 | 0x0a);
  return static_cast<std::uint16_t>(octet << 8 | octet);
}

/// The extensions of one question, in the order in which a client of OpenSSL sends them.
class Extending {
 public:
  Extending(const Question& question, const Shares& shares, View random)
      : question_(question), shares_(shares), random_(random) {}

  wire::Extensions all() {
    if (question_.grease) add(grease(random_, Place::first_extension), {});
    if (!question_.is_bare) add(wire::renegotiation_info, {0});
    if (question_.sni) add_name();
    add_groups();
    if (!question_.is_bare) add(wire::session_ticket, {});
    if (!question_.alpn.empty()) add_protocols();
    if (!question_.is_bare) add_manners();
    if (!question_.schemes.empty())
      add(wire::signature_algorithms, vector16(greased(question_.schemes, Place::schemes)));
    if (std::ranges::any_of(question_.versions, is_tls13)) add_tls13();
    if (question_.grease) add(grease(random_, Place::last_extension), {0});
    return std::move(extensions_);
  }

 private:
  void add(std::uint16_t type, Bytes data) { extensions_.push_back({type, std::move(data)}); }

  Codes greased(const Codes& codes, Place place) const {
    Codes all;
    if (question_.grease) all.push_back(grease(random_, place));
    all.insert(all.end(), codes.begin(), codes.end());
    return all;
  }
  static Bytes octets(const Codes& codes) {
    Writer list;
    for (const std::uint16_t code : codes) list.u16(code);
    return std::move(list).bytes();
  }
  static Bytes vector16(const Codes& codes) { return Writer().vector16(octets(codes)).bytes(); }

  void add_name() {
    constexpr std::uint8_t host_name = 0;
    const Bytes entry = Writer().u8(host_name).vector16(view_of(*question_.sni)).bytes();
    add(wire::server_name, Writer().vector16(entry).bytes());
  }
  void add_groups() {
    const bool old = !std::ranges::all_of(question_.versions, is_tls13);
    constexpr std::uint8_t uncompressed = 0;
    if (question_.groups.empty()) return;
    if (old && !question_.is_bare) add(wire::ec_point_formats, {1, uncompressed});
    add(wire::supported_groups, vector16(greased(question_.groups, Place::groups)));
  }
  void add_protocols() {
    Writer list;
    if (question_.grease) list.vector8(octets({grease(random_, Place::alpn)}));
    for (const std::string& protocol : question_.alpn) list.vector8(view_of(protocol));
    add(wire::application_layer_protocol_negotiation, Writer().vector16(list.bytes()).bytes());
  }
  void add_manners() {
    constexpr std::uint8_t ocsp = 1;
    add(wire::status_request, {ocsp, 0, 0, 0, 0});
    add(wire::encrypt_then_mac, {});
    add(wire::extended_master_secret, {});
  }
  void add_tls13() {
    constexpr std::uint8_t psk_dhe_ke = 1;
    add(wire::supported_versions, Writer().vector8(octets(greased(question_.versions, Place::versions))).bytes());
    if (!question_.is_bare) add(wire::psk_key_exchange_modes, {1, psk_dhe_ke});
    Writer list;
    if (question_.grease && !shares_.empty()) list.u16(grease(random_, Place::groups)).vector16(Bytes{0});
    for (const auto& share : shares_) list.u16(share->group()).vector16(share->ours());
    add(wire::key_share, Writer().vector16(list.bytes()).bytes());
  }

  const Question& question_;
  const Shares& shares_;
  View random_;
  wire::Extensions extensions_;
};

void pad(wire::ClientHello& hello, std::size_t to) {
  if (to == 0) return;
  if (!hello.extensions) hello.extensions.emplace();
  const std::size_t size = encode(hello).size();
  if (size >= to) return;
  const std::size_t missing = std::max(to - size, extension_header) - extension_header;
  hello.extensions->push_back({wire::padding, Bytes(std::min(missing, longest_padding))});
}

Codes suites_of(const Question& question, View random) {
  Codes suites;
  if (question.grease) suites.push_back(grease(random, Place::suites));
  suites.insert(suites.end(), question.suites.begin(), question.suites.end());
  // RFC 5746 section 3.4: for servers that do not get the extension.
  const bool ssl_or_tls12 = !std::ranges::all_of(question.versions, is_tls13);
  if (question.is_bare && ssl_or_tls12) suites.push_back(empty_renegotiation_info_scsv);
  return suites;
}

}  // namespace

wire::ClientHello hello_of(const Question& question, const Shares& shares, View random) {
  constexpr std::uint8_t deflate = 1, uncompressed = 0;
  const bool tls13 = std::ranges::any_of(question.versions, is_tls13);
  wire::ClientHello hello;
  hello.legacy_version = tls13 || question.versions.empty() ? std::uint16_t{wire::tls1_2} : question.versions.front();
  std::copy_n(random.begin(), random_size, hello.random.begin());
  if (tls13) hello.session_id = bytes_of(random.subspan(random_size));  // RFC 8446 appendix D.4
  hello.cipher_suites = suites_of(question, random);
  hello.compression_methods = question.deflate ? Bytes{deflate, uncompressed} : Bytes{uncompressed};
  auto extensions = Extending(question, shares, random).all();
  if (!extensions.empty()) hello.extensions = std::move(extensions);
  pad(hello, question.padded_to);
  return hello;
}

}  // namespace bothends::tls
