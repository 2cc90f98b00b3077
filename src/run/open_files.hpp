// How many descriptors this process may have at a time, and how much of that many connections may take.
#pragma once

#include <cstddef>

namespace bothends::run {

/// Raises what this process may have to what it may allow itself, but not above `most`; returns what it may have now.
std::size_t raise_open_files(std::size_t most);

struct Load {
  unsigned jobs = 1, connections = 1;  // targets side by side, and connections to each of them
  friend bool operator==(const Load&, const Load&) = default;
};
/// As much of `wanted` as fits into so many open files, with some to spare for all else that a process has open.
Load load_within(std::size_t open_files, Load wanted);

}  // namespace bothends::run
