// Whether a worker on another machine is started again.
#pragma once

#include <chrono>
#include <optional>

#include "common/time.hpp"

namespace divvy::launcher {

/// One that was lost is, after a second, and then each time after twice as long, until it has been
/// lost five times within a minute each; one that has never worked is not: its host lacks
/// something.
class Recovery {
 public:
  void works(Time now) { works_since_ = now; }
  [[nodiscard]] bool has_worked() const { return works_since_ || losses_ > 0; }

  /// When to start it again; nothing: never.
  std::optional<Time> lost(Time now) {
    using namespace std::chrono_literals;
    if (!has_worked()) return {};
    if (works_since_ && now - *works_since_ >= 1min) losses_ = 0;
    works_since_.reset();
    if (++losses_ > kMost) return {};
    return now + 1s * (1 << (losses_ - 1));
  }

 private:
  static constexpr int kMost = 5;

  std::optional<Time> works_since_;
  int losses_ = 0;
};

}  // namespace divvy::launcher
