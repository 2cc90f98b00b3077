#include "tls/examine.hpp"

#include "tls/digest.hpp"
#include "tls/openssl/library.hpp"
#include "tls/openssl/verdict.hpp"

namespace bothends::tls {

namespace {

// What does not parse can neither be trusted nor complete a chain.
std::vector<ossl::X509Ptr> parse_good(const std::vector<Bytes>& ders) {
  std::vector<ossl::X509Ptr> parsed;
  for (const auto& der : ders)
    if (auto certificate = ossl::parse_certificate(der)) parsed.push_back(std::move(certificate));
  return parsed;
}

}  // namespace

policy::ChainVerdict examine(const std::vector<Bytes>& chain, const ExamineSettings& settings) {
  ossl::begin_library();
  const auto trust = parse_good(settings.trust);
  const auto known = parse_good(settings.known);
  return ossl::verdict_on(chain, {trust, known, settings.name, settings.server, settings.weak});
}

std::string fingerprint(View der) { return to_hex(sha256(der)); }

}  // namespace bothends::tls
