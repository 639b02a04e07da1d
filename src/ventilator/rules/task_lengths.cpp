#include "ventilator/rules/task_lengths.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace divvy::ventilator {
namespace {

// Two lengths in one class differ by less than 5%.
constexpr double kClassesInOctave = 16;
constexpr double kShortest = 1e-6;
constexpr std::size_t kMostClasses = 1024;  // 64 octaves

// How much the longest tasks differ, before anything is known of them; as much as one of them says.
constexpr double kUsualSpread = 0.2;
// The longest: this part of all.
constexpr double kLongestPart = 0.1;
// As if so many tasks were longer than all that have ended.
constexpr double kUnseen = 0.2;
// What is overdue is expected to take this much of it again.
constexpr double kOverdueAgain = 0.5;

std::size_t class_of(double length) {
  const double octaves = std::log2(std::max(length, kShortest) / kShortest);
  return std::min(kMostClasses - 1, static_cast<std::size_t>(octaves * kClassesInOctave));
}

// Hill's estimate: by how much those above a length exceed it, on an average.
double spread_of_longest(const std::vector<TaskLengths::Class>& classes, double all) {
  double count = 0;
  double excess = 0;
  double above = 0;  // of the logarithms of those so far, over that of the class before
  for (auto at = classes.rbegin(); at != classes.rend() && count < kLongestPart * all; ++at) {
    if (at != classes.rbegin()) above = std::log(std::prev(at)->length / at->length);
    excess += count * above;
    count += at->count;
  }
  return (kUsualSpread + excess) / (1 + count);
}

}  // namespace

void TaskLengths::add(double length, double count) {
  const std::size_t index = class_of(length);
  if (index >= sums_.size()) sums_.resize(index + 1);
  sums_[index].length += std::max(length, kShortest) * count;
  sums_[index].count += count;
  const double log = std::log(std::max(length, kShortest));
  count_ += count;
  logs_ += log * count;
  squares_ += log * log * count;
}

std::vector<TaskLengths::Class> TaskLengths::classes() const {
  std::vector<Class> found;
  for (const Sum& sum : sums_) {
    if (sum.count > 0) found.push_back({.length = sum.length / sum.count, .count = sum.count});
  }
  return found;
}

double TaskLengths::dispersion() const {
  if (count_ == 0) return 0;
  const double mean = logs_ / count_;
  return std::max(0.0, squares_ / count_ - mean * mean);
}

LengthCurve::LengthCurve(const TaskLengths& ended, std::vector<double> ages) {
  const auto classes = ended.classes();
  std::sort(ages.begin(), ages.end());
  double at_risk = ended.count() + static_cast<double>(ages.size()) + kUnseen;
  double longer = 1;  // the share of tasks that are
  auto age = ages.begin();
  for (const TaskLengths::Class& one : classes) {
    for (; age != ages.end() && *age < one.length; ++age) at_risk -= 1;
    longer *= 1 - one.count / at_risk;
    at_risk -= one.count;
    steps_.push_back({.length = one.length, .share = 1 - longer});
  }
  spread_ = spread_of_longest(classes, ended.count());
}

double LengthCurve::beyond(double from) const {
  return std::max(spread_ * from, kOverdueAgain * (from - longest()));
}

double LengthCurve::length(double share) const {
  const auto step = std::lower_bound(steps_.begin(), steps_.end(), share,
                                     [](const Step& one, double of) { return one.share < of; });
  if (step != steps_.end()) return step->length;
  const double known = steps_.empty() ? 0 : steps_.back().share;
  return longest() - std::log((1 - share) / (1 - known)) * beyond(longest());
}

double LengthCurve::rest(double age, double share) const {
  if (age >= longest()) return -std::log(1 - share) * beyond(age);
  const auto step = std::upper_bound(steps_.begin(), steps_.end(), age,
                                     [](double of, const Step& one) { return of < one.length; });
  const double shorter = step == steps_.begin() ? 0 : std::prev(step)->share;
  return std::max(0.0, length(shorter + (1 - shorter) * share) - age);
}

double LengthCurve::mean() const {
  double sum = 0;
  double before = 0;
  for (const Step& step : steps_) {
    sum += (step.share - std::exchange(before, step.share)) * step.length;
  }
  return sum + (1 - before) * (longest() + beyond(longest()));
}

}  // namespace divvy::ventilator
