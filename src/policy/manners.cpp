#include "policy/manners.hpp"

#include <algorithm>
#include <array>

namespace bothends::policy {

namespace {

struct DefectAlert {
  Defect defect;
  std::uint8_t alert;
};

/// The alert of the first row whose defect was found anywhere in the chain.
AlertCode first_alert(std::span<const Defect> finds, std::span<const DefectAlert> rows) {
  for (const auto& row : rows)
    if (std::find(finds.begin(), finds.end(), row.defect) != finds.end()) return row.alert;
  return wire::certificate_unknown;
}

/// RFC 8446 section 6.2 says what each alert means; one per cause, the first cause decides.
constexpr std::array rfc_alerts{
    DefectAlert{Defect::none_sent, wire::decode_error},
    DefectAlert{Defect::self_signed, wire::unknown_ca},
    DefectAlert{Defect::unknown_issuer, wire::unknown_ca},
    DefectAlert{Defect::incomplete, wire::unknown_ca},
    DefectAlert{Defect::not_a_ca, wire::unknown_ca},
    DefectAlert{Defect::path_too_long, wire::unknown_ca},
    DefectAlert{Defect::wrong_purpose, wire::unsupported_certificate},
    DefectAlert{Defect::weak_key, wire::bad_certificate},
    DefectAlert{Defect::weak_signature, wire::bad_certificate},
    DefectAlert{Defect::wrong_name, wire::bad_certificate},
    DefectAlert{Defect::no_subject_alt_name, wire::bad_certificate},
    DefectAlert{Defect::revoked, wire::certificate_revoked},
    DefectAlert{Defect::bad_signature, wire::decrypt_error},
    DefectAlert{Defect::issuer_expired, wire::certificate_expired},
    DefectAlert{Defect::expired, wire::certificate_expired},
    DefectAlert{Defect::not_yet_valid, wire::bad_certificate},
};

/// mbedTLS collects the flags of the whole chain and then picks by these (mbedtls_ssl_verify_certificate).
constexpr std::array mbedtls_alerts{
    DefectAlert{Defect::none_sent, wire::decode_error},
    DefectAlert{Defect::wrong_name, wire::bad_certificate},
    DefectAlert{Defect::no_subject_alt_name, wire::bad_certificate},
    DefectAlert{Defect::wrong_purpose, wire::unsupported_certificate},
    DefectAlert{Defect::weak_key, wire::unsupported_certificate},
    DefectAlert{Defect::issuer_expired, wire::certificate_expired},
    DefectAlert{Defect::expired, wire::certificate_expired},
    DefectAlert{Defect::revoked, wire::certificate_revoked},
    DefectAlert{Defect::self_signed, wire::unknown_ca},
    DefectAlert{Defect::unknown_issuer, wire::unknown_ca},
    DefectAlert{Defect::incomplete, wire::unknown_ca},
    DefectAlert{Defect::bad_signature, wire::unknown_ca},
    DefectAlert{Defect::not_a_ca, wire::unknown_ca},
    DefectAlert{Defect::path_too_long, wire::unknown_ca},
};

/// OpenSSL checks in the order of X509_verify_cert: the path, its extensions, its strength, the name, revocation, and
/// last signatures and dates from the top down; it stops at the first problem. The order of the rows is that order.
AlertCode openssl_alert(std::span<const Defect> finds) { return first_alert(finds, rfc_alerts); }
AlertCode mbedtls_alert(std::span<const Defect> finds) { return first_alert(finds, mbedtls_alerts); }
AlertCode rfc_alert(std::span<const Defect> finds) { return first_alert(finds.first(1), rfc_alerts); }

constexpr std::array openssl12{Check::fallback, Check::name,      Check::any_scheme,
                               Check::suite,    Check::signature, Check::alpn};
constexpr std::array openssl13{Check::fallback, Check::suite, Check::name, Check::alpn, Check::group, Check::signature};
constexpr std::array mbedtls12{Check::name, Check::alpn, Check::any_scheme, Check::suite, Check::signature};
constexpr std::array mbedtls13{Check::suite, Check::name, Check::alpn, Check::group, Check::signature};

/// OpenSSL 3.5's default list: within one class the peer's key share wins, a better class is worth a HelloRetryRequest.
const std::array<wire::Codes, 4> openssl_tuples{wire::Codes{0x11ec}, wire::Codes{29, 23}, wire::Codes{30, 24, 25},
                                                wire::Codes{256, 257}};

const Manners openssl_manners{.stack = "openssl",
                              .checks12 = openssl12,
                              .checks13 = openssl13,
                              .suite12_before_scheme = true,
                              .transport_needs_scheme = true,
                              .one_leaf_a_kind = true,
                              .tuples = openssl_tuples,
                              .alert_of = openssl_alert};

const Manners mbedtls_manners{.stack = "mbedtls",
                              .checks12 = mbedtls12,
                              .checks13 = mbedtls13,
                              .blind_to_versions = true,
                              .client_rules13 = true,
                              .group12_by_server = true,
                              .suite12_before_group = true,
                              .signs_pss12 = false,
                              .overrates_small_keys = true,
                              .no_group12 = std::nullopt,
                              .no_group13 = std::nullopt,
                              .no_client_certificate12 = std::nullopt,
                              .no_client_certificate13 = 41,  // SSLv3's no_certificate, reserved since
                              .garbles_alert13 = true,
                              .optional_refuses_bad = false,
                              .own_curve_only = true,
                              .version_too_low13 = wire::illegal_parameter,
                              .alert_of = mbedtls_alert};

const Manners rfc_manners{.stack = "", .checks12 = openssl12, .checks13 = openssl13, .alert_of = rfc_alert};

}  // namespace

const Manners& manners_of(std::string_view stack) {
  for (const Manners* manners : {&openssl_manners, &mbedtls_manners})
    if (manners->stack == stack) return *manners;
  return rfc_manners;
}

}  // namespace bothends::policy
