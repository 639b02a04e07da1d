// A batch as it was recorded, once more in simulated time: workers that take tasks as real ones do,
// and a dispatch that sees no more than that of a real batch.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "common/range_set.hpp"
#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/dispatch.hpp"

namespace divvy::ventilator {

class Replay {
 public:
  /// `took`: of each task, in the order of the input.
  Replay(std::vector<std::chrono::nanoseconds> took, std::uint32_t slots)
      : took_(std::move(took)), dispatch_(kSelf, BatchId{2}, {}) {
    const std::uint32_t workers = std::min<std::uint32_t>(2, slots);
    for (std::uint32_t i = 0; i < workers; ++i) {
      workers_.push_back({.id = WorkerId{i + 1}, .slots = (slots + i) / workers});
    }
    slots_ = slots;
  }

  [[nodiscard]] Dispatch& dispatch() { return dispatch_; }
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] bool over() const { return dispatch_.recorded() == took_.size(); }

  void begin() {
    dispatch_.input(took_.size(), true);
    dispatch_.allow_start();
    for (Worker& worker : workers_) say(worker);
    decide();
    for (Worker& worker : workers_) say(worker);
    decide();
  }

  /// Goes on until then, or until the batch is over.
  void run_until(Time until) {
    while (!over()) {
      const Time next = next_event();
      if (next > until) break;
      now_ = next;
      finish_due();
      say_due();
      decide();
    }
    now_ = over() ? now_ : until;
  }

  /// Seconds, if the rest took the mean time and no slot were ever idle.
  [[nodiscard]] double time_left_by_the_mean() const {
    const auto left = static_cast<double>(took_.size() - dispatch_.recorded());
    return ended_ == 0 ? 0 : work_ / ended_ * left / slots_;
  }

 private:
  static constexpr VentilatorId kSelf{1};

  struct Running {
    TaskId id = 0;
    std::uint32_t attempt = 1;
    Time since;
    Time end;
  };
  struct Worker {
    WorkerId id{};
    std::uint32_t slots = 1;
    std::deque<TaskId> queue{};
    std::vector<Running> running{};
    std::uint64_t sequence = 0;
    Time says_at{};
  };

  [[nodiscard]] Time next_event() const {
    Time next = Time::max();
    for (const Worker& worker : workers_) {
      next = std::min(next, worker.says_at);
      for (const Running& task : worker.running) next = std::min(next, task.end);
    }
    return next;
  }

  void say_due() {
    for (Worker& worker : workers_) {
      if (worker.says_at <= now_) say(worker);
    }
  }

  void say(Worker& worker) {
    worker.says_at = now_ + std::chrono::seconds(1);
    Presence presence{.worker = worker.id, .slots = worker.slots, .reaches_sink = true};
    if (worker.sequence > 0) {
      presence.ventilator = kSelf;
      presence.sequence = worker.sequence;
      presence.batch = BatchId{2};
    }
    for (const Running& task : worker.running) presence.running.push_back({task.id, 1});
    for (const TaskId id : worker.queue) presence.queued.push_back({id, 1});
    dispatch_.presence(presence, "inbox", now_);
  }

  void finish_due() {
    for (Worker& worker : workers_) {
      for (const Running& task : std::exchange(worker.running, {})) {
        if (task.end > now_) {
          worker.running.push_back(task);
          continue;
        }
        const auto took = static_cast<std::uint64_t>((task.end - task.since).count());
        work_ += static_cast<double>(took) / 1e9;
        ended_ += 1;
        dispatch_.receipt({.worker = worker.id, .ids = {task.id, 1}, .duration = took}, now_);
      }
      fill(worker);
    }
  }

  void decide() {
    for (const Lane& lane : dispatch_.decide(now_).send) {
      Worker& worker = *std::find_if(workers_.begin(), workers_.end(),
                                     [&](const Worker& one) { return one.id == lane.worker; });
      worker.sequence = lane.sequence;
      const RangeSet recalled(lane.recalled);
      std::erase_if(worker.queue, [&](TaskId id) { return recalled.contains(id); });
      for (const Assignment& tasks : lane.tasks) {
        for (TaskId id = tasks.ids.first; id < tasks.ids.end(); ++id) worker.queue.push_back(id);
      }
      fill(worker);
      if (!lane.recalled.empty()) worker.says_at = now_;
    }
  }

  void fill(Worker& worker) {
    while (worker.running.size() < worker.slots && !worker.queue.empty()) {
      const TaskId id = worker.queue.front();
      worker.queue.pop_front();
      worker.running.push_back({.id = id, .since = now_, .end = now_ + took_.at(id - 1)});
    }
  }

  std::vector<std::chrono::nanoseconds> took_;
  Dispatch dispatch_;
  std::vector<Worker> workers_;
  Time now_;
  double slots_ = 1;
  double work_ = 0;
  double ended_ = 0;
};

}  // namespace divvy::ventilator
