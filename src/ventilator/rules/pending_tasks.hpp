// The tasks that no worker has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/range_set.hpp"

namespace divvy::ventilator {

/// A task is pending from when the input brings it until it is taken, and again once it is put
/// back. What matters is only which tasks are taken, so a batch of millions costs a few ranges,
/// unless tasks are ranked.
class PendingTasks {
 public:
  using Rank = std::int64_t;

  /// The input has brought `known` tasks so far.
  void grow(std::uint64_t known) {
    if (known <= known_) return;
    const auto news = taken_.missing({known_ + 1, known - known_});
    known_ = known;
    for (const Range& part : news) add(part);
  }

  /// Tasks with a rank go before all others, the highest first. To be called before the task is
  /// known, or while it is taken.
  void rank(TaskId id, Rank rank) { ranks_[id] = rank; }
  /// They are recorded, so that their ranks do not matter any more.
  void retire(Range ids) {
    claim(ids);
    ranks_.erase(ranks_.lower_bound(ids.first), ranks_.lower_bound(ids.end()));
  }

  /// The next pending tasks, consecutive and at most `most` of them: of those with a rank a single
  /// one, else those with the lowest ids; none pending: a count of 0. They stay pending until
  /// claimed.
  [[nodiscard]] Range next(std::uint64_t most) const {
    if (!ranked_.empty()) return {ranked_.begin()->second, 1};
    Range gap = taken_.first_gap(known_);
    gap.count = std::min(gap.count, most);
    return gap;
  }

  /// Takes those of `ids` that nobody has, even ones that the input has not brought yet, and
  /// returns them.
  std::vector<Range> claim(Range ids) {
    std::vector<Range> news = taken_.insert(ids);
    for (const Range& part : news) {
      pending_ -= within_known(part).count;
      for_each_rank(part, [this](auto entry) { ranked_.erase(entry); });
    }
    return news;
  }

  void put_back(Range ids) {
    for (const Range& part : taken_.common(ids)) add(within_known(part));
    taken_.erase(ids);
  }

  [[nodiscard]] std::uint64_t pending() const { return pending_; }
  [[nodiscard]] std::uint64_t known() const { return known_; }

 private:
  using Ranked = std::pair<Rank, TaskId>;  // the rank's negative, so that the highest comes first

  void add(Range ids) {
    pending_ += ids.count;
    for_each_rank(ids, [this](auto entry) { ranked_.insert(entry); });
  }

  void for_each_rank(Range ids, auto act) const {
    const auto end = ranks_.lower_bound(ids.end());
    for (auto at = ranks_.lower_bound(ids.first); at != end; ++at) {
      act(Ranked{-at->second, at->first});
    }
  }

  [[nodiscard]] Range within_known(Range ids) const {
    return {ids.first, ids.first > known_ ? 0 : std::min(ids.end(), known_ + 1) - ids.first};
  }

  RangeSet taken_;
  std::uint64_t known_ = 0;
  std::uint64_t pending_ = 0;
  std::map<TaskId, Rank> ranks_;
  std::set<Ranked> ranked_;  // those of the pending tasks
};

}  // namespace divvy::ventilator
