// Text for people: nothing that a peer sent reaches a terminal or a report except through printable().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bothends {

/// Control characters (C0, DEL, C1), bidirectional and zero-width marks, and octets that are not UTF-8 become \n, \t,
/// \xNN or \u{NNNN}; a backslash is doubled. At most `limit` characters of the input are shown, then "… (N more)".
std::string printable(std::string_view text, std::size_t limit = 512);

bool is_utf8(std::string_view text);
std::string lower(std::string_view text);  // ASCII only, as RFC 4343 asks for names
std::string_view trim(std::string_view text);
/// Always at least one part; parts may be empty.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
/// Columns on a terminal: code points, counting wide East Asian ones twice and combining marks not at all.
std::size_t display_width(std::string_view utf8);

/// The candidate nearest in edit distance, ignoring case, if near enough to be a typing error.
std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates);
/// The end of a sentence that refuses a word: `; did you mean "x"?`, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// DNS names by RFC 6125: equal ignoring case and a trailing dot; "*.a.test" matches exactly one further label.
/// A star is honoured only as the whole leftmost label above at least two others (never "*", "*.test" or "w*.a.test"),
/// and IP literals are not names: both as OpenSSL and browsers do.
bool name_matches(std::string_view pattern, std::string_view name);

}  // namespace bothends
