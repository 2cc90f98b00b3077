// Which version of a proxy is installed: asked of its program, and only when somebody needs to know.
#pragma once

#include <functional>
#include <memory>

#include "net/process.hpp"
#include "proxy/driver.hpp"

namespace bothends::proxy {

class AskedVersion {
 public:
  using Told = std::function<void(Result<std::string>)>;
  /// `told` comes once, from the loop, within four seconds, and may destroy this: the first dotted number that the
  /// program prints, or an Error that says what it did instead. The driver has `version`, and its program is there.
  AskedVersion(net::Loop& loop, const Driver& driver, Told told);

 private:
  Result<void> begin(net::Loop& loop);
  void tell(Result<std::string> result);

  Driver driver_;
  Told told_;
  std::unique_ptr<net::Timer> limit_;
  std::unique_ptr<net::Process> process_;
};

/// "1.22.1" of "nginx version: nginx/1.22.1"; empty when there is none.
std::string version_in(std::string_view output);
/// Whether the driver's `default` is true of it: "1.22" and "1.22.1" are of "1.22", "1.2" and "1.220" are not.
bool is_tested(const Driver& driver, std::string_view version);

}  // namespace bothends::proxy
