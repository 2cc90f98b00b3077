#include "wire/messages.hpp"

#include <bit>

#include "wire/body.hpp"
#include "wire/codes.hpp"

namespace bothends::wire {
namespace {

std::string_view read_certificate(Reader& reader, Certificate& certificate, bool tls13) {
  if (tls13) certificate.request_context = bytes_of(reader.vector8());
  Reader list(reader.vector24());
  while (list.ok() && list.left() > 0) {
    CertificateEntry entry;
    entry.der = bytes_of(list.vector24());
    auto problem = tls13 ? read_extensions(list, entry.extensions) : std::string_view();
    if (!problem.empty()) return problem;
    certificate.entries.push_back(std::move(entry));
  }
  return list.ok() ? "" : "a certificate is longer than the list of certificates";
}

/// RFC 5246 section 7.4.4; RFC 4346 has no list of signature algorithms.
std::string_view read_old_request(Reader& reader, CertificateRequest& request, std::uint16_t version) {
  request.certificate_types = bytes_of(reader.vector8());
  bool even = true;
  if (version == tls1_2) request.schemes = read_codes(reader.vector16(), even);
  if (!even) return "the list of signature algorithms has an odd length";
  bool good = read_names(reader.vector16(), request.authorities);
  return good ? "" : "a name is longer than the list of authorities";
}

std::string_view read_request(Reader& reader, CertificateRequest& request, std::uint16_t version) {
  if (version < tls1_3) return read_old_request(reader, request, version);
  request.request_context = bytes_of(reader.vector8());
  return read_extensions(reader, request.extensions.emplace());
}

enum class Exchange { none, ecdhe, dhe };

Exchange exchange_of(std::string_view suite) {
  if (suite.find("PSK") != suite.npos) return Exchange::none;
  if (suite.starts_with("TLS_ECDHE_") || suite.starts_with("TLS_ECDH_anon_")) return Exchange::ecdhe;
  if (suite.starts_with("TLS_DHE_") || suite.starts_with("TLS_DH_anon_")) return Exchange::dhe;
  return Exchange::none;
}

std::size_t bits_of(View number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number.empty() ? 0 : number.size() * 8 - static_cast<std::size_t>(std::countl_zero(number.front()));
}

std::string_view read_ecdhe(Reader& reader, ServerKeyExchange& exchange) {
  constexpr std::uint8_t named_curve = 3;
  if (reader.u8() != named_curve) return "its curve is not a named one";
  exchange.group = reader.u16();
  reader.vector8();
  return {};
}

std::string_view read_dhe(Reader& reader, ServerKeyExchange& exchange) {
  std::size_t bits = bits_of(reader.vector16());
  if (bits > 0xffff) return "its prime has more than 65535 bits";
  exchange.dh_bits = static_cast<std::uint16_t>(bits);
  reader.vector16();
  reader.vector16();
  return {};
}

}  // namespace

Parsed<Alert> parse_alert(View fragment) {
  Parsed<Alert> parsed;
  if (fragment.size() > 2) parsed.malformed = "an alert has two octets, not " + std::to_string(fragment.size());
  if (fragment.size() != 2) return parsed;
  parsed.value = Alert{fragment[0], fragment[1]};
  parsed.used = 2;
  return parsed;
}

Bytes encode(const Alert& alert) { return {alert.level, alert.description}; }

Parsed<Certificate> parse_certificate(View message, bool tls13) {
  return parse_message<Certificate>(message, certificate, "Certificate", [tls13](Reader& reader, Certificate& value) {
    return read_certificate(reader, value, tls13);
  });
}

Bytes encode(const Certificate& value, bool tls13) {
  Writer list;
  for (const auto& entry : value.entries) {
    list.vector24(entry.der);
    if (tls13) write_extensions(list, entry.extensions);
  }
  Writer body;
  if (tls13) body.vector8(value.request_context);
  body.vector24(list.bytes());
  return with_header(certificate, body.bytes());
}

Codes CertificateRequest::signature_schemes() const {
  return schemes ? *schemes : codes16_in(find(extensions, signature_algorithms));
}

std::vector<Bytes> CertificateRequest::acceptable_issuers() const {
  const auto* extension = find(extensions, certificate_authorities);
  if (!extension) return authorities;
  Reader reader(extension->data);
  std::vector<Bytes> names;
  bool good = read_names(reader.vector16(), names) && reader.done();
  return good ? names : std::vector<Bytes>{};
}

Parsed<CertificateRequest> parse_certificate_request(View message, std::uint16_t version) {
  return parse_message<CertificateRequest>(
      message, certificate_request, "CertificateRequest",
      [version](Reader& reader, CertificateRequest& request) { return read_request(reader, request, version); });
}

Bytes encode(const CertificateRequest& request, std::uint16_t version) {
  Writer body;
  if (version >= tls1_3) {
    body.vector8(request.request_context);
    write_extensions(body, request.extensions.value_or(Extensions{}));
    return with_header(certificate_request, body.bytes());
  }
  body.vector8(request.certificate_types);
  if (version == tls1_2) write_codes16(body, request.schemes.value_or(Codes{}));
  Writer names;
  for (const auto& name : request.authorities) names.vector16(name);
  body.vector16(names.bytes());
  return with_header(certificate_request, body.bytes());
}

std::optional<std::string> EncryptedExtensions::alpn() const {
  auto protocols = protocols_in(find(extensions, application_layer_protocol_negotiation));
  return protocols.size() == 1 ? std::optional(protocols.front()) : std::nullopt;
}

Parsed<EncryptedExtensions> parse_encrypted_extensions(View message) {
  return parse_message<EncryptedExtensions>(
      message, encrypted_extensions, "EncryptedExtensions",
      [](Reader& reader, EncryptedExtensions& value) { return read_extensions(reader, value.extensions); });
}

Parsed<ServerKeyExchange> parse_server_key_exchange(View message, std::uint16_t suite, std::uint16_t version) {
  auto suite_name = known_name(Registry::suite, suite).value_or("");
  auto read = [&](Reader& reader, ServerKeyExchange& exchange) -> std::string_view {
    auto kind = exchange_of(suite_name);
    if (kind == Exchange::none) return "the cipher suite has no ECDHE or DHE key exchange";
    auto problem = kind == Exchange::ecdhe ? read_ecdhe(reader, exchange) : read_dhe(reader, exchange);
    bool anonymous = suite_name.find("_anon_") != suite_name.npos;
    if (!problem.empty() || anonymous) return problem;
    if (version >= tls1_2) exchange.signature_scheme = reader.u16();
    reader.vector16();
    return {};
  };
  return parse_message<ServerKeyExchange>(message, server_key_exchange, "ServerKeyExchange", read);
}

Parsed<std::uint16_t> parse_certificate_verify(View message) {
  auto read = [](Reader& reader, std::uint16_t& scheme) -> std::string_view {
    scheme = reader.u16();
    reader.vector16();
    return {};
  };
  return parse_message<std::uint16_t>(message, certificate_verify, "CertificateVerify", read);
}

}  // namespace bothends::wire
