// What a batch amounts to, in figures.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "divvy/protocol.hpp"

namespace divvy::sink {

/// With more workers than this only their sum is kept.
inline constexpr std::size_t kMaxWorkerFigures = 100'000;

/// Sums of what peers say cannot overflow in these.
using Seconds = std::chrono::duration<double>;

/// How long tasks of a result took.
struct Took {
  Seconds together{0};
  Seconds longest{0};
};
Took how_long(Range ids, const Result& result);

/// Whether it tells of a task that was run to some end, well or not.
bool is_of_an_attempt(const Result& result);

struct WorkerFigures {
  std::uint64_t tasks = 0;     // whose recorded result is this worker's
  std::uint64_t failed = 0;    // of these
  std::uint64_t attempts = 0;  // that have ended here, also those that came to nothing
  Seconds work{0};             // of these, in all slots together
  Seconds longest{0};
  Seconds cpu{0};             // of these, as far as it is known
  std::uint64_t max_rss = 0;  // bytes; 0: not known

  /// How many of its slots were in use, on an average of the batch's `elapsed` time.
  [[nodiscard]] double slots_used(Seconds elapsed) const {
    return elapsed.count() == 0 ? 0 : work / elapsed;
  }
  [[nodiscard]] double cores_used(Seconds elapsed) const {
    return elapsed.count() == 0 ? 0 : cpu / elapsed;
  }
  /// Of an attempt.
  [[nodiscard]] Seconds mean() const {
    return attempts == 0 ? work : work / static_cast<double>(attempts);
  }
};

struct Figures {
  /// Of several batches that are under way what is told of all of them: how many there are, and
  /// sums, but for times, of which the longest counts.
  static Figures together(std::span<const Figures* const> batches);

  std::size_t batches = 1;
  std::string name;
  std::uint64_t tasks = 0;  // so far; all of them if `counted`
  bool counted = false;
  bool complete = false;  // each task has its recorded result
  bool stopping = false;  // only what runs is still done
  std::uint64_t recorded = 0;
  std::uint64_t failed = 0;      // of these
  std::uint64_t restored = 0;    // of these, by an earlier sink
  std::uint64_t skipped = 0;     // of these, since they had succeeded before
  std::uint64_t retried = 0;     // failed attempts that were not the last
  std::uint64_t duplicates = 0;  // results that came a second time
  Seconds elapsed{0};

  std::uint32_t workers_there = 0;  // now
  std::uint64_t slots = 0;          // of these
  std::uint64_t busy_slots = 0;     // of these slots
  std::uint64_t most_slots = 0;     // the most at a time
  double mean_slots = 0;            // over the elapsed time

  std::optional<Seconds> time_left{};  // as the ventilator expects; nothing: it does not know
  TaskId oldest = 0;  // of the tasks that run the one that has run longest; 0: none
  Seconds oldest_age{0};

  WorkerFigures all;
  std::map<std::string, WorkerFigures, std::less<>> workers;  // by name, at most kMaxWorkerFigures

  /// These tasks of `result` are recorded.
  void add_recorded(std::string_view worker, Range ids, const Result& result);
  /// The attempts at these tasks of `result` have ended, recorded or not.
  void add_attempts(std::string_view worker, Range ids, const Result& result);

  /// Tasks of a complete batch whose results went to an earlier sink without a journal.
  [[nodiscard]] std::uint64_t unknown() const {
    return complete ? tasks - std::min(recorded, tasks) : 0;
  }
  /// What is recorded may be ahead of what was announced, of a batch that is resumed.
  [[nodiscard]] std::uint64_t known_tasks() const { return std::max(tasks, recorded); }
  /// Work done in the time it took.
  [[nodiscard]] double speed_up() const;
  /// The speed-up over what the slots could have given.
  [[nodiscard]] double efficiency() const;

 private:
  /// Calls `add(sum)` for all and for this worker.
  void add_to(std::string_view worker, const auto& add);
};

}  // namespace divvy::sink
