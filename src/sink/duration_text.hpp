// Lengths of time for people.
#pragma once

#include <cstdint>
#include <string>

#include "sink/rules/figures.hpp"

namespace divvy::sink {

/// "0:05", "1:02:03".
std::string clock_text(Seconds time);
/// As fine as matters: "0.52 ms", "52 ms", "5.20 s", then as above.
std::string duration_text(Seconds time);

/// A point in time, in nanoseconds since 1970: "2026-01-31 08:05:00 UTC".
std::string utc_text(std::int64_t time);

}  // namespace divvy::sink
