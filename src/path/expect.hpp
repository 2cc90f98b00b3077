// Expectations and verdicts.
#pragma once

#include "base/place.hpp"
#include "base/result.hpp"
#include "path/facts.hpp"

namespace bothends::path {

/// Asked in a scenario. "absent" is met by an absent or empty fact, "present" by any other.
///   equals    the value; of a list a scalar means its only element, a list all elements in order
///   differs   there is a value and it is another one: what never came is no proof of anything
///   contains  an element of a list; a part of a text
///   one_of    the value is one of these
///   matches   the whole value, or an element of a list, fits a pattern in which * is any text and ? any one character;
///             of a longer value only the first 4 KiB are looked at
/// Not regular expressions: those of the standard library recurse for each character of a body that a peer chose.
struct Expectation {
  enum class How { equals, differs, contains, one_of, matches };
  std::string fact;
  How how = How::equals;
  std::vector<std::string> wanted;  // one for a scalar, any number for a list
  bool list = false;                // wanted was written as a list
  Place place;                      // of the value
  std::string line;                 // the line of the file it stands on, raw, without its end
};

/// Error{value} with the place: unknown fact (did you mean), a word it can never have, a list where it has one value.
/// Patterns longer than 256 octets are refused.
Result<void> check(const Expectation& expectation);

struct Verdict {
  Expectation expectation;
  bool met = false;
  std::string actual;  // printable; "absent" when absent, lists as "[a, b]"
};
Verdict judge(const Expectation& expectation, const std::map<std::string, Fact>& facts);

/// As a sentence begins: "status 200", "client.hello.alpn [h2, http/1.1]", "body containing hello". Printable.
std::string wish(const Expectation& expectation);

}  // namespace bothends::path
