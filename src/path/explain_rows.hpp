// The generated tables behind explain(): explain_codes.csv and explain_texts.csv through explain_rows.py.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bothends::path {

/// Whose word it is that the text reports: what a server's alert means is not what a client's means.
enum class Peer { any, client, server };

/// What a number of a registry means: alert, openssl, boringssl, x509, mbedtls, flag, windows, status. A number may
/// have several rows, by who said it.
struct CodeRow {
  std::string_view registry;
  std::uint32_t number;
  Peer by;
  int strength;             // 1: hardly a hint … 10: names the cause, more exactly than others do
  std::string_view causes;  // ids, the likeliest first, separated by |
  std::string_view says;    // one sentence without its full stop
  std::string_view status;  // measured, documented, uncertain, or the RFC
};
std::span<const CodeRow> code_rows();

/// What a piece of text means. `pattern` is for find_pattern(); `means` is a list like `causes`, or refers to a number:
/// "@alert:48", or "@alert" for the number that the pattern found. Without `means` the row only tells the leg and who
/// spoke.
struct TextRow {
  std::string_view pattern;
  bool exact_case;
  std::string_view leg;  // "client", "origin" or nothing
  Peer by;
  int strength;
  std::string_view means;
  std::string_view says;
  std::string_view status;
};
std::span<const TextRow> text_rows();

}  // namespace bothends::path
