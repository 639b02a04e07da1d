// Results that come again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "divvy/protocol.hpp"

namespace divvy::sink {

/// Tells a result that is sent again, on a new connection, from one of another attempt. Attempts in
/// a slot come one after the other, so of those that were told of the last one began last.
class Repetitions {
 public:
  /// Whether this worker has told of this attempt before, as far as can be known; from now on it
  /// has.
  bool is_one(WorkerId worker, const Result& result);

 private:
  // With more workers or slots than this a repetition is not known as one.
  static constexpr std::size_t kMaxSlotsKnown = 1'000'000;

  using Slot = std::uint32_t;
  std::unordered_map<WorkerId, std::unordered_map<Slot, std::int64_t>> last_begun_;
  std::size_t slots_known_ = 0;
};

}  // namespace divvy::sink
