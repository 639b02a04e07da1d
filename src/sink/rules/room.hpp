// Whether a sink has room for one more batch, and which others give way to it.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// A batch whose ventilator has not been heard for so long is gone on with only by who has a
/// journal, once others begin.
inline constexpr std::chrono::minutes kGivenUp{1};

/// A batch that is under way.
struct PresentBatch {
  BatchId id{};
  Time last_announced;
};

struct Room {
  bool there = false;
  std::vector<BatchId> give_way{};  // these end first
};

/// For another batch beside the present ones, of which there may be `most` at once. Who is given up
/// gives way, and if there are too many all the same the one that has been silent for longest, if
/// its ventilator is gone.
Room room_for_another(std::vector<PresentBatch> present, std::size_t most, Time now);

}  // namespace divvy::sink
