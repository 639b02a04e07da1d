// What is printed of tasks while they run, and what of their results is still to be printed then.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "common/digest.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// One output of a task: what was printed of it, and how far that run has come which prints now.
/// It remembers a digest of each printed line, and of the lines for which it has no room one for
/// all of them together.
class LiveStream {
 public:
  /// What follows of this run's output, whole lines, and at its end perhaps a last one that is not.
  /// Returns what of it is to be printed, which is its end: not the lines at its beginning that
  /// were printed before, in the same place. `room`: for so many digests; less is left of it.
  std::string_view advance(std::string_view text, std::size_t& room);
  /// Another run begins.
  void begin_run();

  /// Bytes of this run's output that have come.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Lines of it are held back, from this byte on: of so many printed ones it is only known whether
  /// all of them are the same.
  [[nodiscard]] bool holds_back() const;
  [[nodiscard]] std::uint64_t held_from() const { return held_from_; }
  [[nodiscard]] std::size_t digests() const { return lines_.size(); }

 private:
  bool repeats(std::string_view line, std::size_t& room);
  void hold_back(std::string_view line);
  void forget_from_here(std::size_t& room);
  void note(std::string_view line, std::size_t& room);
  [[nodiscard]] std::uint64_t printed() const { return lines_.size() + more_; }

  std::vector<std::uint64_t> lines_;  // a digest of each line that was printed
  std::uint64_t more_ = 0;            // that were printed after these,
  Digest digest_of_more_;             // of all of these together
  std::uint64_t bytes_ = 0;
  std::uint64_t line_ = 0;       // that comes next
  std::uint64_t held_from_ = 0;  // where in bytes the first of `more_` is
  Digest digest_of_held_;        // of this run's lines in the place of `more_`
  bool differs_ = false;         // some of these are others than those that were printed
};

/// Each line of a task is printed once, in order, however often the task is run and whatever is
/// lost on the way. Lines that a run has in common with what was printed, from the first one on,
/// are not printed again; from the first one that differs they are.
class LiveOutputs {
 public:
  static constexpr std::size_t kMostDigests = 4 << 20;

  /// `room`: digests that it may have at a time.
  explicit LiveOutputs(std::size_t room = kMostDigests) : room_(room) {}

  /// What of the fragment, which is of a task that is not recorded, is to be printed.
  std::string_view lines_of(WorkerId worker, const Fragment& fragment);
  /// Whether something is known of one of these tasks.
  [[nodiscard]] bool knows(Range ids) const;
  /// What of its recorded result, of a single task, is to be printed. Forgets the task.
  Result rest(WorkerId worker, const Result& result);
  /// The same of an attempt that counts for nothing, for its task runs again: only whole lines, but
  /// of a task that was killed, which may run again later, all of it.
  Result rest_of_attempt(WorkerId worker, const Result& result);

 private:
  struct Task {
    std::vector<WorkerId> workers{};  // that have run it in this attempt; the last one prints
    std::uint32_t attempt = 0;
    std::array<LiveStream, 2> outputs{};
  };

  Task* run_of(WorkerId worker, TaskId id, std::uint32_t attempt, bool from_start);
  void begin_run(Task& task, WorkerId worker);
  std::string_view rest_of(LiveStream& stream, std::string_view all);

  std::map<TaskId, Task> tasks_;
  std::size_t room_;
};

}  // namespace divvy::sink
