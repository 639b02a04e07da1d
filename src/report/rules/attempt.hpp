// Attempts as a journal has them, and what a report makes of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy::report {

/// Durations, and times since 1970, UTC.
using Nanoseconds = std::chrono::nanoseconds;

/// What came of an attempt; the page has them in this order.
enum class Kind : std::uint8_t {
  succeeded,
  failed,       // and that is the task's result
  retried,      // failed, and the task was tried again
  interrupted,  // its worker was told to leave at once
  duplicate,    // succeeded, while another attempt is the task's result
};

/// One that has run: nobody knows of those that were lost with their workers when they did.
struct Attempt {
  TaskId task{};
  std::uint32_t worker = 0;  // a number, in the order of the workers' names
  std::uint32_t slot = 0;    // 0: not known
  std::uint32_t number = 1;  // the task's first attempt is 1
  std::uint8_t outcome = 0;  // a number, for its name
  std::int32_t status = 0;
  Kind kind = Kind::succeeded;
  Nanoseconds started{};
  Nanoseconds ended{};
  Nanoseconds cpu{};          // 0: not known
  std::uint64_t max_rss = 0;  // bytes; 0: not known

  [[nodiscard]] Nanoseconds took() const { return ended - started; }
  [[nodiscard]] bool failed() const { return kind == Kind::failed || kind == Kind::retried; }
  /// Whether it is its task's result.
  [[nodiscard]] bool recorded() const { return kind == Kind::succeeded || kind == Kind::failed; }
};

using Attempts = std::vector<Attempt>;

/// From the first start of any attempt to the last end.
struct Span {
  Nanoseconds from{};
  Nanoseconds to{};
  [[nodiscard]] Nanoseconds length() const { return to - from; }
};

/// Of none it is empty.
Span span_of(const Attempts& attempts);

}  // namespace divvy::report
