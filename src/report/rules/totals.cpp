#include "report/rules/totals.hpp"

#include <algorithm>
#include <unordered_map>

namespace divvy::report {

void Totals::add(const Attempt& attempt) {
  ++attempts;
  if (attempt.recorded()) ++tasks;
  if (attempt.kind == Kind::failed) ++failed;
  if (attempt.kind == Kind::retried) ++retried;
  if (attempt.kind == Kind::interrupted) ++interrupted;
  if (attempt.kind == Kind::duplicate) ++duplicates;
  work += attempt.took();
  longest = std::max(longest, attempt.took());
  cpu += attempt.cpu;
  max_rss = std::max(max_rss, attempt.max_rss);
}

Totals totals_of(const Attempts& attempts) {
  Totals totals;
  for (const Attempt& attempt : attempts) totals.add(attempt);
  return totals;
}

std::vector<Totals> totals_by_worker(const Attempts& attempts, std::size_t workers) {
  std::vector<Totals> totals(workers);
  for (const Attempt& attempt : attempts) totals.at(attempt.worker).add(attempt);
  return totals;
}

std::uint64_t strikes_in(const Attempts& attempts) {
  struct Known {
    std::uint32_t highest = 0;
    std::uint32_t there = 0;
  };
  std::unordered_map<TaskId, Known> tasks;
  for (const Attempt& attempt : attempts) {
    if (attempt.number > 1) tasks[attempt.task];
  }
  for (const Attempt& attempt : attempts) {
    const auto task = tasks.find(attempt.task);
    if (task == tasks.end() || attempt.kind == Kind::duplicate) continue;
    task->second.highest = std::max(task->second.highest, attempt.number);
    ++task->second.there;
  }
  std::uint64_t strikes = 0;
  for (const auto& [id, task] : tasks) {
    strikes += task.highest - std::min(task.highest, task.there);
  }
  return strikes;
}

}  // namespace divvy::report
