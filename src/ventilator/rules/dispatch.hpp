// Who gets which task, and when: the policy alone. Events and the time go in, orders come out; it
// knows of no socket, no clock and no task's text.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/fleet.hpp"
#include "ventilator/rules/forecast.hpp"
#include "ventilator/rules/orders.hpp"
#include "ventilator/rules/tasks.hpp"

namespace divvy::ventilator {

class Dispatch {
 public:
  struct Settings {
    std::size_t workers_wanted = 1;  // before the first task is handed out
    std::uint32_t retries = 0;
    std::chrono::milliseconds retry_delay{0};
    std::chrono::milliseconds lost_after{3000};
    std::uint64_t most_ahead = 65536;  // tasks that a worker holds beyond its slots
  };

  Dispatch(VentilatorId self, BatchId batch, Settings settings)
      : self_(self),
        batch_(batch),
        settings_(settings),
        tasks_(settings.retries, settings.retry_delay),
        orders_(self, batch) {}

  // --- events ---

  /// The input has brought `tasks` tasks so far; `all`: and no more will come.
  void input(std::uint64_t tasks, bool all = false) { tasks_.grow(tasks, all); }
  /// A task that is still to be brought goes before those with a lower rank, or with none.
  void rank(TaskId id, PendingTasks::Rank rank) {
    tasks_.rank(id, rank);
    longest_first_ = true;
  }
  /// What a task is expected to take.
  void expect(TaskId id, std::chrono::nanoseconds cost) { forecast_.expect(id, cost); }
  /// These are not to be run: their texts have succeeded in an earlier batch.
  void skip(Range ids) { tasks_.record(ids, false); }
  /// Tasks may be handed out from now on: what is recorded is known and checked, and workers had
  /// the time to say what they hold.
  void allow_start() { may_start_ = true; }
  /// Hands out no more and recalls what was not started. `abort`: workers kill what runs, also
  /// those that come later.
  void stop(bool abort = false);
  /// A worker's state; `inbox` is its inbox as reached from here, or stands for the lane that it
  /// has opened; empty: it has none. False: it made no sense, or there are too many workers, and
  /// was dropped.
  bool presence(const Presence& presence, const std::string& inbox, Time now);
  /// The worker's connection is closed. It is gone unless it is heard through another one soon.
  void disconnected(WorkerId worker, Time now);
  /// Whether this ventilator reaches the sink: a worker that does not is then the only one.
  void sink_reached(bool reached) { sink_reached_ = reached; }
  /// Whether the sink wants what tasks print while they run. Workers are told when it changes.
  void live(bool wanted);
  /// Returns the ids that are recorded now and were not before.
  std::vector<Range> receipt(const Receipt& receipt, Time now);

  // --- decisions ---

  /// All that is to be done now.
  Orders decide(Time now);
  /// When to decide again even if nothing happens.
  [[nodiscard]] std::optional<Time> deadline() const;
  /// Tasks that lost a worker too often, once each: a result is to be made of them.
  [[nodiscard]] std::vector<TaskId> take_lost_tasks() { return tasks_.take_lost(); }

  // --- figures ---

  [[nodiscard]] std::uint64_t recorded() const { return tasks_.done().size(); }
  [[nodiscard]] bool is_recorded(TaskId id) const { return tasks_.done().contains(id); }
  /// Whether some of `ids` is no task, as far as is known: a ventilator that was started again
  /// hears of tasks that it has not read yet.
  [[nodiscard]] bool is_beyond_input(Range ids) const { return tasks_.beyond_input(ids).count > 0; }
  [[nodiscard]] std::uint64_t failed() const { return tasks_.failed(); }
  [[nodiscard]] std::uint64_t pending() const { return tasks_.pending(); }
  /// Tasks that workers hold.
  [[nodiscard]] std::uint64_t outstanding() const { return fleet_.outstanding(); }
  [[nodiscard]] bool knows(WorkerId worker) { return fleet_.find(worker) != nullptr; }
  /// Whether the worker has answered on its lane.
  [[nodiscard]] bool hears(WorkerId worker) {
    const Member* const member = fleet_.find(worker);
    return member != nullptr && member->up;
  }
  /// Workers that are up, their slots, and how many of these are in use.
  [[nodiscard]] std::size_t workers() const { return fleet_.up(); }
  [[nodiscard]] std::uint64_t slots() const { return fleet_.slots(); }
  [[nodiscard]] std::uint64_t busy_slots() const;
  /// For how long what workers and the sink say may be left unheard.
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool is_handing_out() const { return phase_ == Phase::handing_out; }
  /// Whether the first worker that was up takes tasks for workloads; nothing: there was none yet.
  [[nodiscard]] std::optional<bool> workloads() const { return workloads_; }

  struct Outlook {
    /// Until each task is recorded, as is to be expected; nothing while too little is known, or not
    /// all is to be run.
    std::optional<std::chrono::nanoseconds> time_left{};
    TaskId oldest = 0;  // of the tasks that run the one that has run longest; 0: none
    std::chrono::nanoseconds oldest_age{0};
  };
  /// To be asked about once a second; it takes a few milliseconds at most.
  [[nodiscard]] Outlook outlook(Time now);

 private:
  bool make_room(Time now);
  void note_sink(Member& member, bool reaches_sink, Time now);
  void reconcile(Member& member, const Presence& presence);
  void adopt(Member& member, Range ids);
  void recall_strays(Member& member, const std::vector<Range>& queued);
  void lose_worker(WorkerId worker, const std::string& reason);
  void forget(Member& member, const Orders::Close& loss = {});

  void note_duration(const Receipt& receipt);
  void judge(Member& member, bool succeeded, Time now);
  [[nodiscard]] bool somebody_succeeds();
  void reinstate(Time now);
  void retry(const Receipt& receipt, Time now);
  std::vector<Range> record(const Receipt& receipt);
  std::vector<Range> release(Member& member, Range ids);

  void lose_silent_workers(Time now);
  void relieve_cut_off_workers(Time now);
  void relieve(Member& member);
  void open_lane(Member& member, const std::string& inbox, Time now);
  void run_struck_alone();
  Member* empty_worker();
  void reserve_worker();
  void unreserve();
  void give_alone(Member& member, TaskId id);
  void fill_free_slots();
  bool fill_slot(Member& member);
  [[nodiscard]] std::optional<TaskId> next_failed_for(const Member& member) const;
  void fill_ahead();
  void recall(std::uint64_t wanted);
  void recall_all();
  void recall(Member& member, Range ids);
  void give(Member& member, std::uint64_t most);
  void give(Member& member, const Assignment& assignment);
  [[nodiscard]] std::uint64_t depth(const Member& member) const;
  void reconsider(Member& member);

  [[nodiscard]] bool tasks_take_long() const;
  void note_running(Time now);
  [[nodiscard]] Forecast::State state_of_work();

  VentilatorId self_;
  BatchId batch_;
  Settings settings_;
  enum class Phase {
    gathering,    // until the sink and enough workers are there, and a task
    handing_out,  // tasks
    stopped,      // no task is handed out any more
  };

  Phase phase_ = Phase::gathering;
  bool may_start_ = false;
  std::optional<bool> workloads_;
  Time looked_;  // when the last decision was made

  Tasks tasks_;
  Fleet fleet_;
  OrderBook orders_;
  std::deque<WorkerId> idle_;              // may have a free slot; who was idle first comes first
  std::vector<WorkerId> fill_candidates_;  // may take tasks ahead
  std::vector<WorkerId> touched_;          // may run other tasks than before
  Forecast forecast_;
  bool longest_first_ = false;
  std::optional<double> mean_;          // nanoseconds that a task takes, lately
  bool some_succeeded_ = false;         // of which that is the mean; else of those that failed
  std::map<WorkerId, Time> suspended_;  // until when; those on trial for ever
  std::map<WorkerId, Time> cut_off_;    // do not reach the sink; since when
  WorkerId reserved_{};                 // none: no worker is
  bool sink_reached_ = false;
};

}  // namespace divvy::ventilator
