// Attempts for tests: times are milliseconds since the first start.
#pragma once

#include <chrono>

#include "report/rules/attempt.hpp"

namespace divvy::report {

using std::chrono::milliseconds;

inline Attempt attempt(TaskId task, std::uint32_t slot, int started, int ended,
                       Kind kind = Kind::succeeded) {
  Attempt attempt;
  attempt.task = task;
  attempt.slot = slot;
  attempt.kind = kind;
  attempt.started = std::chrono::seconds(1'000'000) + milliseconds(started);
  attempt.ended = std::chrono::seconds(1'000'000) + milliseconds(ended);
  return attempt;
}

inline Nanoseconds at(int time) { return std::chrono::seconds(1'000'000) + milliseconds(time); }

}  // namespace divvy::report
