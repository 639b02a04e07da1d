#include "sink/duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace divvy::sink {
namespace {

using namespace std::chrono;

// Longer than anything takes, and short enough for any integer.
constexpr Seconds kForEver(1e12);

}  // namespace

std::string clock_text(Seconds time) {
  const auto whole = duration_cast<seconds>(std::min(time, kForEver)).count();
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string duration_text(Seconds time) {
  const double seconds = time.count();
  if (seconds < 0.01) return fmt::format("{:.2f} ms", seconds * 1e3);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  return clock_text(time);
}

}  // namespace divvy::sink
