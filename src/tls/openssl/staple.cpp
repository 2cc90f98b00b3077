#include "tls/openssl/staple.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <algorithm>

#include "tls/openssl/facts.hpp"
#include "tls/openssl/library.hpp"

namespace bothends::tls::ossl {

namespace {

using policy::StapleFacts;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Deleter<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Deleter<OCSP_BASICRESP_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, Deleter<OCSP_CERTID_free>>;

constexpr int answers_limit = 100;
constexpr std::size_t issuers_limit = 4;

BasicPtr parse(View staple) {
  const auto* at = staple.data();
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(staple.size())));
  if (!response || at != staple.data() + staple.size()) return nullptr;
  if (OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) return nullptr;
  return BasicPtr(OCSP_response_get1_basic(response.get()));
}

bool is_about(const OCSP_CERTID* id, X509* leaf, X509* issuer) {
  ASN1_OBJECT* digest = nullptr;
  OCSP_id_get0_info(nullptr, &digest, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
  const auto* algorithm = EVP_get_digestbyobj(digest);
  if (algorithm == nullptr) return false;
  const CertIdPtr own(OCSP_cert_to_id(algorithm, leaf, issuer));
  return own && OCSP_id_cmp(own.get(), id) == 0;
}

bool has_serial(const OCSP_CERTID* id, X509* leaf) {
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, const_cast<OCSP_CERTID*>(id));
  return serial != nullptr && ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) == 0;
}

// Whether the issuer itself has expired is said of the chain; a responder that did speaks for nobody.
bool is_in_time(OCSP_BASICRESP* basic, X509* issuer, const STACK_OF(X509) * more) {
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(basic, &signer, const_cast<STACK_OF(X509)*>(more)) != 1) return false;
  return X509_cmp(signer, issuer) == 0 || X509_cmp_current_time(X509_get0_notAfter(signer)) > 0;
}

bool is_signed_for(OCSP_BASICRESP* basic, X509* issuer) {
  const StorePtr store(X509_STORE_new());
  const X509StackPtr issuers(sk_X509_new_null());
  if (!store || !issuers || X509_STORE_add_cert(store.get(), issuer) != 1) return false;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  if (X509_up_ref(issuer) != 1) return false;
  if (sk_X509_push(issuers.get(), issuer) <= 0) {
    X509_free(issuer);
    return false;
  }
  return OCSP_basic_verify(basic, issuers.get(), store.get(), 0) == 1 && is_in_time(basic, issuer, issuers.get());
}

/// The answer about the leaf; else the one with its serial number; else the first.
struct Chosen {
  OCSP_SINGLERESP* answer = nullptr;
  X509* issuer = nullptr;  // by whose name and key it is about the leaf; nullptr: it is not
};

Chosen choose(OCSP_BASICRESP* basic, X509* leaf, std::span<X509* const> issuers) {
  Chosen chosen;
  for (int i = std::min(OCSP_resp_count(basic), answers_limit); i-- > 0;) {
    auto* answer = OCSP_resp_get0(basic, i);
    const auto* id = OCSP_SINGLERESP_get0_id(answer);
    if (i == 0 && chosen.answer == nullptr) chosen.answer = answer;
    if (!has_serial(id, leaf)) continue;
    chosen.answer = answer;
    for (auto* issuer : issuers.first(std::min(issuers_limit, issuers.size())))
      if (is_about(id, leaf, issuer)) return {answer, issuer};
  }
  return chosen;
}

StapleFacts::Status status_of(int status) {
  if (status == V_OCSP_CERTSTATUS_GOOD) return StapleFacts::Status::good;
  return status == V_OCSP_CERTSTATUS_REVOKED ? StapleFacts::Status::revoked : StapleFacts::Status::unknown;
}

}  // namespace

StapleFacts staple_facts(View staple, X509* leaf, std::span<X509* const> issuers) {
  StapleFacts facts;
  if (staple.empty()) return facts;
  facts.status = StapleFacts::Status::malformed;
  const auto basic = parse(staple);
  const auto chosen = basic && leaf != nullptr ? choose(basic.get(), leaf, issuers) : Chosen{};
  if (chosen.answer != nullptr) {
    ASN1_GENERALIZEDTIME *from = nullptr, *until = nullptr;
    facts.status = status_of(OCSP_single_get0_status(chosen.answer, nullptr, nullptr, &from, &until));
    facts.this_update = from == nullptr ? 0 : seconds_of(from);
    facts.next_update = until == nullptr ? 0 : seconds_of(until);
    facts.fits = chosen.issuer != nullptr && is_signed_for(basic.get(), chosen.issuer);
  }
  ERR_clear_error();
  return facts;
}

}  // namespace bothends::tls::ossl
