// The texts of the tasks from when they are read until their results are recorded.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// Texts are kept packed as they travel, so handing out a thousand tasks is one copy. Memory is
/// given back in chunks, when all tasks of one are retired.
class Backlog {
 public:
  struct Slice {
    Range ids;
    std::string_view texts;  // packed; valid until the next call of a non-const member
  };

  /// Adds the next task; the first one's id is 1.
  void append(std::string_view text);
  /// The number of tasks added, which is the last one's id.
  [[nodiscard]] TaskId last() const { return last_; }

  /// The texts of `ids`, none of them retired: as many from the first on as lie side by side.
  [[nodiscard]] Slice slice(Range ids) const;
  /// Ids that are to come, or retired before, are ignored.
  void retire(Range ids);

  /// Tasks and bytes that are kept.
  [[nodiscard]] std::uint64_t tasks() const { return tasks_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Chunk {
    TaskId first;
    std::string packed{};
    std::vector<std::uint32_t> starts{};
    std::uint64_t live = 0;

    [[nodiscard]] Range ids() const { return {first, starts.size()}; }
  };

  [[nodiscard]] std::size_t chunk_of(TaskId id) const;

  std::deque<Chunk> chunks_;
  TaskId last_ = 0;
  std::uint64_t tasks_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace divvy::ventilator
