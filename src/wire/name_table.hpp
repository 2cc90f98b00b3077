// The generated table: names.csv through names.py.
#pragma once

#include <span>

#include "wire/codes.hpp"

namespace bothends::wire {

struct NamedCode {
  std::uint16_t code;
  std::string_view name;
};

/// Each code once, ascending.
std::span<const NamedCode> names_by_code(Registry registry);
/// Names and aliases in lower case, ascending.
std::span<const NamedCode> names_by_name(Registry registry);

/// OpenSSL's names of cipher suites: the first alias in names.csv.
std::span<const NamedCode> openssl_suites_by_code();

}  // namespace bothends::wire
