// Numbers for the slots of a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace divvy::worker {

/// From `first` on, each time the lowest number that is not in use.
class Slots {
 public:
  explicit Slots(std::uint32_t first) : unused_(first) {}

  std::uint32_t take() {
    if (freed_.empty()) return unused_++;
    const std::uint32_t lowest = freed_.top();
    freed_.pop();
    return lowest;
  }
  void free(std::uint32_t slot) { freed_.push(slot); }

 private:
  std::uint32_t unused_;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> freed_;
};

}  // namespace divvy::worker
