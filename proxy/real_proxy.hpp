// A real proxy, running as a child in a scratch folder of its own, until this is destroyed.
#pragma once

#include "net/connection.hpp"
#include "net/process.hpp"
#include "proxy/driver.hpp"

namespace bothends::proxy {

class RealProxy {
 public:
  using Ready = std::function<void(Result<void>)>;

  /// Writes the scratch folder (0700, files 0600), starts the program and calls `ready` from the loop: with success
  /// after a completed TLS handshake (which is credited to nobody), or with an Error{proxy} that carries the program's
  /// own last words, or what its own test of the configuration says, when it exits or is not ready in time.
  /// Several setups are sites of one process: only with a driver that batches(), and of one batch_key().
  static Result<std::unique_ptr<RealProxy>> start(net::Loop& loop, const Driver& driver, std::vector<Setup> setups,
                                                  Ready ready);
  /// Ends the process group, waits for it at most `stop_within`, blocking, and removes the scratch folder.
  ~RealProxy();
  /// The same without blocking: `stopped` comes from the loop when the program has ended, at once if it has already.
  void stop(std::function<void()> stopped);

  /// Has it read its configuration again, in the driver's way; `done` comes from the loop when it answers a TLS
  /// handshake, or with an Error{proxy}. Only once it is ready, and one at a time.
  void reload(Ready done);
  bool can_reload() const;

  /// Of a site, in the order of the setups.
  std::uint16_t port(std::size_t site = 0) const;
  bool running() const;
  /// How it ended: "exited with 1"; empty while it runs.
  std::string ended() const;
  /// What it logged since the last call, by whole lines, printable; bounded (the last 200 lines of it). When it has
  /// ended, the last line says so, once.
  std::vector<std::string> take_log();
  const std::filesystem::path& folder() const;

  struct State;

 private:
  explicit RealProxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bothends::proxy
