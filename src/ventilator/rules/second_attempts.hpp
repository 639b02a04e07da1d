// Tasks that were with a worker before, and are to be run again.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// Which worker gets one of these matters. A task whose worker was lost while it ran runs alone the
/// next time: so it can be told whether it or a neighbour is to blame. A task that has failed goes
/// to another worker, if there is one: the worker may be to blame.
class SecondAttempts {
 public:
  void add_struck(TaskId id) { struck_.insert(id); }
  void add_failed(TaskId id, WorkerId at) { failed_[at].insert(id); }

  [[nodiscard]] std::optional<TaskId> next_struck() const {
    if (struck_.empty()) return {};
    return *struck_.begin();
  }
  /// The next failed task for `worker`: one that has failed elsewhere, or if there is no `other`
  /// worker whichever.
  [[nodiscard]] std::optional<TaskId> next_failed(WorkerId worker, bool other) const {
    for (const auto& [at, ids] : failed_) {
      if (at != worker || !other) return *ids.begin();
    }
    return {};
  }

  /// Takes those of `ids` out that are here, and returns them.
  std::vector<TaskId> take(Range ids) {
    std::vector<TaskId> taken;
    take(struck_, ids, taken);
    for (auto at = failed_.begin(); at != failed_.end();) {
      take(at->second, ids, taken);
      at = at->second.empty() ? failed_.erase(at) : std::next(at);
    }
    return taken;
  }

  [[nodiscard]] bool empty() const { return struck_.empty() && failed_.empty(); }
  [[nodiscard]] std::uint64_t size() const {
    std::uint64_t tasks = struck_.size();
    for (const auto& [at, ids] : failed_) tasks += ids.size();
    return tasks;
  }

 private:
  static void take(std::set<TaskId>& from, Range ids, std::vector<TaskId>& taken) {
    const auto begin = from.lower_bound(ids.first);
    const auto end = from.lower_bound(ids.end());
    taken.insert(taken.end(), begin, end);
    from.erase(begin, end);
  }

  std::set<TaskId> struck_;
  std::map<WorkerId, std::set<TaskId>> failed_;  // by where
};

}  // namespace divvy::ventilator
