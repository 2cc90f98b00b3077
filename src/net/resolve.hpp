// Names to numeric endpoints, without blocking the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/connection.hpp"

namespace bothends::net {

/// One look-up; destroying it forgets it, also from inside `resolved`.
/// The system's resolver (files, DNS) runs in a thread of its own that is left behind when the time is up: it cannot be
/// stopped, and libuv's pool would make the program wait for it at its end.
class Resolution {
 public:
  /// In the order the system prefers, without duplicates, never empty: an unknown name is Error{network}.
  using Resolved = std::function<void(Result<std::vector<Endpoint>>)>;

  /// `resolved` is called once, from the loop, after `deadline` at the latest. A numeric host is not looked up.
  Resolution(Loop& loop, std::string host, std::uint16_t port, milliseconds deadline, Resolved resolved);
  ~Resolution();
  Resolution(const Resolution&) = delete;

 private:
  struct State;
  State* state_;  // owned by the loop until its handles are closed
};

}  // namespace bothends::net
