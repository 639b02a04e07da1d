// The tasks that a worker holds: queued, running, finished but not settled. State and rules alone;
// running them and talking about them are others' business.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "divvy/following.hpp"
#include "divvy/messages.hpp"

namespace divvy::worker {

struct Task {
  BatchId batch{};
  TaskId id = 0;
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  std::string text;
};

class Holdings {
 public:
  /// `sleeps`: tasks are workloads, and those of no time are done as soon as they are heard of.
  explicit Holdings(WorkerId self, bool sleeps = false)
      : self_(self), sleeps_(sleeps), following_(self) {}

  enum class Heard {
    ignored,  // not for this worker, or old
    taken,
    asked,  // and the ventilator waits for a presence
  };
  /// Takes what a ventilator says: settles, gives back, queues. `now`: nanoseconds since 1970, UTC.
  Heard hear(const Lane& lane, std::int64_t now = 0);
  /// How many workloads of no time were done since the last call.
  std::uint64_t take_passed() { return std::exchange(passed_, 0); }

  /// The next task, from now on running; nothing if none is queued.
  std::optional<Task> start();
  /// `result` without ids, attempt and texts: those are the task's. A task of a batch that is over
  /// is forgotten.
  void finish(const Task& task, Result result);

  /// Gives back a running task.
  void give_up(const Task& task);
  /// Gives back all that is queued.
  void give_back_queued();

  /// What of the results was not sent yet, at most about a mebibyte, and from now on counts as
  /// sent. Nothing: all are.
  [[nodiscard]] std::optional<std::string> next_results(std::string_view name);
  /// What was sent may be lost: all of it is to be sent again.
  void unsend();

  /// Fills in what the holdings know of: all but name, inbox, slots and sleeps.
  void describe(Presence& presence) const;

  [[nodiscard]] std::uint64_t queued() const { return queued_.size(); }
  /// Results that next_results() would bring.
  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }
  [[nodiscard]] std::uint64_t running() const { return running_.size(); }
  [[nodiscard]] bool settled() const { return finished_.empty(); }
  /// Bytes of results that are not settled.
  [[nodiscard]] std::uint64_t kept_bytes() const { return kept_bytes_; }

 private:
  struct Finished {
    RangeSet unsettled;
    std::uint32_t attempt = 1;
    std::string encoded;
    bool sent = false;
  };

  void change_batch(BatchId batch);
  void settle(const std::vector<Settled>& settled);
  void settle(Finished& result, Range ids);
  void give_back(const std::vector<Range>& recalled);
  void queue(const TaskRun& run);
  void pass(const TaskRun& run, std::int64_t now);
  void keep(const Result& result);

  WorkerId self_;
  bool sleeps_;
  Following following_;
  BatchId batch_{};

  RangeSet held_;
  RangeSet running_;
  std::deque<Task> queued_;
  std::deque<Finished> finished_;
  std::uint64_t unsent_ = 0;
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace divvy::worker
