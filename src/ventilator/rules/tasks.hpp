// What has become of each task.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/range_set.hpp"
#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/attempt_history.hpp"
#include "ventilator/rules/pending_tasks.hpp"
#include "ventilator/rules/second_attempts.hpp"

namespace divvy::ventilator {

/// All tasks of a batch. Each is pending, or with a worker (Fleet knows which), or waits for its
/// next attempt, or is recorded.
class Tasks {
 public:
  Tasks(std::uint32_t retries, std::chrono::milliseconds retry_delay)
      : retries_(retries), retry_delay_(retry_delay) {}

  /// The input has brought `known` tasks so far; `all`: and no more will come.
  void grow(std::uint64_t known, bool all);
  /// A task that is still to be brought goes before those with a lower rank, or with none.
  void rank(TaskId id, PendingTasks::Rank rank) { pending_.rank(id, rank); }
  /// The part of `ids` after the last task; empty while the input may go on.
  [[nodiscard]] Range beyond_input(Range ids) const;

  /// The next pending tasks, at most `most` and at least one, all of one attempt and without their
  /// texts: they are with a worker from now on.
  Assignment take(std::uint64_t most);
  /// Tasks that are to be run again, which take(most) does not bring.
  [[nodiscard]] const SecondAttempts& second_attempts() const { return again_; }
  /// One of those.
  Assignment take_again(TaskId id);
  /// A worker has these: returns those of them that nobody else has and that are not recorded.
  std::vector<Range> claim(Range ids);
  /// No worker has them any more.
  void put_back(Range ids);
  /// Its worker was lost while it ran.
  void strike(TaskId id);

  /// Whether this attempt is under way, as far as is known: news of an earlier one is late.
  [[nodiscard]] bool is_current(TaskId id, std::uint32_t attempt) const;
  /// An attempt failed at a worker and another one is allowed.
  void fail(TaskId id, WorkerId worker, Time now) { history_.fail(id, worker, now + retry_delay_); }
  /// What has waited long enough for its next attempt becomes pending.
  void wake(Time now);
  /// When the next waiting task may be tried again.
  [[nodiscard]] std::optional<Time> deadline() const { return history_.deadline(); }
  /// When the last of them may.
  [[nodiscard]] std::optional<Time> all_due() const { return history_.all_due(); }

  /// Returns those of `ids` that were not recorded before.
  std::vector<Range> record(Range ids, bool failed);
  [[nodiscard]] const RangeSet& done() const { return done_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_.size(); }

  [[nodiscard]] std::uint64_t known() const { return pending_.known(); }
  /// Whether these are all.
  [[nodiscard]] bool all_known() const { return input_ended_; }
  [[nodiscard]] std::uint64_t pending() const { return fresh() + again_.size(); }
  /// Of these, those that take(most) brings.
  [[nodiscard]] std::uint64_t fresh() const { return pending_.pending(); }
  /// Tasks that lost a worker too often, once each: a result is to be made of them.
  [[nodiscard]] std::vector<TaskId> take_lost() { return std::exchange(lost_, {}); }

 private:
  [[nodiscard]] Assignment assignment_of(Range ids) const;

  std::uint32_t retries_;
  std::chrono::milliseconds retry_delay_;
  bool input_ended_ = false;
  PendingTasks pending_;
  RangeSet done_;    // recorded
  RangeSet failed_;  // of these, as failed
  AttemptHistory history_;
  SecondAttempts again_;  // to `pending_` they count as taken
  std::vector<TaskId> lost_;
};

}  // namespace divvy::ventilator
