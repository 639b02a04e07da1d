// Which lane messages a worker acts on.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <utility>

#include "divvy/protocol.hpp"

namespace divvy::worker {

/// Those of one ventilator at a time, in their order: a new ventilator takes over for good, so what
/// a former one still sends is dropped; and so is a message older than the last one.
class LaneFilter {
 public:
  explicit LaneFilter(WorkerId self) : self_(self) {}

  /// Whether the worker is to act on it.
  bool accept(const Lane& lane) {
    if (lane.worker != self_ || former_.contains(lane.ventilator)) return false;
    if (lane.ventilator != ventilator_) {
      former_.insert(std::exchange(ventilator_, lane.ventilator));
      sequence_ = 0;
    }
    if (lane.sequence <= sequence_) return false;
    sequence_ = lane.sequence;
    return true;
  }

  [[nodiscard]] VentilatorId ventilator() const { return ventilator_; }
  /// Of the last message accepted from that one.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

 private:
  WorkerId self_;
  VentilatorId ventilator_{};
  std::unordered_set<VentilatorId> former_;
  std::uint64_t sequence_ = 0;
};

}  // namespace divvy::worker
