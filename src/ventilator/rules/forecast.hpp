// When the batch will be over, as far as it can be known.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/remaining_time.hpp"
#include "ventilator/rules/task_lengths.hpp"

namespace divvy::ventilator {

/// Learns from what has ended how long the rest will take.
class Forecast {
 public:
  /// The batch at a moment. What neither runs nor is recorded is to be run.
  struct State {
    struct Running {
      TaskId id = 0;
      Time since;
    };
    std::vector<Running> running{};
    std::uint64_t unrecorded = 0;  // tasks, with those that run
    std::uint64_t slots = 0;
    bool pending = false;           // there are tasks that wait for a slot
    bool longest_first = false;     // that is the order in which they are handed out
    std::optional<Time> all_due{};  // when the last task that waits for another attempt may run
  };

  /// What a task is expected to take, or what that is proportional to. Not kept once it is
  /// recorded.
  void expect(TaskId id, std::chrono::nanoseconds cost);
  /// An attempt at each of these tasks has ended, after `duration` together.
  void ended(Range ids, std::chrono::nanoseconds duration, bool is_last);
  void recorded(Range ids);

  /// How long until all is recorded; nothing while nothing is known. To be called about once a
  /// second.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> time_left(const State& state, Time now);

 private:
  [[nodiscard]] bool by_cost() const;
  [[nodiscard]] double cost_of(Range ids) const;
  [[nodiscard]] RemainingWork work_left(const State& state, Time now);
  [[nodiscard]] std::vector<double> pending_costs(const State& state) const;
  void add_sizes(RemainingWork& work, const State& state);
  void note_pace(const State& state, Time now);
  [[nodiscard]] double pace() const;

  TaskLengths lengths_;             // in seconds
  TaskLengths ratios_;              // of length to cost
  std::map<TaskId, double> costs_;  // in seconds; of tasks that are not recorded
  double costs_left_ = 0;           // their sum
  double costs_sum_ = 0;            // of all that were ever told
  double costs_count_ = 0;
  std::vector<double> last_costs_;  // of the tasks that are handed out last, if there are many
  double last_of_ = 0;              // costs that were told when that was so
  double attempts_ = 0;
  double last_attempts_ = 0;  // of these, those that were their tasks' last
  double work_ended_ = 0;     // in seconds

  struct Look {
    Time at;
    double work = 0;  // that was done until then, in seconds
  };
  std::optional<Look> looked_;  // none: no tasks were pending then
  double slot_time_ = 0;        // seconds of all slots together, while tasks were pending
  double slot_work_ = 0;        // that was done in them
};

}  // namespace divvy::ventilator
