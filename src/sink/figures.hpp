// What a batch amounts to, in figures.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "divvy/messages.hpp"

namespace divvy::sink {

/// Sums of what peers say cannot overflow in these.
using Seconds = std::chrono::duration<double>;

/// Of the tasks whose recorded result is this worker's.
struct WorkerFigures {
  std::uint64_t tasks = 0;
  std::uint64_t failed = 0;
  Seconds busy{0};  // all slots together
  Seconds longest{0};

  [[nodiscard]] Seconds mean() const {
    return tasks == 0 ? busy : busy / static_cast<double>(tasks);
  }
};

struct Figures {
  std::string name;
  std::uint64_t tasks = 0;  // so far; all of them if `counted`
  bool counted = false;
  bool complete = false;  // the ventilator has a receipt for each
  std::uint64_t recorded = 0;
  std::uint64_t failed = 0;      // of these
  std::uint64_t restored = 0;    // of these, by an earlier sink
  std::uint64_t retried = 0;     // failed attempts that were not the last
  std::uint64_t duplicates = 0;  // results that came a second time
  Seconds elapsed{0};

  std::uint32_t workers_there = 0;  // now
  std::uint64_t slots = 0;          // of these
  std::uint64_t busy = 0;           // of these slots
  std::uint64_t most_slots = 0;     // that ever were there

  WorkerFigures all;
  std::map<std::string, WorkerFigures, std::less<>> workers;  // by name, kMaxWorkers at most

  /// `count` tasks of `result` are recorded.
  void add(std::string_view worker, std::uint64_t count, const Result& result);

  /// Tasks of a complete batch whose results went to an earlier sink without a journal.
  [[nodiscard]] std::uint64_t unknown() const { return complete ? tasks - recorded : 0; }
  /// Work done in the time it took.
  [[nodiscard]] double speed_up() const;
  /// The speed-up over what all slots could have given.
  [[nodiscard]] double efficiency() const;
  /// From how long tasks took so far; nothing while that, or how many there are, is not known.
  [[nodiscard]] std::optional<Seconds> time_left() const;
};

/// A length of time for people: "0:05", "1:02:03".
std::string clock(Seconds time);
/// The same, as fine as matters: "0.52 ms", "52 ms", "5.20 s", then as above.
std::string duration(Seconds time);

/// For standard error when the batch is over: totals, and a line for each worker, but no more than
/// `most_workers`.
std::string table(const Figures& figures, std::size_t most_workers = 20);

/// The same for programs, as docs/summary.md describes it.
std::string json(const Figures& figures);

}  // namespace divvy::sink
