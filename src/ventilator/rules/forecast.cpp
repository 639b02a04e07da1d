#include "ventilator/rules/forecast.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace divvy::ventilator {
namespace {

using std::chrono::nanoseconds;

using Seconds = std::chrono::duration<double>;

constexpr double kSmallestCost = 1e-3;
// What the costs are worth before any task has ended: as if so many had taken just that.
constexpr double kBelief = 5;
// Lengths that differ by about a tenth.
constexpr double kSmallDispersion = 0.01;
// In so many seconds of slots it is not yet seen for which part of it they are in use.
constexpr double kFirstSlotTime = 2;
constexpr double kLowestPace = 0.02;
// Of more pending tasks the costs of the last ones are looked at, and of the others their sum: the
// last ones stay the same until there are few.
constexpr std::size_t kManyCosts = 8000;
constexpr std::size_t kLastCosts = 2000;

double seconds(nanoseconds time) { return Seconds(time).count(); }

nanoseconds whole(double time) {
  const auto most = static_cast<double>(kMaxNanoseconds);
  return nanoseconds(static_cast<std::int64_t>(std::clamp(time * 1e9, 1.0, most)));
}

}  // namespace

void Forecast::expect(TaskId id, nanoseconds cost) {
  const double size = std::max(seconds(cost), kSmallestCost);
  double& known = costs_[id];
  costs_left_ += size - known;
  known = size;
  costs_sum_ += size;
  costs_count_ += 1;
}

void Forecast::ended(Range ids, nanoseconds duration, bool is_last) {
  const auto count = static_cast<double>(ids.count);
  const double together = seconds(duration);
  lengths_.add(together / count, count);
  work_ended_ += together;
  attempts_ += count;
  if (is_last) last_attempts_ += count;
  if (costs_.empty()) return;
  ratios_.add(together / cost_of(ids), count);
}

void Forecast::recorded(Range ids) {
  if (costs_.empty()) return;
  const auto end = costs_.lower_bound(ids.end());
  for (auto at = costs_.lower_bound(ids.first); at != end; at = costs_.erase(at))
    costs_left_ -= at->second;
}

// Costs that explain nothing, such as numbers that are no lengths, are worse than none.
bool Forecast::by_cost() const {
  if (costs_count_ == 0) return false;
  return ratios_.count() < kBelief ||
         ratios_.dispersion() < lengths_.dispersion() + kSmallDispersion;
}

double Forecast::cost_of(Range ids) const {
  double sum = 0;
  double found = 0;
  const auto end = costs_.lower_bound(ids.end());
  for (auto at = costs_.lower_bound(ids.first); at != end; ++at) {
    sum += at->second;
    found += 1;
  }
  return sum + (static_cast<double>(ids.count) - found) * costs_sum_ / costs_count_;
}

std::optional<nanoseconds> Forecast::time_left(const State& state, Time now) {
  note_pace(state, now);
  const bool nothing_known = lengths_.count() == 0 && costs_count_ == 0;
  if (nothing_known || state.slots == 0) return {};
  const RemainingWork work = work_left(state, now);
  TaskLengths ended = by_cost() ? ratios_ : lengths_;
  if (by_cost()) ended.add(1, kBelief / (1 + ratios_.count()));
  std::vector<double> ages;
  for (const auto& [age, size] : work.running) ages.push_back(age / size);
  const LengthCurve curve(ended, std::move(ages));
  double left = remaining_time(work, curve);
  if (state.all_due) left = std::max(left, seconds(*state.all_due - now) + curve.mean());
  return whole(left);
}

RemainingWork Forecast::work_left(const State& state, Time now) {
  RemainingWork work{.slots = static_cast<double>(state.slots), .pace = pace()};
  for (const auto& [id, since] : state.running) {
    const double age = seconds(std::max(now - since, nanoseconds(0)));
    work.running.push_back({.age = age, .size = by_cost() ? cost_of({id, 1}) : 1});
  }
  const auto unrecorded = static_cast<double>(state.unrecorded);
  const double waiting = std::max(0.0, unrecorded - static_cast<double>(state.running.size()));
  const double attempts = (attempts_ + 1) / (last_attempts_ + 1);  // that a task takes
  work.more = waiting;
  if (by_cost()) {
    add_sizes(work, state);
    work.size_of_more = costs_sum_ / costs_count_;
  }
  work.more += (attempts - 1) * unrecorded;
  return work;
}

std::vector<double> Forecast::pending_costs(const State& state) const {
  std::vector<TaskId> running;
  for (const auto& one : state.running) running.push_back(one.id);
  std::sort(running.begin(), running.end());
  std::vector<double> pending;
  for (const auto& [id, cost] : costs_) {
    if (!std::binary_search(running.begin(), running.end(), id)) pending.push_back(cost);
  }
  if (state.longest_first) std::sort(pending.begin(), pending.end(), std::greater<>());
  return pending;
}

void Forecast::add_sizes(RemainingWork& work, const State& state) {
  auto pending = static_cast<double>(costs_.size());
  if (costs_.size() <= kManyCosts) {
    work.sizes = pending_costs(state);
    pending = static_cast<double>(work.sizes.size());
  } else {
    if (std::exchange(last_of_, costs_count_) != costs_count_) {
      last_costs_ = pending_costs(state);
      last_costs_.erase(last_costs_.begin(), last_costs_.end() - kLastCosts);
    }
    work.sizes = last_costs_;
    double others = costs_left_ - std::accumulate(last_costs_.begin(), last_costs_.end(), 0.0);
    for (const auto& one : state.running) {
      const auto known = costs_.find(one.id);
      if (known == costs_.end()) continue;
      others -= known->second;
      pending -= 1;
    }
    work.before = std::max(0.0, others);
  }
  work.more = std::max(0.0, work.more - pending);
}

// To start a task takes time, too, and there may be reasons to wait before.
void Forecast::note_pace(const State& state, Time now) {
  double work = work_ended_;
  for (const auto& one : state.running) work += seconds(std::max(now - one.since, nanoseconds(0)));
  if (looked_ && state.pending) {
    slot_time_ += seconds(now - looked_->at) * static_cast<double>(state.slots);
    slot_work_ += work - looked_->work;
  }
  looked_.reset();
  if (state.pending) looked_ = {.at = now, .work = work};
}

double Forecast::pace() const {
  if (slot_time_ < kFirstSlotTime) return 1;
  return std::clamp(slot_work_ / slot_time_, kLowestPace, 1.0);
}

}  // namespace divvy::ventilator
