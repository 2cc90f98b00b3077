// Whom a probe trusts: the system's certificate authorities or those of a file. They are kept as DER and found by
// subject: parsing all of a system's would cost more than a whole survey.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bothends::run {

class TrustStore {
 public:
  /// All certificates of a PEM file, or the one of a DER file. Error{file} when it cannot be read, Error{value} when no
  /// certificate is in it or one is damaged.
  static Result<TrustStore> of_file(const std::string& file);

  /// Where a system keeps its own.
  struct Places {
    std::string told;                // SSL_CERT_FILE: must be readable when it is not empty
    std::vector<std::string> usual;  // the first that exists
  };
  static Places system_places();
  /// With none of them, a store that is not known(): nothing can be said of trust then.
  static Result<TrustStore> of_system(const Places& places);

  bool known() const { return !name_.empty(); }
  std::size_t size() const { return by_subject_.size(); }
  /// "the system's 140", "corp-ca.pem"; empty when nothing is known.
  const std::string& name() const { return name_; }
  /// Those that issued a certificate of `chain`, or are one of it, by name.
  std::vector<Bytes> anchors_for(const std::vector<Bytes>& chain) const;

 private:
  Result<void> take(std::string_view content, const std::string& file);
  Result<void> take_certificate(Bytes der, unsigned number, const Place& place);

  std::multimap<std::string, Bytes, std::less<>> by_subject_;  // wire::name_key
  std::string name_;
};

}  // namespace bothends::run
