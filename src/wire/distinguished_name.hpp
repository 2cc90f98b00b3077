// A distinguished name as a certificate or a CertificateRequest has it (X.501, DER), in words.
#pragma once

#include "wire/reader.hpp"

namespace bothends::wire {

/// "CN=Example Root, O=Example", in the order of the octets; printable. Hex where it makes no sense.
std::string distinguished_name(View der);

}  // namespace bothends::wire
