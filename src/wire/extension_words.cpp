#include "wire/extension_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "wire/codes.hpp"
#include "wire/reader.hpp"

namespace bothends::wire {
namespace {

using Values = std::vector<std::string>;

std::string octets(std::size_t count) { return fmt::format("{} octet{}", count, count == 1 ? "" : "s"); }

/// Names of numbers that have no registry here; others as hex.
struct Word {
  std::uint16_t code;
  std::string_view name;
};
std::string word(std::span<const Word> words, std::uint16_t code) {
  auto found = std::find_if(words.begin(), words.end(), [=](const Word& one) { return one.code == code; });
  return found == words.end() ? fmt::format("0x{:02x}", code) : std::string(found->name);
}

constexpr Word point_formats[] = {
    {0, "uncompressed"}, {1, "ansiX962_compressed_prime"}, {2, "ansiX962_compressed_char2"}};
constexpr Word psk_modes[] = {{0, "psk_ke"}, {1, "psk_dhe_ke"}};
constexpr Word certificate_compressions[] = {{1, "zlib"}, {2, "brotli"}, {3, "zstd"}};
constexpr Word heartbeat_modes[] = {{1, "peer_allowed_to_send"}, {2, "peer_not_allowed_to_send"}};
constexpr Word fragment_lengths[] = {{1, "512"}, {2, "1024"}, {3, "2048"}, {4, "4096"}};
constexpr Word certificate_types[] = {{0, "X509"}, {1, "OpenPGP"}, {2, "RawPublicKey"}};
constexpr Word status_types[] = {{1, "ocsp"}, {2, "ocsp_multi"}};
constexpr Word hello_types[] = {{0, "outer"}, {1, "inner"}};
constexpr Word key_derivations[] = {{1, "HKDF-SHA256"}, {2, "HKDF-SHA384"}, {3, "HKDF-SHA512"}};
constexpr Word ciphers[] = {{1, "AES-128-GCM"}, {2, "AES-256-GCM"}, {3, "ChaCha20Poly1305"}};

void codes(Reader list, Registry registry, Values& values) {
  while (list.left() > 1) values.push_back(name(registry, list.u16()));
  if (list.left() > 0) values.push_back("and half a code point");
}

void small_codes(Reader list, std::span<const Word> words, Values& values) {
  while (list.left() > 0) values.push_back(word(words, list.u8()));
}

template <Registry registry>
void codes16(Reader& reader, Values& values) {
  codes(Reader(reader.vector16()), registry, values);
}

void versions(Reader& reader, Values& values) { codes(Reader(reader.vector8()), Registry::version, values); }

void names(Reader& reader, Values& values) {
  Reader list(reader.vector16());
  while (list.ok() && list.left() > 0) {
    auto type = list.u8();
    auto text = printable(text_of(list.vector16()));
    if (list.ok()) values.push_back(type == 0 ? text : fmt::format("type {}: {}", type, text));
  }
  if (!list.ok()) reader.take(reader.left() + 1);
}

/// Text, unless it is RFC 8701's.
std::string protocol(View id) {
  bool grease = id.size() == 2 && id[0] == id[1] && (id[0] & 0x0f) == 0x0a;
  return grease ? fmt::format("GREASE (0x{})", to_hex(id)) : printable(text_of(id));
}

void protocols(Reader& reader, Values& values) {
  Reader list(reader.vector16());
  while (list.ok() && list.left() > 0) {
    View id = list.vector8();
    if (list.ok()) values.push_back(protocol(id));
  }
  if (!list.ok()) reader.take(reader.left() + 1);
}

void key_shares(Reader& reader, Values& values) {
  Reader list(reader.vector16());
  while (list.ok() && list.left() > 0) {
    auto group = list.u16();
    View share = list.vector16();
    if (list.ok()) values.push_back(fmt::format("{} ({})", name(Registry::group, group), octets(share.size())));
  }
  if (!list.ok()) reader.take(reader.left() + 1);
}

void pre_shared_keys(Reader& reader, Values& values) {
  Reader identities(reader.vector16()), binders(reader.vector16());
  while (identities.ok() && identities.left() > 0) {
    View identity = identities.vector16();
    identities.u32();
    if (identities.ok()) values.push_back("identity of " + octets(identity.size()));
  }
  while (binders.ok() && binders.left() > 0) {
    View binder = binders.vector8();
    if (binders.ok()) values.push_back("binder of " + octets(binder.size()));
  }
  if (!identities.ok() || !binders.ok()) reader.take(reader.left() + 1);
}

void status(Reader& reader, Values& values) {
  auto type = reader.u8();
  values.push_back(word(status_types, type));
  if (type != 1) return void(reader.rest());
  auto responders = reader.vector16().size(), extensions = reader.vector16().size();
  if (responders > 0) values.push_back("responders: " + octets(responders));
  if (extensions > 0) values.push_back("extensions: " + octets(extensions));
}

void authorities(Reader& reader, Values& values) {
  Reader list(reader.vector16());
  while (list.ok() && list.left() > 0) {
    View one = list.vector16();
    if (list.ok()) values.push_back("a name of " + octets(one.size()));
  }
  if (!list.ok()) reader.take(reader.left() + 1);
}

/// RFC 9849 section 5.
void encrypted_hello(Reader& reader, Values& values) {
  auto type = reader.u8();
  values.push_back(word(hello_types, type));
  if (type != 0) return;
  values.push_back(word(key_derivations, reader.u16()));
  values.push_back(word(ciphers, reader.u16()));
  values.push_back(fmt::format("config {}", reader.u8()));
  values.push_back("enc of " + octets(reader.vector16().size()));
  values.push_back("payload of " + octets(reader.vector16().size()));
}

void padding_octets(Reader& reader, Values& values) {
  View rest = reader.rest();
  bool zero = std::all_of(rest.begin(), rest.end(), [](auto octet) { return octet == 0; });
  values.push_back(octets(rest.size()) + (zero ? "" : ", not all of them zero"));
}

void some_octets(Reader& reader, Values& values) {
  if (reader.left() > 0) values.push_back(octets(reader.rest().size()));
}

void renegotiation(Reader& reader, Values& values) {
  auto size = reader.vector8().size();
  values.push_back(size ? "renegotiates: " + octets(size) : "first handshake");
}

void cookie_octets(Reader& reader, Values& values) { values.push_back(octets(reader.vector16().size())); }
void size_limit(Reader& reader, Values& values) { values.push_back(octets(reader.u16())); }
void nothing(Reader&, Values&) {}

template <const auto& words>
void small_list(Reader& reader, Values& values) {
  small_codes(Reader(reader.vector8()), words, values);
}
template <const auto& words>
void one_word(Reader& reader, Values& values) {
  values.push_back(word(words, reader.u8()));
}

void compressions(Reader& reader, Values& values) {
  Reader list(reader.vector8());
  while (list.left() > 1) values.push_back(word(certificate_compressions, list.u16()));
  if (list.left() > 0) values.push_back("and half a code point");
}

/// Of a ClientHello. What is not here is hex.
struct Form {
  std::uint16_t type;
  void (*read)(Reader&, Values&);
};
constexpr Form forms[] = {
    {server_name, names},
    {1, one_word<fragment_lengths>},
    {4, nothing},  // truncated_hmac
    {status_request, status},
    {supported_groups, codes16<Registry::group>},
    {ec_point_formats, small_list<point_formats>},
    {signature_algorithms, codes16<Registry::signature_scheme>},
    {15, one_word<heartbeat_modes>},
    {application_layer_protocol_negotiation, protocols},
    {18, nothing},                        // signed_certificate_timestamp
    {19, small_list<certificate_types>},  // client_certificate_type
    {20, small_list<certificate_types>},  // server_certificate_type
    {padding, padding_octets},
    {encrypt_then_mac, nothing},
    {extended_master_secret, nothing},
    {compress_certificate, compressions},
    {record_size_limit, size_limit},
    {34, codes16<Registry::signature_scheme>},  // delegated_credential
    {session_ticket, some_octets},
    {pre_shared_key, pre_shared_keys},
    {early_data, nothing},
    {supported_versions, versions},
    {cookie, cookie_octets},
    {psk_key_exchange_modes, small_list<psk_modes>},
    {certificate_authorities, authorities},
    {49, nothing},  // post_handshake_auth
    {signature_algorithms_cert, codes16<Registry::signature_scheme>},
    {key_share, key_shares},
    {0x3374, nothing},    // next_protocol_negotiation
    {0x4469, protocols},  // application_settings
    {0x44cd, protocols},  // application_settings_new
    {0xfe0d, encrypted_hello},
    {renegotiation_info, renegotiation},
};

}  // namespace

ExtensionWords words_of(const Extension& extension) {
  ExtensionWords words;
  const auto* form =
      std::find_if(std::begin(forms), std::end(forms), [&](const Form& one) { return one.type == extension.type; });
  if (form == std::end(forms)) return words;
  words.known = true;
  Reader reader(extension.data);
  form->read(reader, words.values);
  if (!reader.ok())
    words.malformed = "a length in it points past its end";
  else if (!reader.done())
    words.malformed = octets(reader.left()) + " left over at its end";
  return words;
}

std::string compression_name(std::uint8_t method) {
  constexpr Word methods[] = {{0, "null"}, {1, "DEFLATE"}, {64, "LZS"}};
  return word(methods, method);
}

}  // namespace bothends::wire
