#include "ventilator/rules/remaining_time.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>
#include <random>

namespace divvy::ventilator {
namespace {

constexpr int kDeals = 15;
// The end that is told: of what may happen a little below the middle, for the tail is long.
constexpr int kTold = 6;
// Of more tasks the first ones are only added up, and more slots are scaled down.
constexpr std::size_t kMostTasks = 1000;
constexpr double kMostSlots = 400;

/// When each slot is free, the soonest first.
using Slots = std::priority_queue<double, std::vector<double>, std::greater<>>;

/// The numbers 0 to count - 1, in an order that is the same each time.
std::vector<std::size_t> shuffled(std::size_t count, std::minstd_rand& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t left = count; left > 1; --left)
    std::swap(order[left - 1], order[random() % left]);
  return order;
}

/// One way in which it may go.
class Deal {
 public:
  Deal(const RemainingWork& work, const LengthCurve& curve, int number)
      : work_(work),
        curve_(curve),
        offset_((number + 0.5) / kDeals),
        random_(static_cast<unsigned>(number) + 1) {}

  /// Of `tasks`, the sizes of the last pending ones; those before them take `before` seconds of
  /// slots.
  double play(const std::vector<double>& tasks, double before) {
    run_on();
    skip(before);
    const auto order = shuffled(tasks.size(), random_);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const double length = curve_.length(share(order[i], tasks.size()));
      const double end = slots_.top() + length * tasks[i] / work_.pace;
      slots_.pop();
      add(end);
    }
    return last_;
  }

 private:
  // Each task gets another part of the curve, and in each deal another point of that part.
  [[nodiscard]] double share(std::size_t index, std::size_t of) const {
    return (static_cast<double>(index) + offset_) / static_cast<double>(of);
  }

  void run_on() {
    const auto order = shuffled(work_.running.size(), random_);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto& [age, size] = work_.running[i];
      add(curve_.rest(age / size, share(order[i], order.size())) * size);
    }
    while (static_cast<double>(slots_.size()) < work_.slots) slots_.push(0);
  }

  // So much is done by whichever slots are free first.
  void skip(double work) {
    if (work <= 0) return;
    std::vector<double> level;
    double until = slots_.top();
    while (!slots_.empty() && (level.empty() || slots_.top() < until)) {
      const auto count = static_cast<double>(level.size());
      level.push_back(slots_.top());
      slots_.pop();
      const double sum = std::accumulate(level.begin(), level.end(), work);
      until = sum / (count + 1);
    }
    for (std::size_t i = 0; i < level.size(); ++i) add(until);
  }

  void add(double end) {
    last_ = std::max(last_, end);
    slots_.push(end);
  }

  const RemainingWork& work_;
  const LengthCurve& curve_;
  double offset_;
  std::minstd_rand random_;
  Slots slots_;
  double last_ = 0;
};

// A part of many slots has its part of the tasks.
RemainingWork scaled_down(const RemainingWork& work) {
  const double part = kMostSlots / work.slots;
  const auto every = static_cast<std::size_t>(1 / part);
  RemainingWork some{.before = work.before * part,
                     .more = work.more * part,
                     .size_of_more = work.size_of_more,
                     .slots = kMostSlots,
                     .pace = work.pace};
  for (std::size_t i = 0; i < work.running.size(); i += every)
    some.running.push_back(work.running[i]);
  for (std::size_t i = 0; i < work.sizes.size(); i += every) some.sizes.push_back(work.sizes[i]);
  return some;
}

}  // namespace

double remaining_time(const RemainingWork& work, const LengthCurve& curve) {
  if (work.slots > 2 * kMostSlots) return remaining_time(scaled_down(work), curve);
  std::vector<double> tasks = work.sizes;
  double before = work.before;
  const double most_more = std::min(work.more, static_cast<double>(kMostTasks));
  tasks.insert(tasks.end(), static_cast<std::size_t>(std::lround(most_more)), work.size_of_more);
  before += (work.more - most_more) * work.size_of_more;
  if (tasks.size() > kMostTasks) {
    const auto end = tasks.end() - kMostTasks;
    before = std::accumulate(tasks.begin(), end, before);
    tasks.erase(tasks.begin(), end);
  }
  before *= curve.mean() / work.pace;
  std::vector<double> ends;
  ends.reserve(kDeals);
  for (int number = 0; number < kDeals; ++number) {
    ends.push_back(Deal(work, curve, number).play(tasks, before));
  }
  const auto told = ends.begin() + kTold;
  std::nth_element(ends.begin(), told, ends.end());
  return *told;
}

}  // namespace divvy::ventilator
