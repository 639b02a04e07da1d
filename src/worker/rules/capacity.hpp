// How many tasks a worker runs at once: as many as it has slots, or as the machine has room for.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "common/time.hpp"

namespace divvy::worker {

/// When a task found no room, there are no more slots than tasks that run, but at least one. They
/// become more again, in steps that double as long as there is room.
class Capacity {
 public:
  static constexpr auto kRetry = std::chrono::seconds(1);

  explicit Capacity(std::uint32_t slots) : all_(slots), now_(slots) {}

  [[nodiscard]] std::uint32_t all() const { return all_; }
  [[nodiscard]] std::uint32_t slots() const { return now_; }

  /// There was no room for one more than `running` tasks.
  void shrink(std::uint64_t running, Time now) {
    now_ = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(running, 1, all_));
    step_ = 1;
    grow_at_ = now + kRetry;
    full_ = running == 0;
  }
  /// Time has passed.
  void grow(Time now) {
    if (!grow_at_ || *grow_at_ > now) return;
    if (!full_) now_ += std::min(step_, all_ - now_);
    step_ = std::min(step_ * 2, all_);
    full_ = false;
    grow_at_ = now_ < all_ ? std::optional(now + kRetry) : std::nullopt;
  }
  /// Whether one more than `running` may be started.
  [[nodiscard]] bool has_room(std::uint64_t running) const { return !full_ && running < now_; }
  /// When it grows.
  [[nodiscard]] std::optional<Time> deadline() const { return grow_at_; }

 private:
  std::uint32_t all_;
  std::uint32_t now_;
  std::uint32_t step_ = 1;
  std::optional<Time> grow_at_;
  bool full_ = false;  // there was no room for a single one
};

}  // namespace divvy::worker
