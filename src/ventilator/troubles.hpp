// The tasks that something went wrong with, and how often.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "divvy/ranges.hpp"
#include "hall/events.hpp"

namespace divvy::ventilator {

/// Only tasks with a history cost anything here.
class Troubles {
 public:
  struct History {
    std::uint32_t strikes = 0;   // workers lost while they ran it
    std::uint32_t failures = 0;  // attempts that failed and were not the last
    [[nodiscard]] std::uint32_t attempt() const { return 1 + strikes + failures; }
  };

  [[nodiscard]] History of(TaskId id) const {
    const auto at = histories_.find(id);
    return at == histories_.end() ? History{} : at->second;
  }
  /// The first of `ids`, with those that follow if none of them has a history.
  [[nodiscard]] Range alike(Range ids) const {
    const auto next = histories_.lower_bound(ids.first);
    if (next == histories_.end()) return ids;
    return {ids.first, std::min(ids.count, std::max<std::uint64_t>(1, next->first - ids.first))};
  }

  /// Its worker was lost. False: once too often.
  bool strike(TaskId id) { return ++histories_[id].strikes < kMostStrikes; }
  /// An attempt failed; the next one waits.
  void fail(TaskId id, Time until) {
    ++histories_[id].failures;
    waiting_.emplace(until, id);
  }
  /// It is recorded.
  void forget(Range ids) {
    histories_.erase(histories_.lower_bound(ids.first), histories_.lower_bound(ids.end()));
  }

  /// The failed ones that have waited long enough, once each.
  std::vector<TaskId> waited(Time now) {
    const auto end = waiting_.upper_bound(now);
    std::vector<TaskId> ids;
    for (auto at = waiting_.begin(); at != end; ++at) ids.push_back(at->second);
    waiting_.erase(waiting_.begin(), end);
    return ids;
  }
  /// When one of them will have.
  [[nodiscard]] std::optional<Time> deadline() const {
    if (waiting_.empty()) return {};
    return waiting_.begin()->first;
  }

 private:
  static constexpr std::uint32_t kMostStrikes = 3;

  std::map<TaskId, History> histories_;
  std::multimap<Time, TaskId> waiting_;
};

}  // namespace divvy::ventilator
