// A point in time, for the rules.
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

namespace divvy {

/// Has no now(): the rules get the time as a parameter. Other code includes common/clock.hpp.
struct Clock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
};

using Time = Clock::time_point;

/// What a user gives in seconds, fractions allowed.
inline std::chrono::milliseconds from_seconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace divvy
