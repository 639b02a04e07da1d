// The tasks that are nobody's yet.
#pragma once

#include <algorithm>

#include "divvy/ranges.hpp"

namespace divvy::ventilator {

/// A task is pending from when the input brings it until it is taken, and again once it is put
/// back. What matters is only which tasks are taken, so a batch of millions costs a few ranges.
class Pool {
 public:
  /// The input has brought `known` tasks so far.
  void grow(std::uint64_t known) {
    if (known <= known_) return;
    for (const Range& part : taken_.missing({known_ + 1, known - known_})) pending_ += part.count;
    known_ = known;
  }

  /// The pending tasks with the lowest ids, consecutive and at most `most` of them; none pending: a
  /// count of 0. They stay pending until claimed.
  [[nodiscard]] Range next(std::uint64_t most) const {
    Range gap = taken_.first_gap(known_);
    gap.count = std::min(gap.count, most);
    return gap;
  }

  /// Takes those of `ids` that nobody has, even ones that the input has not brought yet, and
  /// returns them.
  std::vector<Range> claim(Range ids) {
    std::vector<Range> news = taken_.missing(ids);
    for (const Range& part : news) pending_ -= within_known(part);
    taken_.insert(ids);
    return news;
  }

  void put_back(Range ids) {
    for (const Range& part : taken_.common(ids)) pending_ += within_known(part);
    taken_.erase(ids);
  }

  [[nodiscard]] std::uint64_t pending() const { return pending_; }
  [[nodiscard]] std::uint64_t known() const { return known_; }

 private:
  [[nodiscard]] std::uint64_t within_known(Range ids) const {
    return ids.first > known_ ? 0 : std::min(ids.end(), known_ + 1) - ids.first;
  }

  RangeSet taken_;
  std::uint64_t known_ = 0;
  std::uint64_t pending_ = 0;
};

}  // namespace divvy::ventilator
