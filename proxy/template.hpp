// A driver's templates (mustache), and what they may use.
#pragma once

#include <kainjow/mustache.hpp>

#include "proxy/driver.hpp"

namespace bothends::proxy {

/// Collects what a template may use; remembers what must not be written.
class Scope {
 public:
  /// What may stand in any proxy's configuration without quoting: paths, numbers, lists of suites.
  void text(const std::string& name, const std::string& value);
  /// A DNS name or an address, also with a wildcard's star or the root's dot.
  void name(const std::string& name, const std::string& value);
  void flag(const std::string& name, bool value);
  /// A text, and has_NAME for sections.
  void optional(const std::string& name, const std::string& value);
  void list(const std::string& name, const std::vector<Scope>& scopes);

  const kainjow::mustache::data& data() const { return data_; }
  /// The first value that cannot be written; empty when all can.
  const std::string& bad() const { return bad_; }

 private:
  void set(const std::string& name, const std::string& value, bool good);
  kainjow::mustache::data data_{kainjow::mustache::data::type::object};
  std::string bad_;
};

/// Error{value} when the template is wrong or uses something that is not in template_names(); `what` is its name in
/// messages.
Result<std::string> rendered(const Driver& driver, const std::string& what, const std::string& text,
                             const Scope& scope);
/// Whether a template has a section of this name.
bool has_section(std::string_view text, std::string_view name);

}  // namespace bothends::proxy
