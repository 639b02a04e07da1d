// Whose tasks a worker takes.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <utility>

#include "divvy/messages.hpp"

namespace divvy {

/// One ventilator at a time: a new one takes over for good, so what an old one's lane still brings
/// is not heard any more; and of each only what it said last.
class Following {
 public:
  explicit Following(WorkerId self) : self_(self) {}

  /// Whether a worker is to act on what a lane has brought.
  bool hear(const Lane& lane) {
    if (lane.worker != self_ || former_.contains(lane.ventilator)) return false;
    if (lane.ventilator != ventilator_) {
      former_.insert(std::exchange(ventilator_, lane.ventilator));
      sequence_ = 0;
    }
    if (lane.sequence <= sequence_) return false;
    sequence_ = lane.sequence;
    return true;
  }

  /// Says in a presence whose it is, and up to which message.
  void describe(Presence& presence) const {
    presence.worker = self_;
    presence.ventilator = ventilator_;
    presence.sequence = sequence_;
  }

 private:
  WorkerId self_;
  VentilatorId ventilator_{};
  std::unordered_set<VentilatorId> former_;
  std::uint64_t sequence_ = 0;
};

}  // namespace divvy
