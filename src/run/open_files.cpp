#include "run/open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace bothends::run {

namespace {
constexpr std::size_t spare = 64;  // the loop, name lookups, reports, connections that only part
}  // namespace

std::size_t raise_open_files(std::size_t most) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return most;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min<rlim_t>(limit.rlim_max, most));
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, most));
}

Load load_within(std::size_t open_files, Load wanted) {
  const std::size_t room = open_files > 2 * spare ? open_files - spare : std::max<std::size_t>(1, open_files / 2);
  const auto connections = std::clamp<std::size_t>(wanted.connections, 1, room);
  const auto jobs = std::clamp<std::size_t>(wanted.jobs, 1, std::max<std::size_t>(1, room / connections));
  return {static_cast<unsigned>(jobs), static_cast<unsigned>(connections)};
}

}  // namespace bothends::run
