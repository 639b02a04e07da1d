// What tasks have used of the machine.
#pragma once

#include <cstdint>

namespace divvy::worker {

/// Of a process and of all that it has waited for, as the kernel says.
struct Usage {
  std::uint64_t cpu = 0;      // nanoseconds, of user and system; 0: not known
  std::uint64_t max_rss = 0;  // bytes: the largest resident set of one of them; 0: not known
};

}  // namespace divvy::worker
