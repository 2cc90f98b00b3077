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
constexpr std::array openssl13{Check::fallback,      Check::suite, Check::name,     Check::alpn,
                               Check::schemes_named, Check::group, Check::signature};
constexpr std::array mbedtls12{Check::name, Check::alpn, Check::any_scheme, Check::suite, Check::signature};
constexpr std::array mbedtls13{Check::suite, Check::name,  Check::schemes_named,
                               Check::alpn,  Check::group, Check::signature};
// GnuTLS and NSS look for a scheme when a suite is chosen: RSA key transport needs none.
constexpr std::array late12{Check::fallback, Check::name, Check::suite, Check::signature, Check::alpn};
constexpr std::array nss12{Check::fallback, Check::name,      Check::any_scheme,
                           Check::suite,    Check::signature, Check::alpn};
constexpr std::array late13{Check::fallback, Check::suite, Check::name, Check::alpn, Check::group, Check::signature};

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
                              .implied_scheme_counts = true,
                              .alert_of = openssl_alert};

/// What an asked server knows is more than what its keys can sign by, which is all that can be seen from outside.
constexpr std::array<std::uint16_t, 16> nss_schemes{0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501,
                                                    0x0601, 0x0203, 0x0201, 0x0809, 0x080a, 0x080b, 0x0402, 0x0202};
constexpr std::array<std::uint16_t, 16> openssl_schemes{0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b,
                                                        0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0301, 0x0303};

/// Until OpenSSL 3.5 there were no classes of groups: nginx, Apache and most of today's servers.
constexpr Manners openssl30_manners{.stack = "openssl-3.0",
                                    .checks12 = openssl12,
                                    .checks13 = openssl13,
                                    .suite12_before_scheme = true,
                                    .transport_needs_scheme = true,
                                    .one_leaf_a_kind = true,
                                    .knows_schemes = openssl_schemes,
                                    .implied_scheme_counts = true,
                                    .share13_by_client = true,
                                    .alert_of = openssl_alert};

/// OpenSSL 3.0, and a choice of certificates of its own.
constexpr Manners haproxy_manners = [] {
  Manners manners = openssl30_manners;
  manners.stack = "haproxy";
  manners.leaf_by_hello = true;
  return manners;
}();

constexpr Manners gnutls_manners{.stack = "gnutls",
                                 .checks12 = late12,
                                 .checks13 = late13,
                                 .implied_group12 = 23,
                                 .any_leaf_curve = true,
                                 .group13_before_share = true,
                                 .leaf13_before_scheme = true,
                                 .alert_of = rfc_alert};

constexpr Manners nss_manners{.stack = "nss",
                              .checks12 = nss12,
                              .checks13 = late13,
                              .knows_schemes = nss_schemes,
                              .suite12_before_any_scheme = true,
                              .implied_group12 = 23,
                              .alert_of = rfc_alert};

/// Every curve that mbedTLS 3.6 has a name for, in use or not.
constexpr std::array<std::uint16_t, 13> mbedtls_groups{18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30};

const Manners mbedtls_manners{.stack = "mbedtls",
                              .checks12 = mbedtls12,
                              .checks13 = mbedtls13,
                              .blind_to_versions = true,
                              .client_rules13 = true,
                              .group12_by_server = true,
                              .suite12_before_group = true,
                              .signs_pss12 = false,
                              .overrates_small_keys = true,
                              .knows_groups = mbedtls_groups,
                              .late13 = true,
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
  for (const Manners* manners :
       {&openssl_manners, &mbedtls_manners, &openssl30_manners, &haproxy_manners, &gnutls_manners, &nss_manners})
    if (manners->stack == stack) return *manners;
  return rfc_manners;
}

}  // namespace bothends::policy
