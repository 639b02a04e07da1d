#include "ventilator/rules/tasks.hpp"

#include <algorithm>

namespace divvy::ventilator {

void Tasks::grow(std::uint64_t known, bool all) {
  pending_.grow(known);
  input_ended_ = all;
}

Range Tasks::beyond_input(Range ids) const {
  if (!input_ended_ || ids.end() <= known() + 1) return {ids.first, 0};
  const TaskId first = std::max(ids.first, known() + 1);
  return {first, ids.end() - first};
}

// A task with a history travels by itself, for its attempt is its own.
Assignment Tasks::take(std::uint64_t most) {
  const Range ids = history_.alike(pending_.next(most));
  pending_.claim(ids);
  return assignment_of(ids);
}

Assignment Tasks::take_again(TaskId id) {
  again_.take({id, 1});
  return assignment_of({id, 1});
}

Assignment Tasks::assignment_of(Range ids) const {
  const AttemptHistory::Entry history = history_.of(ids.first);
  return {.ids = ids, .attempt = history.attempt(), .attempts = retries_ + 1 + history.strikes};
}

std::vector<Range> Tasks::claim(Range ids) {
  std::vector<Range> news = pending_.claim(ids);
  for (const TaskId id : again_.take(ids)) news.push_back({id, 1});
  return news;
}

void Tasks::put_back(Range ids) {
  for (const Range& part : done_.missing(ids)) {
    RangeSet fresh({part});
    for (const TaskId id : history_.in(part)) {
      if (id > known()) continue;  // not brought yet
      fresh.erase({id, 1});
      const AttemptHistory::Entry history = history_.of(id);
      history.strikes > 0 ? again_.add_struck(id) : again_.add_failed(id, history.failed_at);
    }
    for (const Range& rest : fresh.ranges()) pending_.put_back(rest);
  }
}

void Tasks::strike(TaskId id) {
  if (done_.contains(id)) return;
  if (id > known())
    return pending_.put_back({id, 1});  // without a text no result can be made of it
  if (!history_.strike(id)) return lost_.push_back(id);
  put_back({id, 1});
}

bool Tasks::is_current(TaskId id, std::uint32_t attempt) const {
  return !done_.contains(id) && attempt == history_.of(id).attempt();
}

void Tasks::wake(Time now) {
  for (const TaskId id : history_.take_due(now)) put_back({id, 1});
}

std::vector<Range> Tasks::record(Range ids, bool failed) {
  std::vector<Range> news = done_.insert(ids);
  if (failed) {
    for (const Range& part : news) failed_.insert(part);
  }
  pending_.retire(ids);
  again_.take(ids);
  history_.forget(ids);
  return news;
}

}  // namespace divvy::ventilator
