// Where a worker listens for tasks.
#pragma once

#include <string>
#include <string_view>

#include "divvy/protocol.hpp"

namespace divvy::worker {

/// Where a worker that reports to `feedback` listens, no wider than it must be: a free port on
/// loopback, a free port on the interface that leads to a remote host, or a path beside an ipc one.
/// Throws std::runtime_error if there is no way to the host.
std::string inbox_for(std::string_view feedback, WorkerId worker);

}  // namespace divvy::worker
