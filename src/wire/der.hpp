// As much DER (X.690) as it takes to tell who issued a certificate without a TLS library: walked, not decoded, and
// every length is checked.
#pragma once

#include "base/bytes.hpp"

namespace bothends::wire {

/// One element. All views look into what was given.
struct DerElement {
  std::uint8_t tag = 0;
  View content;
  View whole;  // tag and length too
};

/// Cuts the first element off the front of `rest`. nullopt, and `rest` is as before, when there is none: cut short, a
/// length that is indefinite or of more than four octets, a tag of more than one.
std::optional<DerElement> take_der(View& rest);

/// The names of a certificate (RFC 5280 section 4.1), each a whole element.
struct CertificateNames {
  View issuer, subject;
};
/// nullopt when it is none as far as its subject. What follows the subject is not looked at.
std::optional<CertificateNames> names_of_certificate(View der);

/// A name in a form that is equal for names that differ only in letter case, space and the kind of string (RFC 5280
/// section 7.1), so that it can be an index. Not meant to be read.
std::string name_key(View name);

}  // namespace bothends::wire
