// OpenSSL as a library: begun once, without the machine's openssl.cnf, and its errors in its own words.
#pragma once

#include <string>

#include "base/result.hpp"

namespace bothends::tls::ossl {

/// Call before anything else of OpenSSL; any number of times, from any thread.
void begin_library();
/// The newest entry of this thread's error queue, printable, and the queue is empty then. "unknown error" without one.
std::string take_error();
/// Error{tls}: `what`, and why.
tl::unexpected<Error> fail_with(const std::string& what);

}  // namespace bothends::tls::ossl
