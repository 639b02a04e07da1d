// The timeline: a row for each slot, and in it bars.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "report/rules/attempt.hpp"

namespace divvy::report {

/// A slot of a worker.
struct Row {
  std::uint32_t worker = 0;
  std::uint32_t slot = 0;
  std::size_t attempts = 0;
  Nanoseconds busy{};
};

/// An attempt, or several of a row, one after the other, that are too many to be shown each.
struct Bar {
  std::uint32_t row = 0;
  std::size_t first = 0;  // of its attempts, which are consecutive
  std::uint32_t attempts = 1;
  std::uint32_t failed = 0;  // of these
  Nanoseconds started{};
  Nanoseconds ended{};
  Nanoseconds busy{};
};

struct Timeline {
  std::vector<Row> rows;
  std::vector<Bar> bars;  // row by row, by their start
};

/// Puts them in the order of the timeline: by worker, slot and start.
void sort_for_timeline(Attempts& attempts);

/// `attempts` in that order. About `most_bars` at most, but one a row at least: brief neighbours
/// are put together where there would be more.
Timeline timeline_of(const Attempts& attempts, std::size_t most_bars);

}  // namespace divvy::report
