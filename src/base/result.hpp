// An Error says that we could not do our work (exit 2). A TLS refusal is data, never an Error.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/place.hpp"

namespace bothends {

enum class ErrorCode { usage, file, syntax, value, resource, tls, network, proxy };

struct Error {
  ErrorCode code = ErrorCode::value;
  std::string what;  // one clear sentence; says what to do next where that is known; printable
  Place place;

  /// "file:line:column: what", or just what.
  std::string message() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string what, Place place = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(place)});
}

}  // namespace bothends
