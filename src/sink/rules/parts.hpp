// Parts of a result of several tasks, of which only some count.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy::sink {

/// Consecutive tasks of a result, as a result of their own.
class ResultPart {
 public:
  explicit ResultPart(Result whole)
      : part_(std::move(whole)),
        cpu_each_(static_cast<double>(part_.cpu) / static_cast<double>(part_.ids.count)) {}

  /// The next task; the first one begins a new part.
  void add(const TaskResult& task);
  /// The part so far; the next task begins another one.
  Result take();

 private:
  static constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);

  // Packed texts are in one piece.
  static void extend(std::string_view& packed, std::string_view text, bool first);

  Result part_;
  double cpu_each_;  // on an average
  TaskResult first_{};
  bool begun_ = false;
};

/// Calls `visit(part)` for each of `ranges`, which lie in the result, in order. All of it is walked
/// once, however many they are.
void for_each_part(const Result& result, const std::vector<Range>& ranges, auto visit) {
  if (ranges.size() == 1 && ranges.front() == result.ids) return visit(result);
  auto ids = ranges.begin();
  ResultPart part(result);
  result.for_each_task([&](const TaskResult& task) {
    if (ids == ranges.end() || !ids->contains(task.id)) return;
    part.add(task);
    if (task.id + 1 < ids->end()) return;
    visit(part.take());
    ++ids;
  });
}

}  // namespace divvy::sink
