// Tasks as calls of a function, in threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/descriptor.hpp"
#include "divvy/worker.hpp"
#include "worker/executor.hpp"

namespace divvy::worker {

/// A thread for each slot. A hand-over to a thread costs more than a brief task. So a thread takes
/// tasks for about a millisecond at once, and gathers what comes of them. What it has not begun
/// goes to threads that have nothing, or back to the caller. So a task is, one after the other, in
///
///   start() -> waiting_ -> not_begun -> (it runs) -> gathered -> ended -> ended()
///                  `-----------`-> take_back()
class FunctionExecutor : public Executor {
 public:
  FunctionExecutor(Function function, std::uint32_t slots);
  /// Waits for the functions that are running.
  ~FunctionExecutor() override;

  std::uint64_t room(Time now) override;
  NoRoom start(Chunk& tasks, Time now) override;
  std::vector<EndedChunk> ended(Time now) override;
  std::vector<Chunk> take_back(const Which& which) override;
  [[nodiscard]] bool idle() const override { return tasks_ == 0; }
  [[nodiscard]] std::uint32_t slots() const override;
  [[nodiscard]] std::uint32_t occupied(const Which& which) const override;
  [[nodiscard]] std::optional<Time> deadline() const override { return collect_at_; }
  [[nodiscard]] std::optional<int> fd() const override { return ended_event_.get(); }
  [[nodiscard]] bool can_kill() const override { return false; }
  void ask_to_end(const Which& /*which*/) override {}
  void kill(const Which& /*which*/) override {}

 private:
  /// What a thread has taken, and what came of it.
  struct Slot {
    explicit Slot(std::uint32_t its_number) : number(its_number) {}

    const std::uint32_t number;
    std::mutex mutex{};               // of these:
    Chunk not_begun{};                // of what it has taken
    std::optional<Origin> origin{};   // of the task that runs
    Time begun{};                     // that one
    EndedChunk gathered{};            // tasks that have succeeded, one after the other
    std::vector<EndedChunk> ended{};  // before these
    std::thread thread{};
  };

  struct Answer {
    std::string output{};
    std::optional<std::string> failure{};
  };

  void run(Slot& slot);
  bool take_tasks(Slot& slot);
  void help_busy_threads();
  [[nodiscard]] bool some_wait() const;
  void wake_another();
  void reclaim_not_begun();
  std::uint64_t run_tasks(Slot& slot);
  [[nodiscard]] Answer call(const Chunk& task) const;
  static void gather(Slot& slot, const Chunk& task, const Answer& answer, std::uint64_t took);
  static void flush(Slot& slot);
  void tell_of_end();
  void note_duration(Time::duration each);
  [[nodiscard]] std::uint64_t tasks_in(double nanoseconds) const;
  void close();

  Function function_;
  std::uint64_t tasks_ = 0;         // that it has
  std::optional<Time> collect_at_;  // what has ended, at the latest
  Descriptor ended_event_;          // readable when something has ended
  std::atomic<bool> told_ = false;  // of that, since it was looked at

  mutable std::mutex mutex_;  // of these; a slot's mutex may be taken after it, not before
  std::deque<Chunk> waiting_;
  std::uint64_t waiting_tasks_ = 0;
  std::uint32_t busy_ = 0;      // slots
  std::optional<double> mean_;  // nanoseconds that a task takes, lately
  bool closed_ = false;
  std::condition_variable wake_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace divvy::worker
