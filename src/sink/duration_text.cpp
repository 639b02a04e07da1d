#include "sink/duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

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

std::string utc_text(std::int64_t time) {
  const std::time_t seconds = time / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string duration_text(Seconds time) {
  const double seconds = time.count();
  if (seconds > 0 && seconds < 1e-4) return fmt::format("{:.2f} us", seconds * 1e6);
  if (seconds < 0.01) return fmt::format("{:.2f} ms", seconds * 1e3);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  return clock_text(time);
}

}  // namespace divvy::sink
