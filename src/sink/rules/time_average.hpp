// The average of what changes over time.
#pragma once

#include <optional>

#include "common/time.hpp"

namespace divvy::sink {

class TimeAverage {
 public:
  /// It is `value` from `now` on. The first time begins it. Time does not go back.
  void set(double value, Time now) {
    if (begun_) {
      sum_ += seconds(now - changed_) * value_;
    } else {
      begun_ = now;
    }
    former_ = begun_ == now ? value : value_;
    value_ = value;
    changed_ = now;
  }

  [[nodiscard]] bool begun() const { return begun_.has_value(); }
  /// Until `end`, which may lie before the latest change, but not before the one before it.
  [[nodiscard]] double until(Time end) const {
    if (!begun_ || end <= *begun_) return value_;
    const double since = end < changed_ ? former_ : value_;
    return (sum_ + seconds(end - changed_) * since) / seconds(end - *begun_);
  }

 private:
  static double seconds(Time::duration time) { return std::chrono::duration<double>(time).count(); }

  std::optional<Time> begun_;
  Time changed_{};
  double value_ = 0;
  double former_ = 0;
  double sum_ = 0;  // until the latest change
};

}  // namespace divvy::sink
