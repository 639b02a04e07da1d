// How long tasks take: what those that have ended took, and what that says of the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace divvy::ventilator {

/// The lengths of tasks that have ended, counted by size: neither memory nor time depends on how
/// many there were. A length is in seconds, or in any other unit.
class TaskLengths {
 public:
  struct Class {
    double length = 0;  // the mean of these
    double count = 0;
  };

  /// `count` tasks of the same length.
  void add(double length, double count);
  [[nodiscard]] double count() const { return count_; }
  /// Those that are not empty, by length.
  [[nodiscard]] std::vector<Class> classes() const;
  /// By how much they differ: the variance of their logarithms.
  [[nodiscard]] double dispersion() const;

 private:
  struct Sum {
    double length = 0;
    double count = 0;
  };

  std::vector<Sum> sums_;
  double count_ = 0;
  double logs_ = 0;  // sum of the logarithms
  double squares_ = 0;
};

/// How long a task takes, as a distribution. Tasks that still run count as well: each has taken
/// longer than its age, which is the Kaplan-Meier estimate. Without them the brief ones would be
/// counted before the long ones. Some tasks
/// may be longer than all that have ended.
class LengthCurve {
 public:
  LengthCurve(const TaskLengths& ended, std::vector<double> ages);

  /// The length that the given share of all tasks does not exceed, from 0 to below 1.
  [[nodiscard]] double length(double share) const;
  /// How long a task of that age still runs, in the given share of all cases at most.
  [[nodiscard]] double rest(double age, double share) const;
  [[nodiscard]] double mean() const;

 private:
  struct Step {
    double length = 0;
    double share = 0;  // of tasks that are not longer
  };

  [[nodiscard]] double longest() const { return steps_.empty() ? 0 : steps_.back().length; }
  [[nodiscard]] double beyond(double from) const;

  std::vector<Step> steps_;
  double spread_ = 0;  // how much longer than the longest, on an average, as a part of it
};

}  // namespace divvy::ventilator
