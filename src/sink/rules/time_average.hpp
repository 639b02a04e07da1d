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
    const double between = begun_ == now ? value : std::max(value_, value);
    if (told_ <= marked_) until_mark_ = average(between, marked_);
    sum_ += seconds(now - told_) * (begun_ == now ? 0 : between);
    value_ = value;
    told_ = now;
  }
  /// Remembers this time, and no earlier one. It is not before the latest one that was told.
  void mark(Time now) { marked_ = now; }

  [[nodiscard]] bool begun() const { return begun_.has_value(); }
  /// Until `end`, which is not before the latest time that was told.
  [[nodiscard]] double until(Time end) const { return average(value_, end); }
  /// Until the time that was marked.
  [[nodiscard]] double until_mark() const {
    return told_ <= marked_ ? until(marked_) : until_mark_;
  }

 private:
  static double seconds(Time::duration time) { return std::chrono::duration<double>(time).count(); }

  /// It has been `value` since it was told last.
  [[nodiscard]] double average(double value, Time end) const {
    if (!begun_ || end <= *begun_) return value;
    return (sum_ + seconds(end - told_) * value) / seconds(end - *begun_);
  }

  std::optional<Time> begun_;
  Time told_{};
  double value_ = 0;
  double sum_ = 0;  // until it was told last
  Time marked_{};
  double until_mark_ = 0;
};

}  // namespace divvy::sink
