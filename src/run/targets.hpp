// What `bothends probe` is to ask: one target, or a file of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/connection.hpp"

namespace bothends::run {

struct Target {
  std::string text;                // as given, without the name to ask for; printable
  net::Endpoint endpoint;          // the host is a name or numeric; port 443 when none was given
  std::optional<std::string> sni;  // the name to ask for; nullopt: none (the host is an address, or it was said)
  Place place;                     // in the file; else empty
};

/// Whether such a name can be asked for: letters, digits, "-", "_" and ".", at most 253. Error{value} says why not.
Result<void> check_name(std::string_view name);

/// "shop.test", "shop.test:8443", "192.0.2.1", "[2001:db8::1]:443". Error{value} says what is wrong with it.
Result<Target> target_of(std::string_view text);

/// A text of one `HOST[:PORT] [SNI]` per line; blank lines and what follows a # do not count, SNI `-` is none. Checked
/// as a whole before anything is asked, and read line by line then, so that a million targets cost their text only.
class Targets {
 public:
  /// `-` is standard input. Error{file, syntax, value} with file:line:column.
  static Result<Targets> of_file(const std::string& file);
  static Result<Targets> of_text(std::string text, const std::string& file);

  std::size_t size() const { return size_; }
  /// One after the other; nullopt when all were given.
  std::optional<Target> next();

 private:
  Targets(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {}
  Result<std::optional<Target>> read();

  std::string text_, file_;
  std::size_t size_ = 0, at_ = 0;
  unsigned line_ = 0;
};

}  // namespace bothends::run
