// The average of what changes over time.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "common/time.hpp"

namespace divvy::sink {

/// Of a number that is told from time to time. When it has changed in between is not known: so
/// between two times the larger of the two numbers counts.
class TimeAverage {
 public:
  /// It is `value` at `now`. The first time begins it. Time does not go back.
  void tell(double value, Time now) {
    if (!begun_) begun_ = now;
    between_ = begun_ == now ? value : std::max(value_, value);
    sum_ += seconds(now - told_) * (begun_ == now ? 0 : between_);
    value_ = value;
    told_ = now;
  }

  [[nodiscard]] bool begun() const { return begun_.has_value(); }
  /// Until `end`, which may lie before the latest time, but not before the one before it.
  [[nodiscard]] double until(Time end) const {
    if (!begun_ || end <= *begun_) return value_;
    const double since = end < told_ ? between_ : value_;
    return (sum_ + seconds(end - told_) * since) / seconds(end - *begun_);
  }

 private:
  static double seconds(Time::duration time) { return std::chrono::duration<double>(time).count(); }

  std::optional<Time> begun_;
  Time told_{};
  double value_ = 0;
  double between_ = 0;  // the latest two times
  double sum_ = 0;      // until the latest time
};

}  // namespace divvy::sink
