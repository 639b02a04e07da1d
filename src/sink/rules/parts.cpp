#include "sink/rules/parts.hpp"

#include <utility>

namespace divvy::sink {

void ResultPart::add(const TaskResult& task) {
  const bool first = !std::exchange(begun_, true);
  if (first) {
    part_.ids = {task.id, 0};
    part_.started = task.started;
    part_.took.clear();
    first_ = task;
  }
  ++part_.ids.count;
  part_.ended = task.ended;
  part_.took.push_back(static_cast<std::uint64_t>(task.ended - task.started));
  extend(part_.texts, task.text, first);
  if (!part_.output.empty()) extend(part_.output, task.output, first);
}

// A single task has its output as it is, and no times besides its own.
Result ResultPart::take() {
  begun_ = false;
  Result one = part_;
  one.cpu = static_cast<std::uint64_t>(cpu_each_ * static_cast<double>(one.ids.count));
  if (part_.ids.count > 1) return one;
  one.took.clear();
  one.output = first_.output;
  return one;
}

void ResultPart::extend(std::string_view& packed, std::string_view text, bool first) {
  const char* const begin = first ? text.data() - kLengthBytes : packed.data();
  packed = {begin, static_cast<std::size_t>(text.data() + text.size() - begin)};
}

}  // namespace divvy::sink
