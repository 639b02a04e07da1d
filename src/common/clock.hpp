// The clock; the rules cannot include it.
#pragma once

#include <cstdint>

#include "common/time.hpp"

namespace divvy {

/// Steady, and it stands still while the user has stopped this process (Ctrl-Z): so a pause counts
/// in no timeout, silence or duration.
Time now();

/// Nanoseconds since 1970, UTC. It may jump, so durations are not made of it.
std::int64_t now_utc();

/// Stops this process, as Ctrl-Z would, until somebody continues it.
void pause_process();

/// `time` on the system's own steady clock, CLOCK_MONOTONIC, in nanoseconds.
std::int64_t monotonic(Time time);

}  // namespace divvy
