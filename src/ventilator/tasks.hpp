// What has become of each task.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "divvy/ranges.hpp"
#include "hall/events.hpp"
#include "ventilator/pool.hpp"
#include "ventilator/troubles.hpp"

namespace divvy::ventilator {

/// Tasks of one attempt to hand to a worker.
struct Portion {
  Range ids;
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  friend bool operator==(const Portion&, const Portion&) = default;
};

/// All tasks of a batch. One is pending, with a worker (with which is the fleet's business), waits
/// for its next attempt, or is recorded.
class Tasks {
 public:
  Tasks(std::uint32_t retries, std::chrono::milliseconds retry_delay)
      : retries_(retries), retry_delay_(retry_delay) {}

  /// The input has brought `known` tasks so far; `all`: and no more will come.
  void grow(std::uint64_t known, bool all);
  /// A task that is still to be brought goes before those with a lower rank, or with none.
  void rank(TaskId id, Pool::Rank rank) { pool_.rank(id, rank); }
  /// What of `ids` is no task, as far as is known.
  [[nodiscard]] Range beyond_input(Range ids) const;

  /// The next pending tasks, at most `most` and at least one: they are with a worker from now on.
  Portion take(std::uint64_t most);
  /// A worker has these: returns those of them that nobody else has and that are not recorded.
  std::vector<Range> claim(Range ids) { return pool_.claim(ids); }
  /// No worker has them any more.
  void put_back(Range ids);
  /// Its worker was lost while it ran.
  void strike(TaskId id);

  /// Whether this attempt is under way, as far as is known: news of an earlier one is late.
  [[nodiscard]] bool is_current(TaskId id, std::uint32_t attempt) const;
  /// An attempt failed and another one is allowed.
  void fail(TaskId id, Time now) { troubles_.fail(id, now + retry_delay_); }
  /// What has waited long enough for its next attempt is pending.
  void release(Time now);
  /// When there will be something to release.
  [[nodiscard]] std::optional<Time> deadline() const { return troubles_.deadline(); }

  /// Returns what of it is news.
  std::vector<Range> record(Range ids, bool failed);
  [[nodiscard]] const RangeSet& done() const { return done_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_.size(); }

  [[nodiscard]] std::uint64_t known() const { return pool_.known(); }
  [[nodiscard]] std::uint64_t pending() const { return pool_.pending(); }
  /// Tasks that lost a worker too often, once each: a result is to be made of them.
  [[nodiscard]] std::vector<TaskId> take_given_up() { return std::exchange(given_up_, {}); }

 private:
  std::uint32_t retries_;
  std::chrono::milliseconds retry_delay_;
  bool whole_ = false;  // the input has ended
  Pool pool_;
  RangeSet done_;    // recorded
  RangeSet failed_;  // of these, as failed
  Troubles troubles_;
  std::vector<TaskId> given_up_;
};

}  // namespace divvy::ventilator
