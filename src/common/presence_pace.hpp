// How often a worker says how it is. A ventilator notices by its silence that one is gone.
#pragma once

#include <chrono>

namespace divvy {

inline constexpr std::chrono::milliseconds kPresenceEvery(1000);
/// When it has no tasks: it is less urgent then, and a thousand of them are heard.
inline constexpr std::chrono::milliseconds kIdlePresenceEvery(5000);

}  // namespace divvy
