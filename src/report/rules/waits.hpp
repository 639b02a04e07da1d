// Where time went without work: idle slots, stalls, and the end of the batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "report/rules/attempt.hpp"
#include "report/rules/timeline.hpp"

namespace divvy::report {

/// From the first start in the batch to the last end, a slot had nothing to do for so long.
struct Idle {
  std::uint32_t row = 0;
  Nanoseconds since{};
  Nanoseconds until{};
  [[nodiscard]] Nanoseconds length() const { return until - since; }
};
/// The longest, at most `most`. `attempts` in the timeline's order, as are the rows.
std::vector<Idle> longest_idle(const Attempts& attempts, const std::vector<Row>& rows,
                               std::size_t most);

/// Nothing ended, until this attempt did.
struct Stall {
  Nanoseconds since{};
  std::size_t attempt = 0;
};
std::vector<Stall> longest_stalls(const Attempts& attempts, std::size_t most);

/// From then on less than half as many ran as at most, until the batch's last end.
struct Tail {
  Nanoseconds since{};
  std::vector<std::size_t>
      attempts;  // that ran then, or started later; those that ended last first
};
/// `most_at_once`: how many ran at most. Nothing if that were fewer than two.
std::optional<Tail> tail_of(const Attempts& attempts, std::uint64_t most_at_once, std::size_t most);

}  // namespace divvy::report
