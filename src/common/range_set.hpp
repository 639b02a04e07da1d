// Sets of task ids.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy {

/// A set of task ids. What it costs depends on the number of gaps, not on the number of ids, so a
/// batch of millions that is done in order is one entry.
class RangeSet {
 public:
  RangeSet() = default;
  explicit RangeSet(const std::vector<Range>& ranges) {
    for (const Range& range : ranges) insert(range);
  }

  /// Returns the parts of `range` that were not in the set before, in order.
  std::vector<Range> insert(Range range) {
    std::vector<Range> news;
    auto at = touching(range.first);
    const bool goes_on = at != spans_.end() && at->first <= range.first;
    const auto whole = goes_on ? at++ : spans_.emplace_hint(at, range.first, range.first);
    TaskId next = whole->second;  // what is before that is in the set, or in `news`
    TaskId end = std::max(next, range.end());
    while (at != spans_.end() && at->first <= end) {
      news.push_back({next, at->first - next});
      next = at->second;
      end = std::max(end, next);
      at = spans_.erase(at);
    }
    if (next < end) news.push_back({next, end - next});
    whole->second = end;
    for (const Range& part : news) size_ += part.count;
    return news;
  }

  void erase(Range range) {
    auto at = touching(range.first);
    while (at != spans_.end() && at->first < range.end()) {
      const auto [first, end] = *at;
      at = spans_.erase(at);
      size_ -= end - first;
      if (first < range.first) put(first, std::min(end, range.first));
      if (end > range.end()) put(std::max(first, range.end()), end);
    }
  }

  [[nodiscard]] bool contains(TaskId id) const {
    const auto after = spans_.upper_bound(id);
    return after != spans_.begin() && std::prev(after)->second > id;
  }

  /// The parts of `range` that are in the set, in order.
  [[nodiscard]] std::vector<Range> common(Range range) const {
    std::vector<Range> parts;
    for (auto at = touching(range.first); at != spans_.end() && at->first < range.end(); ++at) {
      const TaskId first = std::max(at->first, range.first);
      const TaskId end = std::min(at->second, range.end());
      if (first < end) parts.push_back({first, end - first});
    }
    return parts;
  }

  /// The parts of `range` that are not in the set, in order.
  [[nodiscard]] std::vector<Range> missing(Range range) const {
    std::vector<Range> parts;
    TaskId next = range.first;
    for (auto at = touching(next); at != spans_.end() && at->first < range.end(); ++at) {
      if (next < at->first) parts.push_back({next, at->first - next});
      next = std::max(next, at->second);
    }
    if (next < range.end()) parts.push_back({next, range.end() - next});
    return parts;
  }

  /// The lowest run of ids in [1, last] that is not in the set; its count is 0 when there is none.
  [[nodiscard]] Range first_gap(TaskId last) const {
    TaskId first = 1;
    auto at = spans_.begin();
    if (at != spans_.end() && at->first == 1) {
      first = at->second;
      ++at;
    }
    const TaskId end = at == spans_.end() ? last + 1 : std::min(at->first, last + 1);
    return {first, end > first ? end - first : 0};
  }

  /// The first run of ids from `from` on that is in the set; its count is 0 when there is none.
  [[nodiscard]] Range next_run(TaskId from) const {
    auto at = touching(from);
    if (at != spans_.end() && at->second <= from) ++at;
    if (at == spans_.end()) return {from, 0};
    const TaskId first = std::max(at->first, from);
    return {first, at->second - first};
  }

  [[nodiscard]] std::vector<Range> ranges() const {
    std::vector<Range> all;
    all.reserve(spans_.size());
    for (const auto& [first, end] : spans_) all.push_back({first, end - first});
    return all;
  }

  /// How many ids are in the set.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return spans_.empty(); }
  friend bool operator==(const RangeSet&, const RangeSet&) = default;

 private:
  using Spans = std::map<TaskId, TaskId>;  // first id -> end, neither overlapping nor adjacent

  /// The first span that ends at or after `first`.
  [[nodiscard]] Spans::const_iterator touching(TaskId first) const {
    auto at = spans_.upper_bound(first);
    if (at != spans_.begin() && std::prev(at)->second >= first) --at;
    return at;
  }
  /// The same, to be changed: erasing nothing gives it.
  [[nodiscard]] Spans::iterator touching(TaskId first) {
    const auto at = std::as_const(*this).touching(first);
    return spans_.erase(at, at);
  }

  void put(TaskId first, TaskId end) {
    spans_.emplace(first, end);
    size_ += end - first;
  }

  Spans spans_;
  std::uint64_t size_ = 0;
};

}  // namespace divvy
