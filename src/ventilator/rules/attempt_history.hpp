// What went wrong with a task so far: workers lost, attempts failed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/limits.hpp"

namespace divvy::ventilator {

/// Only tasks with a history cost anything here.
class AttemptHistory {
 public:
  struct Entry {
    std::uint32_t strikes = 0;   // workers lost while they ran it
    std::uint32_t failures = 0;  // attempts that failed and were not the last
    WorkerId failed_at{};        // where the last of these was
    [[nodiscard]] std::uint32_t attempt() const { return 1 + strikes + failures; }
  };

  [[nodiscard]] Entry of(TaskId id) const {
    const auto at = entries_.find(id);
    return at == entries_.end() ? Entry{} : at->second;
  }
  /// The longest first part of `ids` that can be one assignment: one task with a history, or
  /// several without.
  [[nodiscard]] Range alike(Range ids) const {
    const auto next = entries_.lower_bound(ids.first);
    if (next == entries_.end()) return ids;
    return {ids.first, std::min(ids.count, std::max<std::uint64_t>(1, next->first - ids.first))};
  }

  /// Its worker was lost. False: this was strike kMaxStrikes, the task is lost.
  bool strike(TaskId id) { return ++entries_[id].strikes < kMaxStrikes; }
  /// An attempt failed at a worker; the next one waits.
  void fail(TaskId id, WorkerId worker, Time until) {
    Entry& entry = entries_[id];
    ++entry.failures;
    entry.failed_at = worker;
    waiting_.emplace(until, id);
  }
  /// Those of `ids` that have a history.
  [[nodiscard]] std::vector<TaskId> in(Range ids) const {
    std::vector<TaskId> found;
    const auto end = entries_.lower_bound(ids.end());
    for (auto at = entries_.lower_bound(ids.first); at != end; ++at) found.push_back(at->first);
    return found;
  }
  /// It is recorded.
  void forget(Range ids) {
    entries_.erase(entries_.lower_bound(ids.first), entries_.lower_bound(ids.end()));
  }

  /// The failed ones that have waited long enough, once each.
  std::vector<TaskId> take_due(Time now) {
    const auto end = waiting_.upper_bound(now);
    std::vector<TaskId> ids;
    for (auto at = waiting_.begin(); at != end; ++at) ids.push_back(at->second);
    waiting_.erase(waiting_.begin(), end);
    return ids;
  }
  /// When the next waiting task may be tried again.
  [[nodiscard]] std::optional<Time> deadline() const {
    if (waiting_.empty()) return {};
    return waiting_.begin()->first;
  }

  /// When all that wait may have been.
  [[nodiscard]] std::optional<Time> all_due() const {
    if (waiting_.empty()) return {};
    return waiting_.rbegin()->first;
  }

 private:
  std::map<TaskId, Entry> entries_;
  std::multimap<Time, TaskId> waiting_;
};

}  // namespace divvy::ventilator
